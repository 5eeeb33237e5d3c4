"""A running campus is changed through its control door."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulator.control import Control, ControlError
from simulator.running import RunningCampus
from simulator.world import SimDevice
from tests.simulator.http_probe import one_recorder, onvif

DEVICE = "/onvif/device_service"
KEY = "recorder-1"
HANG_S = 300


@pytest.fixture
async def running() -> AsyncIterator[RunningCampus]:
    campus, _ = one_recorder()
    async with RunningCampus(campus, control="0", rtsp="none", discovery_port=0) as started:
        yield started


@pytest.fixture
def recorder(running: RunningCampus) -> SimDevice:
    return running.campus.devices[0]


async def order(running: RunningCampus, command: str, **arguments: Any) -> Any:
    assert running.control is not None
    address = running.control.address

    def ask() -> Any:
        with Control(address) as control:
            return control.do(command, **arguments)

    return await asyncio.to_thread(ask)


async def test_it_lists_the_devices(running: RunningCampus, recorder: SimDevice) -> None:
    (told,) = await order(running, "devices")
    assert told["serial"] == recorder.serial
    assert told["channels"] == [1, 2]


async def test_a_killed_device_is_gone_and_its_outage_stays(
    running: RunningCampus, recorder: SimDevice
) -> None:
    await order(running, "kill", device=KEY)
    with pytest.raises(ConnectionRefusedError):
        await onvif(recorder, DEVICE, "tds", "GetUsers")
    await order(running, "revive", device=KEY)
    assert (await onvif(recorder, DEVICE, "tds", "GetUsers")).status == 200
    assert len(recorder.down) == 1


async def test_faults_are_set_and_cleared(running: RunningCampus, recorder: SimDevice) -> None:
    await order(running, "set_fault", device=KEY, fault="busy")
    assert (await onvif(recorder, DEVICE, "tds", "GetUsers")).status == 503
    await order(running, "clear_faults", device=KEY)
    assert (await onvif(recorder, DEVICE, "tds", "GetUsers")).status == 200


async def test_a_clock_is_set(running: RunningCampus, recorder: SimDevice) -> None:
    await order(running, "set_clock", device=recorder.address, clock={"offset_ms": 90_000})
    assert recorder.clock.offset_at(0) == 90_000


async def test_firmware_and_serial_are_changed(running: RunningCampus, recorder: SimDevice) -> None:
    await order(running, "set", device=KEY, name="firmware", value="V9")
    answer = await onvif(recorder, DEVICE, "tds", "GetDeviceInformation")
    assert answer.text("FirmwareVersion") == "V9"


async def test_a_password_is_changed(running: RunningCampus, recorder: SimDevice) -> None:
    await order(running, "set_user", device=KEY, username="admin", password="baska-parola-3")
    assert (await onvif(recorder, DEVICE, "tds", "GetUsers")).status == 400


async def test_a_gap_is_added_to_one_channel(running: RunningCampus) -> None:
    span = {"from": {"day": -1, "at": "10:00"}, "to": {"day": -1, "at": "11:00"}}
    await order(running, "add_gap", device=KEY, channel=2, gap=span)
    asked = {"device": KEY, "start": span["from"], "end": span["to"]}
    assert await order(running, "recorded", channel=2, **asked) == []
    assert await order(running, "recorded", channel=1, **asked) != []


async def test_counts_are_told_and_reset(running: RunningCampus, recorder: SimDevice) -> None:
    await onvif(recorder, DEVICE, "tds", "GetUsers")
    assert (await order(running, "device", device=KEY))["calls"] == 1
    await order(running, "reset_counts")
    assert (await order(running, "device", device=KEY))["calls"] == 0


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("kill", {"device": "nobody"}),
        ("dance", {}),
        ("set", {"device": KEY, "name": "address", "value": "x"}),
        ("set_fault", {"device": KEY, "fault": "no_such_thing"}),
    ],
)
async def test_a_bad_order_is_refused(
    running: RunningCampus, command: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ControlError):
        await order(running, command, **arguments)


def start_campus(control: Path) -> subprocess.Popen[str]:
    arguments = ["--cameras", "2", "--recorders", "1", "--control", f"unix:{control}"]
    arguments += ["--discovery-port", "0", "--rtsp", "none", "--die-with-parent", "--seed", "5"]
    # Other ports than the usual ones cannot be told, so only a device that nobody uses is started.
    arguments += ["--addresses", "none-of-them"]
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments], stdout=subprocess.PIPE, text=True
    )


def test_the_program_says_when_it_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    program = start_campus(tmp_path / "c.sock")
    assert program.stdout is not None
    try:
        assert program.stdout.readline().startswith("simulator ready devices=0")
        assert (tmp_path / "c.sock").exists()
        program.send_signal(signal.SIGTERM)
        assert program.wait(HANG_S) == 0
        assert not (tmp_path / "c.sock").exists()
    finally:
        program.kill()
        program.wait(HANG_S)
        program.stdout.close()


def test_the_program_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'simulator', '--cameras', '1', '--rtsp',"
        " 'none', '--discovery-port', '0', '--addresses', 'none', '--die-with-parent'],"
        " stdout=subprocess.PIPE)\n"
        "p.stdout.readline()\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait(HANG_S)
    parent.stdout.close()
    descriptor = None
    try:
        descriptor = os.pidfd_open(child)
    except ProcessLookupError:
        return

    ready, _, _ = select.select([descriptor], [], [], HANG_S)
    os.close(descriptor)
    assert ready
