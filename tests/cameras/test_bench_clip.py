"""A clip holds exactly the asked span of true time, whatever the recorder's clock shows."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from audit.models import Entry
from inventory.models import Address
from simulator.faults import set_fault
from simulator.video import read_strip
from simulator.world import Campus, SimDevice
from tests.cameras.bench_campus import (
    CANARY,
    KINDS,
    PATIENT_S,
    USER,
    Bench,
    bench,
    campus_of,
    device_of,
    yesterday_ms,
)
from tests.cameras.simulated import LONG_AGO
from tests.inventory import rows

__all__ = ["bench"]

TSI = dt.timezone(dt.timedelta(hours=3))
HOUR_MS = 3_600_000
SECONDS = 4
# A clip begins at the key frame before the asked instant; devices take whole seconds.
LEAD_MS = 1_100


@pytest.fixture(scope="module")
def campus() -> Iterator[Campus]:
    with campus_of() as served:
        yield served


@pytest.fixture
def device(campus: Campus, request: pytest.FixtureRequest) -> Iterator[SimDevice]:
    found = device_of(campus, request.param)
    yield found
    found.faults.clear()


def asked(hour: int = 12) -> tuple[int, int]:
    start = yesterday_ms()[0] + hour * HOUR_MS
    return start, start + SECONDS * 1000


def text(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, TSI).isoformat()


def arguments(span: tuple[int, int], out: Path) -> list[str]:
    return ["--channel", "1", "--from", text(span[0]), "--to", text(span[1]), "--out", str(out)]


def shown_in(path: Path) -> tuple[int, int]:
    """What the recorder's clock showed in the first and in the last picture, in milliseconds."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    strips = [read_strip(frames[0]), read_strip(frames[-1])]
    assert strips[0] is not None
    assert strips[1] is not None
    return strips[0][1], strips[1][1]


@pytest.mark.parametrize("device", ["isapi"], indirect=True)
def test_a_playback_that_proves_no_time_is_played_over_onvif(
    device: SimDevice, bench: Bench, tmp_path: Path
) -> None:
    """Hikvision's recorders say nothing of the time they play; ONVIF's replay does, picture by picture."""
    set_fault(device, "rtsp_reports_now", True)
    out, span = tmp_path / "clip.mp4", asked()
    told = bench.run("clip", device, *arguments(span, out), seconds=PATIENT_S).facts
    assert [one["reason"] for one in told["failures"]] == ["TIME_NOT_PROVEN"]
    assert (told["stamp_source"], told["complete"], told["time"]) == ("ONVIF_NTP", True, "true")
    for shown, end in zip(shown_in(out), span, strict=True):
        assert abs(shown - device.clock.offset_ms - end) <= LEAD_MS + told["uncertainty_ms"]


@pytest.mark.parametrize("device", KINDS, indirect=True)
def test_the_pictures_are_those_of_the_asked_time(
    bench: Bench, device: SimDevice, tmp_path: Path
) -> None:
    """Right, an hour fast and 45 s slow: the strips burnt in show the recorder's clock, which is off
    by its offset from what was asked. No RTSP port is given: it is learnt."""
    out, span = tmp_path / "clip.mp4", asked()
    said = bench.run("clip", device, *arguments(span, out), seconds=PATIENT_S)
    assert said.code == 0, said.err
    facts = said.facts
    # A loaded machine measures a clock less well, and says how well.
    for shown, end in zip(shown_in(out), span, strict=True):
        assert abs(shown - device.clock.offset_ms - end) <= LEAD_MS + facts["uncertainty_ms"]
    assert facts["time"] == "true"
    assert facts["complete"]
    assert facts["rtsp_port"] == device.rtsp_port
    delivered = [dt.datetime.fromisoformat(facts["delivered"][end]) for end in ("start", "end")]
    # Nothing of what was asked is missing, and no more than a second of lead stands on either side: a
    # clock measured a few milliseconds fast makes the asked instant fall into the second before.
    lead_in = span[0] - delivered[0].timestamp() * 1000
    run_out = delivered[1].timestamp() * 1000 - span[1]
    for beyond in (lead_in, run_out):
        assert -150 - facts["uncertainty_ms"] <= beyond <= LEAD_MS + facts["uncertainty_ms"]
    assert facts["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert CANARY not in bench.everything_written()


@pytest.mark.parametrize("device", KINDS, indirect=True)
def test_a_span_with_a_hole_is_delivered_with_its_gap(
    bench: Bench, device: SimDevice, tmp_path: Path
) -> None:
    start = yesterday_ms()[0] + 9 * HOUR_MS - 3_000
    said = bench.run(
        "clip", device, *arguments((start, start + 6_000), tmp_path / "c.mp4"), seconds=PATIENT_S
    )
    assert said.code == 0, said.err
    assert not said.facts["complete"]
    # The hole is 3 s long; devices take whole seconds.
    assert abs(said.facts["gap_ms"] - 3_000) <= 1_500 + said.facts["uncertainty_ms"]


CLOCKLESS = ("no_utc", "no_local", "no_date_header")


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
def test_a_clip_of_a_device_without_a_clock_says_so_first(
    bench: Bench, device: SimDevice, tmp_path: Path
) -> None:
    """An unknown clock is not a right one: in words, in the document, and beside the document."""
    for name in CLOCKLESS:
        set_fault(device, name)
    where = ["--port", str(device.http_port), "--user", USER, "--seconds", str(PATIENT_S)]
    document = bench.run("clip", device, *arguments(asked(), tmp_path / "a.mp4"), seconds=PATIENT_S)
    table = bench.type("clip", device.address, *where, *arguments(asked(), tmp_path / "b.mp4"))
    assert (document.code, table.code) == (0, 0), document.err + table.err
    facts = document.facts
    assert facts["warning"].startswith("THE DEVICE'S CLOCK IS NOT KNOWN")
    assert facts["warning"] in document.err
    assert (facts["time"], facts["offset_ms"], facts["complete"]) == ("device", None, False)
    assert facts["delivered_whole"]
    assert table.out.splitlines()[0].startswith("WARNING")
    first, last = shown_in(tmp_path / "a.mp4")
    assert abs(first - asked()[0]) <= LEAD_MS
    assert abs(last - asked()[1]) <= LEAD_MS


RTSP_SINS: list[tuple[str, Any]] = [
    ("rtsp_silent_after", "OPTIONS"),
    ("rtsp_silent_after", "DESCRIBE"),
    ("rtsp_plays_live", True),
    ("rtsp_wrong_range", 3_600_000),
    ("rtsp_ignores_range", True),
    ("rtsp_redirect", "rtsp://203.0.113.9/x"),
    ("rtsp_auth_loop", True),
    ("rtsp_udp_only", True),
    ("rtsp_huge_sdp", 50_000_000),
]


@pytest.mark.parametrize("device", ["onvif", "dahua"], indirect=True)
@pytest.mark.parametrize(("fault", "value"), RTSP_SINS)
def test_a_stream_that_lies_or_stalls_leaves_no_file(
    bench: Bench,
    device: SimDevice,
    tmp_path: Path,
    fault: str,
    value: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D14: nothing half written, nothing of another time, and a reason."""
    monkeypatch.setattr("cameras.device_bench.bench.STALL_SECONDS", 1.0)
    set_fault(device, fault, value)
    said = bench.run("clip", device, *arguments(asked(), tmp_path / "c.mp4"), seconds=8)
    if said.code == 0:
        first, last = shown_in(tmp_path / "c.mp4")
        assert asked()[0] - 31_000 <= first <= last <= asked()[1] + 1_100
    else:
        assert said.facts["reason"]
        assert list(tmp_path.iterdir()) == []
    assert CANARY not in bench.everything_written()


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
def test_a_file_that_is_there_is_left_alone(
    bench: Bench, device: SimDevice, tmp_path: Path
) -> None:
    out = tmp_path / "c.mp4"
    out.write_text("mine")
    said = bench.run("clip", device, *arguments(asked(), out))
    assert said.code == 2
    assert out.read_text() == "mine"
    assert not Entry.objects.filter(action="bench.clip").exists()


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
def test_a_folder_that_is_not_there_is_wrong_usage(
    bench: Bench, device: SimDevice, tmp_path: Path
) -> None:
    said = bench.run("clip", device, *arguments(asked(), tmp_path / "none" / "c.mp4"))
    assert said.code == 2
    assert "folder" in said.err


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
@pytest.mark.parametrize("host", ["127.98.1.1", "::ffff:127.98.1.1"])
def test_footage_of_a_device_in_service_leaves_by_a_request_only(
    bench: Bench, device: SimDevice, tmp_path: Path, settings: Any, host: str
) -> None:
    network = rows.network("127.64.0.0/10")
    in_service = rows.device()
    Address.objects.create(
        device=in_service, network=network, ip=device.address, mac=device.mac, starts_at=LONG_AGO
    )
    settings.PRODUCTION = True
    said = bench.type(
        "clip", host, "--port", str(device.http_port), "--user", USER,
        *arguments(asked(), tmp_path / "c.mp4"),
    )  # fmt: skip
    assert said.code == 1
    assert "in service" in said.err
    assert list(tmp_path.iterdir()) == []
    assert Entry.objects.filter(action="bench.clip_refused").exists()


def test_production_fetches_no_clip_by_name(bench: Bench, tmp_path: Path, settings: Any) -> None:
    settings.PRODUCTION = True
    said = bench.type("clip", "localhost", "--user", USER, *arguments(asked(), tmp_path / "c.mp4"))
    assert said.code == 2
    assert "IP address" in said.err
