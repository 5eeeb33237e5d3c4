"""Reading starts at visible_to; forgetting to define it fails loudly."""

from __future__ import annotations

import pytest
from django.db.models import Q

from core.jobs import Job
from core.scoping import Scope, ScopedQuerySet


def test_a_queryset_that_does_not_say_who_sees_its_rows_fails():
    with pytest.raises(TypeError, match="Job"):
        ScopedQuerySet(Job).visible_to(None)


def test_scopes_add_up():
    both = Scope(site_ids=frozenset({1})) | Scope(building_ids=frozenset({7}))

    assert both.covers(site_id=1, building_id=2)
    assert both.covers(site_id=9, building_id=7)
    assert not both.covers(site_id=9, building_id=9)
    assert not both.covers(site_id=None, building_id=None)


def test_everything_covers_places_without_a_site():
    assert (Scope() | Scope(everything=True)).covers(site_id=None, building_id=None)
    assert Scope(everything=True).condition(site="s", building="b") == Q()


def test_no_grant_sees_nothing():
    assert not Scope()
    condition = Scope().condition(site="site_id", building="building_id")
    assert str(condition) == str(Q(site_id__in=frozenset()) | Q(building_id__in=frozenset()))
