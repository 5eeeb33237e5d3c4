"""Fixed masks: entered with a document, ended by those who may uncover, never deleted."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.models import Entry
from core.tsi import day_bounds
from footage_requests.decisions.decision_view import summary
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.exhibits import fixed_masks
from footage_requests.models import FixedMask
from tests.inventory import rows
from tests.sheets.rows import client_of

WINDOW = json.dumps([[100, 100], [2000, 100], [2000, 3000]])


def entered(campus, position=None, by=None):
    return fixed_masks.enter(
        position or campus.camera(),
        name="Lojman penceresi",
        points=WINDOW,
        document="KVKK kararı 2026/4",
        by=by or campus.head,
    )


def test_an_area_holds_from_the_day_it_was_entered(campus):
    row = entered(campus)

    assert row.points == [[100, 100], [2000, 100], [2000, 3000]]
    assert Entry.objects.get(action="fixedmask.enter").because == "KVKK kararı 2026/4"


@pytest.mark.parametrize("points", ["", "x", "[]", "[[1,1],[2,2]]", "[[0,0],[1,0],[20000,5]]"])
def test_what_is_no_area_is_refused(campus, points):
    with pytest.raises(Refused):
        fixed_masks.enter(campus.camera(), name="a", points=points, document="b", by=campus.head)


def test_only_a_superior_or_data_protection_uncovers(campus):
    row = entered(campus)
    for person in (campus.head, campus.operator):
        with pytest.raises(NotThisPerson):
            fixed_masks.end(row, document="karar", by=person)
    with pytest.raises(Refused):
        fixed_masks.end(row, document=" ", by=campus.superior)

    fixed_masks.end(row, document="karar 9", by=rows.person(Role.PRIVACY))

    row.refresh_from_db()
    assert row.ends_on
    with pytest.raises(Refused):
        fixed_masks.end(row, document="karar 10", by=campus.superior)


def test_the_page_enters_and_ends(campus):
    position = campus.camera()
    page = reverse("footage_requests:fixed_masks", args=[position.pk])
    client = client_of(campus.head)

    assert client.post(page, {"name": "Klavye", "document": "d", "points": "[]"}).status_code == 422
    assert (
        client.post(page, {"name": "Klavye", "document": "d", "points": WINDOW}).status_code == 302
    )
    row = FixedMask.objects.get()
    assert "Klavye" in client.get(page).content.decode()
    end = reverse("footage_requests:fixed_mask_end", args=[row.pk])
    assert client.post(end, {"document": "d"}).status_code == 403
    client_of(campus.superior).post(end, {"document": "d"})
    row.refresh_from_db()
    assert row.ends_on


def test_the_pages_say_exactly_who_gets_the_pictures_without_them(campus):
    """KVKK 28/1: words and behaviour are the same."""
    position = campus.camera()
    fixed_masks.enter(position, name="Klavye", points=WINDOW, document="d", by=campus.head)
    court = campus.kind("COURT_T", masking="NONE", name_tr="Sulh ceza")
    inquiry = campus.kind("INQUIRY_T", masking="CASE", name_tr="Muhakkik")
    client = client_of(campus.head)
    for name in ("footage_requests:fixed_masks", "inventory:position"):
        page = client.get(reverse(name, args=[position.pk])).content.decode()
        assert "Sulh ceza" in page
        assert "Muhakkik" not in page

    judged = {}
    for kind in (court, inquiry):
        (line,) = summary(campus.submitted(position, kind=kind, starts_at=timezone.now())).lines
        judged[kind.code] = (line.fixed_masks, line.must_be_masked)
    assert judged == {"COURT_T": (1, False), "INQUIRY_T": (1, True)}


def test_across_midnight_an_area_of_either_day_is_counted(campus):
    """The superior sees, and the copy gets, what is private on the second day too."""
    position = campus.camera()
    row = fixed_masks.enter(position, name="Klavye", points=WINDOW, document="d", by=campus.head)
    midnight, _end = day_bounds(row.starts_on)
    kind = campus.kind("INQUIRY_T", masking="CASE")
    ten = dt.timedelta(minutes=10)

    judged = []
    for ends_at in (midnight, midnight + ten):
        asked = campus.submitted(position, kind=kind, starts_at=midnight - ten, ends_at=ends_at)
        (line,) = summary(asked).lines
        judged.append((line.fixed_masks, line.must_be_masked))
    assert judged == [(0, False), (1, True)]
