"""Simulated devices for the bench, and the bench's command run in this process."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import Entry
from simulator.campus_file import read_campus
from simulator.clocks import DAY_MS
from simulator.recording import tsi_midnight
from simulator.world import Campus, SimDevice, true_now_ms
from tests.cameras.simulated import Served

USER = "izleme"
CANARY = "kanarya-parola-7f3a"
# As long as the bench lets anybody wait: for calls that are answered.
PATIENT_S = 60
GAP = {"cause": "CAMERA_LOST", "daily": True, "from": "09:00", "to": "10:00"}


def recorder(key: str, dialect: str, address: str, maker: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "kind": "recorder",
        "dialect": dialect,
        "address": address,
        "http_port": 0,
        "rtsp_port": 0,
        "maker": maker,
        "serial": f"{key.upper()}000001",
        "users": {USER: CANARY},
        "recording": {"seam_ms": 800, "gaps": [GAP]},
        "channels": [{"number": 1, "name": "kapı", "token": "rec1"}],
        **more,
    }


DEVICES = [
    recorder("onvif", "onvif", "127.98.1.1", "Anatolia Vision"),
    recorder("isapi", "isapi", "127.98.1.2", "Hikvision", clock={"offset_ms": 3_600_000}),
    recorder("dahua", "dahua", "127.98.1.3", "Dahua", clock={"offset_ms": -45_000}),
]
KINDS = [str(device["key"]) for device in DEVICES]


@contextmanager
def campus_of(*devices: dict[str, Any]) -> Iterator[Campus]:
    campus = read_campus({"devices": list(devices or DEVICES)}, tsi_midnight(true_now_ms()))
    with Served(campus):
        yield campus


def device_of(campus: Campus, key: str) -> SimDevice:
    return next(device for device in campus.devices if device.key == key)


def yesterday_ms() -> tuple[int, int]:
    """[start, end) of yesterday in Türkiye."""
    midnight = tsi_midnight(true_now_ms())
    return midnight - DAY_MS, midnight


@dataclass
class Said:
    """What one run of the command gave."""

    code: int = 0
    out: str = ""
    err: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


class Bench:
    """`manage.py device`, with the password where a technician puts it: in the environment."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        self.said = ""

    def run(self, verb: str, device: SimDevice, *more: str, seconds: float = 1.5) -> Said:
        """One run against a simulated device, as JSON."""
        where = ["--port", str(device.http_port), "--user", USER, "--seconds", str(seconds)]
        return self.type(verb, device.address, *where, "--json", *more)

    def type(self, *words: str) -> Said:
        """The words as they are typed behind `manage.py device`."""
        said, out, err = Said(), io.StringIO(), io.StringIO()
        try:
            call_command("device", *words, stdout=out, stderr=err)
        except CommandError as error:
            said.code, said.err = error.returncode, str(error)
        except SystemExit as error:
            said.code = int(error.code or 0)
        said.out, said.err = out.getvalue(), err.getvalue() + said.err
        if said.out.startswith("{"):
            said.facts = json.loads(said.out)
        self.said += said.out + said.err
        return said

    def everything_written(self) -> str:
        """Output, errors, log lines and the audit log of all runs so far."""
        log = "\n".join(record.getMessage() for record in self._caplog.records)
        traces = "\n".join(str(record.exc_text) for record in self._caplog.records)
        entries = "\n".join(str(entry.__dict__) for entry in Entry.objects.all())
        return "\n".join([self.said, log, traces, entries])


@pytest.fixture
def bench(
    db: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Bench:
    monkeypatch.setenv("DEVICE_PASSWORD", CANARY)
    settings.NTP_SERVERS = []
    caplog.set_level(logging.DEBUG)
    return Bench(caplog)
