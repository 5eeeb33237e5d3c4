"""An export of a decision from recorders that really play: exactly the approved minutes, bit for bit."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from typing import Any

import av
import pytest

from cameras.models import ClockMeasurement, RecorderUse
from core.tsi import to_ms
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import cutting, exporting, pace, store
from footage_requests.holds import holding
from footage_requests.models import Exhibit, Package
from footage_requests.sealing.film import bitstream_sha256, read_film
from footage_requests.sealing.sources import StoredFile
from tests.requests.recorded import (
    MINUTE,
    doubt_ms,
    export_all,
    fetch_all,
    plain,
    recorded,
    recorder,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 1
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    settings.NTP_SERVERS = []


def job_status(package: Package) -> str:
    job = exporting.job_of(package)
    return str(job.status) if job else ""


def pictures_of(exhibit: Exhibit) -> list[Any]:
    played: Any = av.open(io.BytesIO(plain(exhibit.file)))
    return list(played.decode(video=0))


@pytest.mark.parametrize("dialect", ["onvif", "isapi", "dahua"])
def test_a_decision_becomes_one_file_per_line_and_channel(dialect):
    """REL-5, REL-6, REL-7, B18: stream copy, one object, checked, sealed; the slices are destroyed."""
    with recorded(recorder(dialect=dialect)) as campus:
        decision = campus.approved()
        package = exporting.start_export(decision, campus.operator)
        assert RecorderUse.is_in_use(campus.devices["rec"])
        assert export_all() == 1
    package.refresh_from_db()
    assert package.status == Package.Status.VERIFYING
    exhibit = package.exhibits.get()
    asked = exhibit.facts["asked"]
    assert asked == [to_ms(campus.event), to_ms(campus.event) + 20_000]
    assert abs(exhibit.facts["delivered"][0] - asked[0]) <= 1_000 + doubt_ms(exhibit)
    assert exhibit.facts["delivered"][1] <= asked[1]
    assert exhibit.facts["first_group_ms"] == 1_000
    assert exhibit.facts["gaps"] == []
    assert len(pictures_of(exhibit)) == exhibit.facts["frames"]
    assert hashlib.sha256(plain(exhibit.file)).hexdigest() == exhibit.file.sha256
    assert exhibit.file.bytes == len(plain(exhibit.file))
    assert not RecorderUse.is_in_use(campus.devices["rec"])
    assert [part.file.part_of for part in package.slices.all()] == [exhibit.file]
    assert getattr(exporting.job_of(package), "status", "") == "DONE"


def bitstream_of(exhibit: Exhibit) -> str:
    with StoredFile(store.open_file(exhibit.file)) as source:
        return bitstream_sha256(source, read_film(source))


def test_slices_are_put_together_without_doubling_or_losing_a_picture(monkeypatch):
    """B18: the elementary stream of three slices is that of one."""
    with recorded() as campus:
        whole = exporting.start_export(campus.approved(), campus.operator)
        export_all()
        monkeypatch.setattr(cutting.pieces, "__defaults__", (7_000,))
        cut = exporting.start_export(campus.approved(), campus.operator)
        export_all()
    one, three = whole.exhibits.get(), cut.exhibits.get()
    assert cut.slices.count() == 3
    assert bitstream_of(one) == bitstream_of(three)
    assert one.facts["frames"] == three.facts["frames"]


def test_a_gap_stays_a_gap(monkeypatch):
    """B10, REL-20: the picture before a gap stands for as long as nothing was recorded."""
    with recorded() as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 5_000, begins + 11_000)
        package = exporting.start_export(campus.approved(), campus.operator)
        export_all()
    exhibit = package.exhibits.get()
    (gap,) = exhibit.facts["gaps"]
    assert abs(gap[0] - begins - 5_000) < 1_000 + doubt_ms(exhibit)
    assert abs(gap[1] - begins - 11_000) < 1_000 + doubt_ms(exhibit)
    played: Any = av.open(io.BytesIO(plain(exhibit.file)))
    assert abs(float(played.duration) / 1_000_000 - 20) < 1.5


def test_what_was_overwritten_after_the_hold_comes_from_the_hold():
    """B7, PRE-8: overwritten between hold and export."""
    with recorded(recorder(recording={"seam_ms": 0, "file_ms": 60_000})) as campus:
        decision_request = campus.ask()
        (hold,) = holding.hold_request(decision_request, campus.clerk)
        fetch_all()
        campus.overwrite(campus.event + 10 * MINUTE)
        decision_request.take("review", by=campus.operator)
        decision_request.take("submit", by=campus.operator)
        package = exporting.start_export(campus.decide(decision_request), campus.operator)
        assert export_all() == 1
    exhibit = package.exhibits.get()
    assert exhibit.facts["sources"] == ["HOLD"]
    # The hold goes its own way, and nobody approved the rest of it: the approved minutes were copied.
    assert not exhibit.file.is_joined
    assert hashlib.sha256(plain(exhibit.file)).hexdigest() == exhibit.file.sha256
    assert exhibit.facts["gaps"] == []
    assert abs(exhibit.facts["delivered"][0] - to_ms(campus.event)) <= 1_000 + doubt_ms(exhibit)
    assert exhibit.facts["delivered"][1] <= to_ms(campus.event) + 20_000
    assert hold.parts.count() == 1


def test_a_clock_seven_minutes_fast_gives_the_approved_minutes_and_says_so():
    """B11, CLK-10, CLK-11."""
    with recorded(recorder(dialect="isapi", clock={"offset_ms": 433_000})) as campus:
        from footage_requests.holds import availability

        request = campus.ask()
        availability.check_request(request)
        request.take("review", by=campus.operator)
        request.take("submit", by=campus.operator)
        package = exporting.start_export(campus.decide(request), campus.operator)
        export_all()
    exhibit = package.exhibits.get()
    assert abs(exhibit.facts["delivered"][0] - to_ms(campus.event)) <= 1_500 + doubt_ms(exhibit)
    assert abs(exhibit.facts["clock"]["offset_ms"] - 433_000) <= 1 + doubt_ms(exhibit)


def test_a_clock_set_right_after_the_event_does_not_move_the_export():
    """B12: the offset of the recording's own time, not today's."""
    ahead, set_at = 433_000, to_ms(dt.datetime.now(dt.UTC) - 30 * MINUTE)
    clock = {"offset_ms": ahead, "jumps": [[set_at, -ahead]]}
    with recorded(recorder(dialect="isapi", clock=clock)) as campus:
        moments = [(-3 * MINUTE, ahead), (5 * MINUTE, ahead), (50 * MINUTE, 0)]
        for after, offset in moments:
            ClockMeasurement.objects.create(
                device=campus.devices["rec"],
                measured_at=campus.event + after,
                offset_ms=offset,
                utc_offset_ms=offset,
                uncertainty_ms=300,
                method="EDGE",
                verdict="OFF" if offset else "OK",
            )
        package = exporting.start_export(campus.approved(), campus.operator)
        assert export_all() == 1
    facts = package.exhibits.get().facts
    assert abs(facts["delivered"][0] - to_ms(campus.event)) <= 1_500
    assert facts["clock"]["offset_ms"] == ahead
    assert facts["gaps"] == []


def test_h265_gets_a_viewing_copy_beside_the_original():
    video = {"rtsp_video": {"codec": "h265", "fps": 5, "width": 320, "height": 240}}
    with recorded(recorder(faults=video)) as campus:
        package = exporting.start_export(campus.approved(seconds=4), campus.operator)
        assert export_all() == 1
    original, viewing = package.exhibits.order_by("ident")
    assert original.facts["codec"] == "hevc"
    assert (viewing.kind, viewing.parent, viewing.facts["codec"]) == ("VIEWING", original, "h264")
    assert viewing.parent_sha256 == original.file.sha256
    assert len(pictures_of(viewing)) == len(pictures_of(original))


def test_a_line_that_must_be_masked_goes_to_masking():
    with recorded() as campus:
        package = exporting.start_export(
            campus.approved(seconds=4, must_be_masked=True), campus.operator
        )
        export_all()
    package.refresh_from_db()
    assert package.status == Package.Status.MASKING


@pytest.mark.parametrize(
    ("fault", "value"),
    [("rtsp_plays_live", True), ("rtsp_wrong_range", 600_000), ("rtsp_ignores_range", True)],
)
def test_another_time_is_never_delivered(fault, value):
    """REL-5: the recorder says 200 and plays another time."""
    with recorded(recorder(faults={fault: value})) as campus:
        package = exporting.start_export(campus.approved(seconds=4), campus.operator)
        export_all()
    part = package.slices.get()
    assert part.state == "WAITING"
    assert part.failure == "WRONG_RANGE"
    assert not package.exhibits.exists()


def test_a_recorder_that_goes_away_in_the_middle_delays_and_loses_nothing():
    with recorded(recorder(faults={"rtsp_silent_after": 3000})) as campus:
        package = exporting.start_export(campus.approved(seconds=10), campus.operator)
        export_all()
        part = package.slices.get()
        assert part.state == "WAITING"
        campus.sims["rec"].faults.clear()
        package.slices.update(due_at=dt.datetime.now(dt.UTC))
        assert export_all() == 1
    assert package.exhibits.get().facts["gaps"] == []


def test_nothing_left_anywhere_is_said_and_makes_no_exhibit():
    """B19: never an empty file with a final name."""
    with recorded(recorder(recording={"seam_ms": 0, "file_ms": 60_000})) as campus:
        campus.overwrite(campus.event + 10 * MINUTE)
        package = exporting.start_export(campus.approved(), campus.operator)
        assert export_all() == 0
    package.refresh_from_db()
    assert package.status == Package.Status.EXPORTING
    assert package.failure
    assert getattr(exporting.job_of(package), "status", "") == "FAILED"


def test_a_refusal_a_stranger_and_a_second_export_are_refused():
    """B1, B2: only a standing decision that releases, once, by another person."""
    with recorded() as campus:
        decision = campus.approved()
        with pytest.raises(NotThisPerson):
            exporting.start_export(decision, campus.superior)
        exporting.start_export(decision, campus.operator)
        with pytest.raises(Refused):
            exporting.start_export(decision, campus.second_operator)
        voided = campus.approved()
        voided.voided_at = voided.decided_at
        voided.save()
        with pytest.raises(Refused):
            exporting.start_export(voided, campus.operator)


def test_the_same_request_exported_twice_is_byte_for_byte_the_same():
    """B20."""
    with recorded() as campus:
        files = []
        for _ in range(2):
            package = exporting.start_export(campus.approved(), campus.operator)
            export_all()
            files.append(package.exhibits.get().file)
    assert files[0].sha256 == files[1].sha256
    assert files[0].uuid != files[1].uuid


def test_a_cancelled_export_leaves_no_footage_behind(tmp_path):
    with recorded() as campus:
        package = exporting.start_export(campus.approved(), campus.operator)
        fetch_all()
        exporting.cancel(package, by=campus.operator, because="asked by the registry")
    assert not list((tmp_path / "evidence").rglob("*.sealed"))
    assert getattr(exporting.job_of(package), "status", "") == "CANCELLED"
    assert not RecorderUse.is_in_use(campus.devices["rec"])


def test_the_time_that_a_recorder_takes_is_known_after_an_export():
    """REL-14."""
    with recorded() as campus:
        device = campus.devices["rec"]
        assert pace.expected_seconds(device, 3_600_000) is None
        exporting.start_export(campus.approved(), campus.operator)
        fetch_all()
        assert pace.expected_seconds(device, 3_600_000) is not None
