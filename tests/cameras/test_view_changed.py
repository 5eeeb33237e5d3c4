"""A camera whose view changed: told after two nights unlike its reference, never because of darkness or light."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from cameras.models import Finding, LastPicture, ReferencePicture, ViewCheck
from cameras.night import outlining, view_checks
from cameras.night.saving import picture_place
from cameras.references import note_comparison, set_reference
from cameras.wording.finding_words import sentence
from inventory.models import Installation, Position
from tests.cameras.campus import Campus, Scripted
from tests.cameras.test_findings import again, kinds
from tests.inventory import rows
from tests.sheets.rows import client_of
from vault.crypto import seal_bytes

pytestmark = pytest.mark.django_db
COLOURED, INFRARED = 20, 0
NIGHT = dt.datetime(2026, 11, 20, 22, 30, tzinfo=dt.UTC)  # 01:30 TSİ on the 21st
DAY = dt.timedelta(days=1)


def scene(seed: int) -> np.ndarray:
    """A sketch with things in it: another seed is another view."""
    random = np.random.default_rng(seed)
    grey = np.full((36, 64), 120, np.uint8)
    for _ in range(14):
        x, y = random.integers(0, 54), random.integers(4, 28)
        grey[y : y + random.integers(4, 9), x : x + random.integers(5, 14)] = random.integers(
            40, 220
        )
    return grey


THE_VIEW, ANOTHER_VIEW, DARK = scene(1), scene(2), np.zeros((36, 64), np.uint8)


class Seen:
    """A camera at its position, whose pictures are as told."""

    def __init__(self) -> None:
        self.position: Position = rows.position()
        self.device = rows.device()
        Installation.objects.create(
            device=self.device, position=self.position, starts_at=NIGHT - 365 * DAY
        )
        self.head = rows.person("UNIT_HEAD")

    def shows(self, sketch: np.ndarray, at: dt.datetime, colour: int = INFRARED) -> str:
        """The machine's answer to a picture of that time."""
        place = picture_place(self.device.pk)
        picture, _made = LastPicture.objects.update_or_create(
            device=self.device,
            defaults={
                "sealed": seal_bytes(b"picture", place), "content_type": "image/jpeg", "size": 7,
                "taken_at": at, "outline": view_checks.outlined(sketch.tobytes()), "colour": colour,
            },
        )  # fmt: skip
        view_checks.note(picture, at)
        row = ViewCheck.objects.filter(reference=self.position.pk).first()
        return row.answer if row else ""

    def is_the_reference(self) -> ReferencePicture:
        last = LastPicture.objects.get(device=self.device)
        return set_reference(
            self.position, last, seen_at=last.taken_at, by=self.head, because="aligned"
        )

    def is_said_to_show_the_same(self) -> None:
        note_comparison(
            ReferencePicture.objects.get(pk=self.position.pk), verdict="SAME", remark="same door",
            compared_with=LastPicture.objects.get(device=self.device).taken_at, by=self.head,
        )  # fmt: skip


@pytest.fixture
def camera() -> Seen:
    camera = Seen()
    camera.shows(THE_VIEW, NIGHT - DAY)
    camera.is_the_reference()
    return camera


def test_two_nights_unlike_the_reference_are_a_finding_and_one_is_none(camera: Seen) -> None:
    assert camera.shows(ANOTHER_VIEW, NIGHT) == "UNLIKE"
    assert camera.shows(ANOTHER_VIEW, NIGHT + dt.timedelta(hours=5)) == "UNLIKE"
    assert kinds() == [], "twice in one night is one night"

    camera.shows(ANOTHER_VIEW, NIGHT + DAY)

    finding = Finding.objects.open().get()
    assert (finding.kind, finding.subject_id) == ("VIEW_CHANGED", camera.position.pk)
    with translation.override("en"):
        assert "2 nights in a row" in sentence(finding)
        assert "20.11.2026" in sentence(finding)


def test_a_lorry_between_two_good_nights_is_forgotten(camera: Seen) -> None:
    camera.shows(ANOTHER_VIEW, NIGHT)
    assert camera.shows(THE_VIEW, NIGHT + DAY) == "LIKE"
    camera.shows(ANOTHER_VIEW, NIGHT + 2 * DAY)

    assert kinds() == []


def test_darkness_neither_counts_nor_ends_the_row(camera: Seen) -> None:
    camera.shows(ANOTHER_VIEW, NIGHT)
    assert camera.shows(DARK, NIGHT + DAY) == "NOT_COMPARED"
    assert ViewCheck.objects.get().reason == "FEATURELESS"
    assert kinds() == []
    camera.shows(ANOTHER_VIEW, NIGHT + 2 * DAY)
    assert kinds() == ["VIEW_CHANGED"]

    camera.shows(DARK, NIGHT + 3 * DAY)
    assert kinds() == ["VIEW_CHANGED"], "what cannot be seen clears nothing"


def test_it_is_cleared_when_the_view_is_like_the_reference_again(camera: Seen) -> None:
    camera.shows(ANOTHER_VIEW, NIGHT)
    camera.shows(ANOTHER_VIEW, NIGHT + DAY)

    camera.shows(THE_VIEW, NIGHT + 2 * DAY)

    assert kinds() == []
    assert ViewCheck.objects.get().unlike_nights == 0


def test_a_person_who_accepts_the_new_view_clears_it(camera: Seen) -> None:
    camera.shows(ANOTHER_VIEW, NIGHT)
    camera.shows(ANOTHER_VIEW, NIGHT + DAY)

    camera.is_the_reference()

    assert kinds() == []
    assert not ViewCheck.objects.exists()
    assert camera.shows(ANOTHER_VIEW, NIGHT + 2 * DAY) == "LIKE"


def test_infrared_against_colour_raises_no_doubt_until_a_person_knows_both(camera: Seen) -> None:
    """Another light may hide edges: only a likeness counts, until somebody has said it is the same view."""
    ReferencePicture.objects.update(colour=COLOURED)
    for number in range(3):
        assert camera.shows(ANOTHER_VIEW, NIGHT + number * DAY) == "NOT_COMPARED"
    assert ViewCheck.objects.get().reason == "OTHER_LIGHT"
    assert kinds() == []
    assert camera.shows(THE_VIEW, NIGHT + 3 * DAY) == "LIKE"

    at_night = scene(3)
    camera.shows(at_night, NIGHT + 4 * DAY)
    camera.is_said_to_show_the_same()

    assert camera.shows(at_night, NIGHT + 5 * DAY) == "LIKE"
    assert camera.shows(ANOTHER_VIEW, NIGHT + 6 * DAY) == "UNLIKE"
    assert camera.shows(THE_VIEW, NIGHT + 7 * DAY, COLOURED) == "LIKE", "by day as before"


def test_a_person_who_sees_the_same_view_closes_the_doubt(camera: Seen) -> None:
    camera.shows(ANOTHER_VIEW, NIGHT)
    camera.shows(ANOTHER_VIEW, NIGHT + DAY)

    camera.is_said_to_show_the_same()

    assert kinds() == []
    assert Finding.objects.get().closed_because == "same door"


def test_a_reference_that_was_never_outlined_waits_and_says_so(camera: Seen) -> None:
    """Chosen before pictures were compared; what cannot be decoded is asked for once and no more."""
    ReferencePicture.objects.update(outline=None)
    camera.shows(ANOTHER_VIEW, NIGHT)
    assert ViewCheck.objects.get().reason == "NO_OUTLINE"

    assert outlining.outline_references() == 1
    assert outlining.outline_references() == 0
    camera.shows(ANOTHER_VIEW, NIGHT + DAY)
    assert ViewCheck.objects.get().reason == "FEATURELESS"


def test_the_nightly_picture_is_compared_as_it_is_saved(campus: Campus, settings: Any) -> None:
    settings.VIEW_CHANGED_NIGHTS = 1
    script = Scripted(sketch=THE_VIEW.tobytes())
    device = campus.camera(script)
    again(campus)
    position = Installation.objects.get(device=device).position
    last = LastPicture.objects.get(device=device)
    set_reference(
        position, last, seen_at=last.taken_at, by=rows.person("UNIT_HEAD"), because="aligned"
    )
    again(campus)
    assert ViewCheck.objects.get().answer == "LIKE"

    script.sketch = ANOTHER_VIEW.tobytes()
    again(campus)

    assert kinds() == ["VIEW_CHANGED"]


def test_the_camera_page_shows_both_pictures_beside_each_other(camera: Seen) -> None:
    client = client_of(camera.head)
    page = reverse("cameras:position", args=[camera.position.pk])
    both = [
        reverse("cameras:picture", args=[camera.position.pk]),
        reverse("cameras:reference_picture", args=[camera.position.pk]),
    ]
    camera.shows(ANOTHER_VIEW, timezone.now() - DAY)
    assert both[1] not in client.get(page).content.decode()

    camera.shows(ANOTHER_VIEW, timezone.now())

    shown = client.get(page).content.decode()
    assert all(f'src="{url}"' in shown for url in both)
    told = client.get(reverse("cameras:findings")).content.decode()
    assert page in told
