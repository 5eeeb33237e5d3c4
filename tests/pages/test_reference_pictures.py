"""The reference picture of a position: chosen with a reason, sealed, audited when seen, compared by people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from audit.models import Entry
from cameras.models import LastPicture, ReferencePicture
from cameras.night.saving import picture_place
from inventory.models import Position
from tests.inventory import rows
from tests.pages import scene
from vault import VaultError, open_picture
from vault.crypto import seal_bytes

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff\xe0 a view of the door"


def pictured(place: Position, data: bytes = JPEG) -> LastPicture:
    """The camera at the place has just taken this picture."""
    device = place.installations.get().device
    return LastPicture.objects.update_or_create(
        device=device,
        defaults={
            "sealed": seal_bytes(data, picture_place(device.pk)),
            "content_type": "image/jpeg",
            "size": len(data),
            "taken_at": timezone.now(),
        },
    )[0]


@pytest.fixture
def place() -> Position:
    place = rows.position()
    scene.camera_at(place)
    return place


def chosen(client: Client, place: Position, last: LastPicture, **changes: Any) -> str:
    """What the page says after somebody chose the last picture as the reference."""
    form = {"seen_at": last.taken_at.isoformat(), "because": "aligned after the repair"} | changes
    return client.post(f"/cameras/{place.pk}/reference/set/", form, follow=True).content.decode()


def actions(place: Position) -> list[str]:
    names = ("reference.set", "reference.view", "reference.compare", "picture.view")
    return list(
        Entry.objects.filter(object_id=str(place.pk), action__in=names)
        .order_by("pk")
        .values_list("action", flat=True)
    )


def test_the_last_picture_becomes_the_reference_sealed_and_audited(
    head: Person, place: Position
) -> None:
    last = pictured(place)

    page = chosen(scene.browser(head), place, last)

    row = ReferencePicture.objects.get()
    assert "This is now the reference picture." in page
    assert "aligned after the repair" in page
    assert JPEG not in bytes(row.sealed)
    assert open_picture(row) == JPEG
    entry = Entry.objects.get(action="reference.set")
    assert row.sha256 in entry.canon


def test_the_picture_of_one_position_does_not_open_at_another(
    head: Person, place: Position
) -> None:
    chosen(scene.browser(head), place, pictured(place))
    other = rows.position()

    ReferencePicture.objects.update(position=other)
    with pytest.raises(VaultError):
        open_picture(ReferencePicture.objects.get())


def test_without_a_reason_nothing_is_chosen(head: Person, place: Position) -> None:
    page = chosen(scene.browser(head), place, pictured(place), because="  ")

    assert "Say why" in page
    assert not ReferencePicture.objects.exists()


@pytest.mark.parametrize("seen_at", ["", "yesterday", "2026-11-23T10:00:00"])
def test_a_picture_that_nobody_looked_at_is_not_chosen(
    seen_at: str, head: Person, place: Position
) -> None:
    page = chosen(scene.browser(head), place, pictured(place), seen_at=seen_at)

    assert "A newer picture was taken meanwhile" in page
    assert not ReferencePicture.objects.exists()


def test_a_newer_picture_must_be_looked_at_first(head: Person, place: Position) -> None:
    client = scene.browser(head)
    seen = pictured(place)
    old = LastPicture(taken_at=seen.taken_at - dt.timedelta(hours=1))

    assert "A newer picture was taken meanwhile" in chosen(client, place, old)


def test_a_new_reference_replaces_the_old_one_and_its_comparison(
    head: Person, place: Position
) -> None:
    client = scene.browser(head)
    last = pictured(place)
    chosen(client, place, last)
    form = {"seen_at": last.taken_at.isoformat(), "verdict": "MOVED"}
    client.post(f"/cameras/{place.pk}/reference/compare/", form)

    chosen(client, place, pictured(place, JPEG + b" again"), because="new lens")

    row = ReferencePicture.objects.get()
    assert open_picture(row) == JPEG + b" again"
    assert row.verdict == ""
    assert actions(place).count("reference.set") == 2


def test_what_a_comparison_showed_stands_on_the_camera_page(head: Person, place: Position) -> None:
    client = scene.browser(head)
    last = pictured(place)
    chosen(client, place, last)

    form = {"seen_at": last.taken_at.isoformat(), "verdict": "MOVED", "remark": "looks at <b>sky"}
    told = client.post(f"/cameras/{place.pk}/reference/compare/", form, follow=True)
    page = client.get(f"/cameras/{place.pk}/").content.decode()

    assert "The comparison is noted." in told.content.decode()
    assert "The camera has moved" in page
    assert "looks at &lt;b&gt;sky" in page
    assert actions(place)[-1] == "reference.compare"


@pytest.mark.parametrize("form", [{}, {"verdict": "NONSENSE"}, {"verdict": "SAME"}])
def test_an_incomplete_comparison_is_refused_in_words(
    form: dict[str, str], head: Person, place: Position
) -> None:
    client = scene.browser(head)
    chosen(client, place, pictured(place))

    page = client.post(f"/cameras/{place.pk}/reference/compare/", form, follow=True)
    assert "Choose what the comparison showed." in page.content.decode()
    assert "reference.compare" not in actions(place)


def test_each_viewing_is_audited_before_the_bytes_leave(head: Person, place: Position) -> None:
    client = scene.browser(head)
    chosen(client, place, pictured(place))

    seen = client.get(f"/cameras/{place.pk}/reference/picture/")

    assert seen.content == JPEG
    assert seen["Cache-Control"] == "no-store"
    assert actions(place)[-1] == "reference.view"


def test_who_may_look_but_not_decide_gets_no_forms(place: Position) -> None:
    chosen(scene.browser(rows.person("UNIT_HEAD")), place, pictured(place))
    client = scene.browser(rows.person("SECURITY_CHIEF"))

    page = client.get(f"/cameras/{place.pk}/reference/").content.decode()
    assert '<form method="post" action="/cameras/' not in page
    assert client.post(f"/cameras/{place.pk}/reference/set/", {}).status_code == 403


@pytest.mark.parametrize("has_reference", [False, True])
def test_the_page_says_what_is_missing(has_reference: bool, head: Person, place: Position) -> None:
    client = scene.browser(head, "tr")
    if has_reference:
        chosen(client, place, pictured(place))
        LastPicture.objects.all().delete()

    page = client.get(f"/cameras/{place.pk}/reference/").content.decode()
    assert "empty-state" in page
