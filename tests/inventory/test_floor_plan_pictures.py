"""A plan's picture is judged by its content, written anew without metadata, and shown to those who may see the building."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from PIL import Image, ImageFile

from inventory import floorplans
from inventory.models import FloorPlan
from tests.pages.scene import browser

from . import plans, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


def words_of(data: bytes) -> str:
    with pytest.raises(ValidationError) as refused:
        floorplans.read_picture(data)
    return " ".join(refused.value.messages)


def test_what_is_no_picture_is_refused_with_a_sentence() -> None:
    svg = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    assert "SVG" in words_of(svg)
    assert "PDF" in words_of(b"%PDF-1.7\n...\n%%EOF")
    assert words_of(b"MZ\x90\x00 a program") == "Only JPEG and PNG pictures are taken."
    assert "empty" in words_of(b"")
    assert "8 MB" in words_of(b"\xff" * (8 * 1024 * 1024 + 1))
    assert words_of(plans.picture("GIF")) == "Only JPEG and PNG pictures are taken."


def test_a_picture_that_stops_in_the_middle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(noisy, format="PNG")
    # As it stands after the first PDF that this process has printed.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)

    assert "damaged" in words_of(noisy.getvalue()[:20_000])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert "40 million" in words_of(plans.picture(size=(9000, 5000), mode="1"))


def test_a_picture_is_kept_without_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "drawn at the secret desk"
    exif[0x0112] = 6  # turned by a quarter
    given = plans.picture("JPEG", exif=exif)
    assert b"secret desk" in given

    taken = floorplans.read_picture(given)

    assert b"secret desk" not in taken.data
    assert (taken.width, taken.height) == (200, 400)
    assert taken.content_type == "image/jpeg"
    with Image.open(io.BytesIO(taken.data)) as stored:
        assert not stored.getexif()


def test_a_transparent_plan_lies_on_white_and_a_huge_one_is_made_smaller() -> None:
    glass = io.BytesIO()
    Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(glass, format="PNG")
    with Image.open(io.BytesIO(floorplans.read_picture(glass.getvalue()).data)) as paper:
        assert paper.convert("RGB").getpixel((5, 5)) == (255, 255, 255)

    large = floorplans.read_picture(plans.picture(size=(6000, 3000), mode="L"))
    assert (large.width, large.height) == (4000, 2000)


def test_the_file_has_a_generated_name_and_both_hashes_are_kept(tmp_path: Path) -> None:
    given = plans.picture("JPEG")
    row = floorplans.add(
        plans.floor(rows.building()), "../../etc/pass wd.svg", given, floorplans.Facts(), by="test"
    )

    stored = floorplans.path_of(row).read_bytes()
    assert floorplans.path_of(row).is_relative_to(tmp_path)
    assert row.uuid.hex in floorplans.path_of(row).name
    assert "/" not in row.file_name
    assert row.file_name.endswith(".jpg")
    assert row.sha256 == hashlib.sha256(stored).hexdigest()
    assert row.original_sha256 == hashlib.sha256(given).hexdigest()


def test_the_picture_is_shown_inert_and_only_to_people_of_the_building() -> None:
    row = plans.plan(plans.floor(rows.building()))
    other = rows.building()
    here = rows.person("OPERATOR", scope_kind="building", scope_id=row.floor.building_id)
    elsewhere = rows.person("OPERATOR", scope_kind="building", scope_id=other.pk)
    address = f"/inventory/plans/{row.uuid}/picture/"

    answer = browser(here).get(address)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.getvalue() == floorplans.path_of(row).read_bytes()
    assert browser(elsewhere).get(address).status_code == 404


def test_what_could_not_be_entered_leaves_no_file(tmp_path: Path) -> None:
    wrong = floorplans.Facts(width_cm=1)  # the database refuses a plan one centimetre wide

    with pytest.raises(ValidationError):
        floorplans.add(plans.floor(rows.building()), "plan.png", plans.picture(), wrong, by="test")

    assert not FloorPlan.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
