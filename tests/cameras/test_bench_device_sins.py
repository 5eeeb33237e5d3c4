"""Whatever a device does, the bench ends in time, says why, and never calls broken fine (D1-D20)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cameras.days.coverage import SEAM_MS, clip, compare, merge
from cameras.protocols.base import Reason
from simulator.faults import set_fault
from simulator.world import Campus, SimDevice
from tests.cameras.bench_campus import (
    CANARY,
    KINDS,
    PATIENT_S,
    Bench,
    Said,
    bench,
    campus_of,
    device_of,
    yesterday_ms,
)

__all__ = ["bench"]

REASONS = {str(reason) for reason in Reason} | {"SPAN_ONLY"}
INVENTS = {"million_results"}
NOBODY_WAITS_LONGER_S = 60
SINS: list[tuple[str, Any]] = [
    # D1
    ("drip", 1),
    ("drip_headers", 1),
    ("slow", 5_000),
    ("silent", True),
    ("close", True),
    ("dead", True),
    ("busy", True),
    ("busy", "200"),
    # D2, D3
    ("huge_body", 64_000_000),
    ("gzip_bomb", 20_000_000),
    # D4, D5
    ("redirect", "http://127.0.0.1:1/secret"),
    ("other_host", "203.0.113.9"),
    ("userinfo_uri", True),
    ("uri", "file:///etc/passwd"),
    # D6, D7
    ("dtd", True),
    ("billion_laughs", True),
    ("xxe", True),
    ("deep_xml", 20_000),
    ("many_attributes", 20_000),
    ("big_text", 5_000_000),
    # D8
    ("html_login", True),
    ("empty", True),
    ("cut_off", True),
    ("legacy_charset", True),
    ("utf16", True),
    ("nul", True),
    ("control_chars", True),
    ("garbage", True),
    # D9
    ("digest_loop", True),
    # D10
    ("tls_junk", True),
    # D11
    ("no_utc", True),
    ("no_local", True),
    # D13
    ("endless_search", True),
    ("million_results", 3_000),
    ("search_expires", True),
    ("ignored_filters", True),
    ("no_search_state", True),
    ("empty_search", True),
    ("total_as_matches", True),
    ("errors_as_200", True),
    ("event_results_500", True),
    ("empty_is_error", True),
    # What may be missing
    ("no_search", True),
    ("no_recording", True),
    ("no_summary", True),
    ("no_calendar", True),
    ("only_capabilities", True),
    ("zoneless_times", True),
    ("capital_booleans", True),
]


@pytest.fixture(scope="module")
def campus() -> Iterator[Campus]:
    with campus_of() as served:
        yield served


@pytest.fixture
def device(campus: Campus, request: pytest.FixtureRequest) -> Iterator[SimDevice]:
    found = device_of(campus, request.param)
    yield found
    found.faults.clear()


def is_true(said: Said, campus: Campus, device: SimDevice) -> bool:
    """Whether the intervals that were given are those of the device's plan, to two seconds."""
    start, end = yesterday_ms()
    files = campus.recorded(device, device.channels[0], start, end)
    truth = merge(((f.start_ms, f.end_ms) for f in files), tolerance_ms=SEAM_MS)
    told = [(ms_of(one["start"]), ms_of(one["end"])) for one in said.facts["intervals"]]
    return said.facts["gaps_known"] and not compare(clip(truth, [(start, end)]), told)


def ms_of(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize("device", KINDS, indirect=True)
@pytest.mark.parametrize(("fault", "value"), SINS)
def test_recordings_survive_every_sin(
    bench: Bench, campus: Campus, device: SimDevice, fault: str, value: Any
) -> None:
    """D1-D9, D11, D13, D20: an end in time, a reason or a true answer, no password anywhere."""
    if fault != "dead":
        set_fault(device, fault, value)
    port = device.http_port
    if fault == "dead":
        device.http_port = 1
    started = time.monotonic()
    try:
        said = bench.run("recordings", device, "--day", day_text(), seconds=0.7)
    finally:
        device.http_port = port
    assert time.monotonic() - started < NOBODY_WAITS_LONGER_S
    assert said.code in (0, 1)
    if said.code:
        assert said.facts["answered"] is False
        assert said.facts["reason"] in REASONS - {Reason.INTERNAL}
    else:
        assert {failure["reason"] for failure in said.facts["failures"]} <= REASONS
        believed = said.facts["complete"] and fault not in INVENTS
        assert not believed or is_true(said, campus, device)
    assert CANARY not in bench.everything_written()


def day_text() -> str:
    start, _ = yesterday_ms()
    return time.strftime("%Y-%m-%d", time.gmtime(start / 1000 + 3 * 3600))


@pytest.mark.parametrize("device", KINDS, indirect=True)
@pytest.mark.parametrize(
    ("fault", "value"),
    [("silent", True), ("garbage", True), ("empty", True), ("html_login", True), ("busy", True)],
)
def test_a_probe_survives_and_says_a_sentence(
    bench: Bench, device: SimDevice, fault: str, value: Any
) -> None:
    set_fault(device, fault, value)
    said = bench.run("probe", device, seconds=0.5)
    assert said.code == 1
    assert said.facts["reason"] in REASONS
    assert said.err
    assert CANARY not in bench.everything_written()


@pytest.mark.parametrize("device", KINDS, indirect=True)
def test_a_probe_tries_each_part_and_leaves_nothing_untried(
    bench: Bench, device: SimDevice
) -> None:
    said = bench.run("probe", device, seconds=PATIENT_S)
    assert said.code == 0
    answers = {name: told["answer"] for name, told in said.facts["capabilities"].items()}
    assert answers.pop("disks") in ("yes", "no")
    assert set(answers.values()) == {"yes"}
    assert said.facts["rtsp_port"] == device.rtsp_port
    assert said.facts["index"]["segments_of_last_hour"] > 0


@pytest.mark.parametrize("device", KINDS, indirect=True)
@pytest.mark.parametrize("verb", ["probe", "recordings", "snapshot"])
def test_a_wrong_password_is_tried_at_most_three_times(
    bench: Bench, device: SimDevice, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D9: an account is never locked by our trying."""
    monkeypatch.setenv("DEVICE_PASSWORD", "wrong-" + CANARY)
    device.wrong_tries.clear()
    said = bench.run(verb, device, seconds=PATIENT_S)
    assert device.wrong_tries.get("izleme", 0) <= 3
    assert said.facts["reason"] == Reason.CREDENTIAL_REFUSED
    assert CANARY not in bench.everything_written()


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
def test_hostile_names_are_printed_clean(bench: Bench, device: SimDevice) -> None:
    """D20"""
    was = device.name, device.channels[0].name
    hostile = "=cmd()|\u202e<script>../../x\x1b[2J\U0001f4a9" + "A" * 5_000
    device.name = device.channels[0].name = hostile
    try:
        said = bench.run("probe", device, seconds=PATIENT_S)
        table = bench.type(
            "probe", device.address, "--port", str(device.http_port), "--user", "izleme"
        )
    finally:
        device.name, device.channels[0].name = was
    for text in (said.out, table.out):
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "A" * 300 not in text


@pytest.mark.parametrize("device", KINDS, indirect=True)
def test_a_stream_that_cannot_be_opened_is_not_called_playable(
    bench: Bench, device: SimDevice
) -> None:
    set_fault(device, "rtsp_auth_loop", True)
    said = bench.run("probe", device, seconds=PATIENT_S)
    assert said.code == 0
    for capability in ("live", "playback"):
        assert said.facts["capabilities"][capability]["answer"] != "yes"
    assert {failure["what"] for failure in said.facts["failures"]} >= {"live", "playback"}


@pytest.mark.parametrize("device", ["onvif"], indirect=True)
def test_a_device_that_refuses_the_login_still_tells_its_clock(
    bench: Bench, device: SimDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half answer: ONVIF tells the time to everybody."""
    monkeypatch.setenv("DEVICE_PASSWORD", "wrong")
    said = bench.run("clock", device, seconds=PATIENT_S)
    assert said.code == 0
    assert said.facts["verdict"] == "OK"
    assert said.facts["failures"][0]["what"] == "login"
    assert said.facts["failures"][0]["reason"] == Reason.CREDENTIAL_REFUSED


@pytest.mark.parametrize("device", ["dahua"], indirect=True)
def test_an_empty_index_is_not_believed_against_the_other_source(
    bench: Bench, device: SimDevice
) -> None:
    set_fault(device, "empty_search", {"value": True, "only": ["findFile"]})
    said = bench.run("recordings", device, "--day", day_text(), seconds=PATIENT_S)
    assert said.code == 0
    assert not said.facts["complete"]
    assert said.facts["second_source"]["source"] == "ONVIF_EVENTS"
    assert said.facts["source"] == "DAHUA_FILES"
    assert said.facts["recorded_ms"] == 0
    assert "SOURCES_DISAGREE" in said.facts["notes"]
    assert said.facts["disputed_ms"] > 20 * 3_600_000
