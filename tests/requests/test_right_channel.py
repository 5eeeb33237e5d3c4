"""A recorder that plays another channel at the right time is found out by its pictures, or doubted."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.utils import timezone

from audit.models import Entry
from cameras.models import PlaybackProof, ReferencePicture
from cameras.references import reference_place
from footage_requests.errors import Refused
from footage_requests.exhibits import verifying
from footage_requests.footage import assembling, exporting
from footage_requests.holds import holding
from footage_requests.models import ExportSlice, HoldPart, Package
from footage_requests.models.holds import Part
from simulator.video import Camera, camera_id, still
from simulator.video_camera import camera_for
from simulator.world import true_now_ms
from tests.requests.case import exhibit_of, package_of
from tests.requests.recorded import MINUTE, Recorded, export_all, fetch_all, recorded, recorder
from vault.crypto import seal_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 0
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 0
    settings.NTP_SERVERS = []


def fetch_until_given_up() -> None:
    """Every pause between two tries is over at once."""
    for _try in range(3):
        fetch_all()
        for model in (ExportSlice, HoldPart):
            model._base_manager.filter(state=Part.State.WAITING).update(due_at=timezone.now())


def exported(campus: Recorded, **more: object) -> Package:
    package = exporting.start_export(campus.approved(seconds=5, **more), campus.operator)
    assert export_all() == 1
    return package


def set_reference(campus: Recorded, picture: bytes) -> None:
    place = campus.place()
    ReferencePicture.objects.create(
        position=place,
        device=campus.devices["rec"],
        sealed=seal_bytes(picture, reference_place(place.pk)),
        content_type="image/jpeg",
        size=len(picture),
        sha256=hashlib.sha256(picture).hexdigest(),
        taken_at=timezone.now(),
        set_by=campus.operator,
        because="as it should look",
    )


def test_one_channel_played_for_two_leaves_with_neither_name():
    """B19: identical coded pictures of two channels are a fault, said with both channels."""
    with recorded(recorder(faults={"rtsp_other_channel": 2})) as campus:
        decision = campus.approved(campus.place(), campus.place(number=2), seconds=5)
        package = exporting.start_export(decision, campus.operator)
        fetch_until_given_up()
        assert assembling.work_packages() == 0
    package.refresh_from_db()
    assert package.status == Package.Status.EXPORTING
    assert not package.exhibits.exists()
    assert "1" in package.failure
    assert "2" in package.failure


def test_a_recorder_that_mixed_channels_up_once_is_asked_again():
    """B19: the second try brings the right pictures, and nobody is troubled."""
    with recorded(recorder(faults={"rtsp_other_channel": 2})) as campus:
        positions = (campus.place(), campus.place(number=2))
        decision = campus.approved(*positions, seconds=5)
        package = exporting.start_export(decision, campus.operator)
        part = package.slices.get(channel__number=2)
        package.slices.filter(pk=part.pk).update(due_at=timezone.now() + dt.timedelta(days=1))
        fetch_all()
        package.slices.filter(channel__number=1).update(state=Part.State.WAITING, attempt=0)
        campus.sims["rec"].faults.clear()
        package.slices.filter(state=Part.State.WAITING).update(due_at=timezone.now())
        assert export_all() == 1
    assert [row.facts["doubts"] for row in package.exhibits.all()] == [[], []]


def test_pictures_that_are_held_of_another_channel_are_a_doubt():
    """B19: what another case holds may be the wrong one, so it is doubted and not refused."""
    with recorded(recorder(faults={"rtsp_other_channel": 2})) as campus:
        held = campus.ask(campus.place(number=2), seconds=5)
        holding.hold_request(held, by=campus.operator)
        fetch_all()
        package = exporting.start_export(campus.approved(seconds=5), campus.operator)
        fetch_until_given_up()
        assert assembling.work_packages() == 1
    doubts = package.exhibits.get().facts["doubts"]
    assert [doubt["code"] for doubt in doubts] == ["SAME_PICTURES"]
    assert doubts[0]["channel"] == 2


def test_another_scene_than_the_reference_picture_is_a_doubt():
    """B19."""
    with recorded() as campus:
        set_reference(campus, still(Camera(camera_id("elsewhere"), "elsewhere"), 0))
        package = exported(campus)
    facts = package.exhibits.get().facts
    assert [doubt["code"] for doubt in facts["doubts"]] == ["OTHER_SCENE"]


def test_the_scene_of_the_reference_picture_is_no_doubt():
    with recorded() as campus:
        sim = campus.sims["rec"]
        own = camera_for(sim, sim.channels[0], true_now_ms())
        set_reference(campus, still(own, true_now_ms()))
        package = exported(campus)
    facts = package.exhibits.get().facts
    assert facts["doubts"] == []
    assert facts["scene"]["agreement"] > 0.5


def test_pictures_of_another_size_than_before_are_a_doubt():
    """B19: the channel's earlier footage tells how its stream is coded."""
    with recorded() as campus:
        assert exported(campus).exhibits.get().facts["doubts"] == []
        campus.sims["rec"].faults["rtsp_video"] = {"width": 320, "height": 240}
        package = exported(campus, start=campus.event + 10 * MINUTE)
    doubts = package.exhibits.get().facts["doubts"]
    assert [doubt["code"] for doubt in doubts] == ["OTHER_FORMAT"]
    assert "640" in doubts[0]["before"]
    assert "320" in doubts[0]["now"]


def played(campus: Recorded, picture_format: str) -> None:
    """The night really played a minute of the channel, some days before."""
    at = campus.event - dt.timedelta(days=3)
    PlaybackProof.objects.create(
        channel=campus.channel(),
        day=at.date(),
        seed="drawn",
        answer="YES",
        minute_at=at,
        frame_sha256="0" * 64,
        picture_format=picture_format,
    )


@pytest.mark.parametrize(
    ("before", "codes"), [("H264 1920 x 1080", ["OTHER_FORMAT"]), ("H264 640 x 360", [])]
)
def test_pictures_are_compared_with_the_minutes_that_the_night_played(before, codes):
    """B19: a channel of which nothing was ever exported is known as well."""
    with recorded() as campus:
        played(campus, before)
        package = exported(campus)
    assert [doubt["code"] for doubt in package.exhibits.get().facts["doubts"]] == codes


def test_a_doubt_is_answered_expressly_before_anything_is_verified(campus):
    """B19: the answer and the doubt stand in the log."""
    doubt = {"code": "OTHER_SCENE", "agreement": 0.1}
    package = package_of(campus, campus.decide(campus.submitted(filer=campus.clerk)))
    exhibit = exhibit_of(package, b"pictures" * 1000, doubts=[doubt])
    package.take("offer", by="test")
    viewing = verifying.open_for_viewing(exhibit, "VERIFY", by=campus.second_operator)
    verifying.note_watched(viewing, [(0, 4000)])

    with pytest.raises(Refused):
        verifying.verify(package, {exhibit.ident: verifying.CHECKS}, by=campus.second_operator)
    answered = {exhibit.ident: [*verifying.CHECKS, *verifying.doubts_of(exhibit)]}
    verifying.verify(package, answered, by=campus.second_operator)

    exhibit.refresh_from_db()
    assert exhibit.facts["answered"]["checks"] == ["despite_other_scene"]
    assert exhibit.facts["answered"]["by"] == campus.second_operator.full_name
    told = Entry.objects.get(action="package.checks").canon
    assert "despite_other_scene" in told
    assert "referans" in told.lower()
