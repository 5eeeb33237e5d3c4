"""Fixed masks: entered with a document, ended by those who may uncover, never deleted."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from accounts.models import Role
from audit.models import Entry
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
