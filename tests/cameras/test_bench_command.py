"""The bench's command: what is typed, what is written down, and with which code it ends."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.models import Entry
from tests.cameras.bench_campus import CANARY, PATIENT_S, Bench, bench, campus_of, device_of

__all__ = ["bench"]

WRONG = [
    ("probe", "http://izleme:geheim@127.0.0.1/"),
    ("probe", "ftp://127.0.0.1"),
    ("probe", "127.0.0.1", "--port", "70000"),
    ("probe", "127.0.0.1", "--port", "0"),
    ("probe", "127.0.0.1:0"),
    ("probe", "127.0.0.1", "--seconds", "-1"),
    ("clock", "127.0.0.1", "--seconds", "nan"),
    ("discover", "127.0.0.1", "--seconds", "inf"),
    ("probe", "127.0.0.1", "--protocol", "sip"),
    ("recordings", "127.0.0.1", "--day", "gestern"),
    ("recordings", "127.0.0.1", "--day", "2099-01-01"),
    ("recordings", "127.0.0.1", "--channel", "0"),
    ("clip", "127.0.0.1", "--from", "2026-11-22T10:00:00", "--to", "2026-11-22T09:00:00",
     "--out", "x.mp4"),
    ("clip", "127.0.0.1", "--from", "x", "--to", "2026-11-22T09:00:00", "--out", "x.mp4"),
    ("discover", "127.0.0.0/999"),
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_ends_with_2_and_asks_nobody(bench: Bench, words: tuple[str, ...]) -> None:
    said = bench.type(*words)
    assert said.code == 2
    assert "geheim" not in said.err
    assert not Entry.objects.exists()


def test_a_password_is_never_an_option(bench: Bench) -> None:
    assert bench.type("probe", "127.0.0.1", "--password", CANARY).code == 2


def test_a_login_without_a_password_is_wrong_usage(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEVICE_PASSWORD")
    said = bench.type("probe", "127.0.0.1", "--user", "izleme")
    assert said.code == 2
    assert "DEVICE_PASSWORD" in said.err


@pytest.mark.parametrize("verb", ["probe", "clock", "recordings", "snapshot"])
def test_a_dead_device_ends_with_1_and_one_sentence(bench: Bench, verb: str) -> None:
    said = bench.type(verb, "127.0.0.1", "--port", "1", "--json")
    assert said.code == 1
    assert said.facts["answered"] is False
    assert said.facts["reason"] == "CONNECTION_REFUSED"
    assert said.facts["verb"] == verb
    assert "\n" not in said.err.strip()


@contextmanager
def server_that_reads_the_log() -> Iterator[tuple[int, list[list[str]]]]:
    """A web server that notes, at each request, which audit entries everybody can see."""
    seen: list[list[str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(list(Entry.objects.values_list("action", flat=True)))
            connection.close()
            self.send_error(404)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["probe", "clock", "recordings", "snapshot"])
def test_the_log_has_the_entry_before_the_first_byte_goes_out(
    caplog: pytest.LogCaptureFixture, settings: Any, verb: str
) -> None:
    """Committed, not only written: another connection sees it."""
    settings.NTP_SERVERS = []
    with server_that_reads_the_log() as (port, seen):
        Bench(caplog).type(verb, "127.0.0.1", "--port", str(port), "--reason", "prüfen")
    assert seen
    assert all(f"bench.{verb}" in actions for actions in seen)
    entry = Entry.objects.get(action=f"bench.{verb}")
    assert entry.because == "prüfen"


def test_a_snapshot_is_written_once_and_never_over_a_file(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "still.jpg"
    with campus_of() as campus:
        device = device_of(campus, "onvif")
        first = bench.run("snapshot", device, "--out", str(out), seconds=PATIENT_S)
        again = bench.run("snapshot", device, "--out", str(out), seconds=PATIENT_S)
    assert first.code == 0, first.err
    assert out.stat().st_size == first.facts["bytes"]
    assert (first.facts["width"], first.facts["height"]) != (None, None)
    assert again.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["still.jpg"]


@pytest.mark.parametrize("verb", ["probe", "clock", "recordings", "snapshot"])
def test_each_verb_gives_a_table_and_the_same_as_one_json_document(bench: Bench, verb: str) -> None:
    with campus_of() as campus:
        device = device_of(campus, "isapi")
        told = bench.run(verb, device, seconds=PATIENT_S)
        table = bench.type(
            verb, device.address, "--port", str(device.http_port), "--user", "izleme"
        )
    assert told.code == table.code == 0, told.err + table.err
    assert json.loads(told.out)["verb"] == verb
    assert told.facts["answered"] is True
    assert told.facts["failures"] == []
    assert told.facts["protocol"] == "isapi"
    assert len(table.out.splitlines()) > 4


def test_a_clock_an_hour_fast_is_named(bench: Bench) -> None:
    """CLK-1, CLK-13"""
    with campus_of() as campus:
        said = bench.run("clock", device_of(campus, "isapi"), seconds=PATIENT_S)
    assert said.facts["verdict"] == "SUMMER_TIME"
    assert abs(said.facts["offset_ms"] - 3_600_000) <= 100 + said.facts["uncertainty_ms"]
