"""A single channel that was played wrongly is betrayed by the places that the recorder's cameras look at (B19)."""

from __future__ import annotations

import datetime as dt
import hashlib
import random

import pytest

from cameras.models import LastPicture, ReferencePicture
from cameras.protocols.media_records import SKETCH_HEIGHT, SKETCH_WIDTH
from cameras.scene import outline_of
from footage_requests.exhibits import verifying
from footage_requests.footage.right_channel import doubt_words, recognised_by
from footage_requests.footage.right_scene import scene_of
from inventory.models import Device, Position
from tests.requests.case import EVENT, Campus, exhibit_of, package_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
DAY = dt.timedelta(days=1)


def sketch(name: str) -> bytes:
    """A picture of its own for each name: some boxes on grey, as a decoder would hand it over."""
    drawn = random.Random(name)
    rows = [bytearray([128] * SKETCH_WIDTH) for _row in range(SKETCH_HEIGHT)]
    for _box in range(25):
        left, top = drawn.randrange(SKETCH_WIDTH - 8), drawn.randrange(SKETCH_HEIGHT - 8)
        wide, high, grey = drawn.randrange(4, 24), drawn.randrange(4, 20), drawn.randrange(256)
        for row in rows[top : top + high]:
            row[left : left + wide] = bytes([grey]) * len(row[left : left + wide])
    return b"".join(rows)


def camera_of(position: Position) -> Device:
    device = position.device_at(EVENT)
    assert device
    return device


def seen_last(position: Position, name: str, at: dt.datetime = EVENT + DAY) -> None:
    LastPicture.objects.create(
        device=camera_of(position),
        sealed=b"",
        content_type="image/jpeg",
        size=0,
        taken_at=at,
        outline=outline_of(sketch(name)),
    )


def ought_to_show(campus: Campus, position: Position, name: str) -> None:
    ReferencePicture.objects.create(
        position=position,
        device=camera_of(position),
        sealed=b"",
        content_type="image/jpeg",
        size=0,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        taken_at=EVENT,
        set_by=campus.head,
        because="as it should look",
        outline=outline_of(sketch(name)),
    )


def compared(position: Position, name: str) -> tuple[str, list[str]]:
    """By what the camera was recognised, and the codes of the doubts."""
    (channel,) = position.channels_on(EVENT.date())
    facts, doubts = scene_of(channel, position, EVENT, sketch(name))
    assert all(doubt_words(doubt) for doubt in doubts)
    return facts.get("recognised_by", ""), [doubt["code"] for doubt in doubts]


def test_the_picture_of_another_channel_is_a_doubt_without_any_reference_picture(campus):
    """B19: the recorder plays "yard" where "gate" was asked for; nothing is known of "gate"."""
    gate, yard = campus.camera(), campus.camera()
    seen_last(yard, "yard")
    assert compared(gate, "yard") == ("", ["LOOKS_LIKE_ANOTHER"])
    assert compared(yard, "yard") == ("LAST_PICTURE", [])


def test_a_camera_is_recognised_by_its_reference_or_its_last_picture(campus):
    gate, yard = campus.camera(), campus.camera()
    ought_to_show(campus, gate, "gate")
    seen_last(yard, "yard")
    assert compared(gate, "gate") == ("REFERENCE_PICTURE", [])
    assert compared(gate, "yard") == ("", ["OTHER_SCENE", "LOOKS_LIKE_ANOTHER"])
    assert compared(yard, "gate") == ("", ["LOOKS_LIKE_ANOTHER"])


def test_a_last_picture_that_is_unlike_raises_no_doubt(campus):
    """It is often of the night: to be unlike it tells nothing."""
    gate = campus.camera()
    seen_last(gate, "gate by night")
    assert compared(gate, "gate by day") == ("", [])


def test_two_channels_of_one_place_are_no_mix_up(campus):
    """Both are like the picture: the own one is not beaten clearly."""
    gate, twin = campus.camera(), campus.camera()
    for position in (gate, twin):
        seen_last(position, "hall")
    assert compared(gate, "hall") == ("LAST_PICTURE", [])


def test_a_last_picture_of_long_ago_or_long_after_tells_nothing(campus):
    gate = campus.camera()
    seen_last(gate, "gate", EVENT + 40 * DAY)
    assert compared(gate, "gate") == ("", [])


def test_the_verifier_reads_where_only_the_recorder_says_which_camera_it_is(campus, client):
    """B19: what nothing else confirms is said, and his own look is what is left."""
    package = package_of(campus, campus.decide(campus.submitted()))
    exhibit = exhibit_of(package, b"pictures" * 1000, scene={"reference": "none"})
    package.take("offer", by="test")
    assert recognised_by(exhibit) == ""
    campus.second_operator.language = "en"
    campus.second_operator.save()
    client.force_login(campus.second_operator)
    address = f"/requests/packages/{package.pk}/verify/"
    assert "word says which camera this is" in client.get(address).content.decode()
    exhibit.facts["scene"] = {"recognised_by": "LAST_PICTURE"}
    exhibit.save()
    assert "word says which camera" not in client.get(address).content.decode()
    assert verifying.doubts_of(exhibit) == {}
