"""Six ONVIF calls to each of 200 devices: what does one device cost us in CPU time?

`bin/bench sweep [--devices 200] [--rounds 5] [--latency-ms 20]`. The last line is JSON:
`devices_per_cpu_second` (goal 250), `x_onvifcamera` against `ONVIFCamera` of onvif-zeep per device
(goal 60), `x_handwritten` against hand-written templates with lxml and aiohttp (goal 0.5).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.parts.campus import CampusPlan, RunningChild
from benchmarks.parts.ending import run, say
from benchmarks.rivals.handwritten import Sweep, Swept
from cameras.protocols.base import Endpoint, Login, Manner
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.media import Media
from cameras.protocols.onvif.messages import warm_up
from cameras.protocols.xml import find, text
from core.secret import Secret
from simulator.generator import PASSWORD, USERNAME
from simulator.world import SimDevice

AT_ONCE = 50
CALLS = 6
RIVAL_DEVICES = 4


async def sweep(devices: list[SimDevice]) -> list[Swept]:
    """The product's way: a client, a conversation and a login ladder for each device."""
    places = asyncio.Semaphore(AT_ONCE)
    async with Transport() as transport:

        async def one(device: SimDevice) -> Swept:
            async with places:
                return await _six_calls(transport, device)

        return await asyncio.gather(*(one(device) for device in devices))


async def _six_calls(transport: Transport, device: SimDevice) -> Swept:
    endpoint = Endpoint(device.address, device.http_port)
    login = Login(USERNAME, Secret(PASSWORD))
    client = OnvifClient(transport.to(endpoint, login, Manner()))
    try:
        clock = await client.read_clock()
        await client.capabilities()
        identity = await client.soap.call("device", "GetDeviceInformation")
        media = Media(client.soap)
        profiles = await media.profiles()
        token = profiles[0].token
        address = await client.soap.call("media", "GetSnapshotUri", ProfileToken=token)
        summary = await client.soap.call("search", "GetRecordingSummary")
    finally:
        await client.close()
    return Swept(
        time=(clock.utc_ms or 0,),
        services=client.manner.services,
        serial=text(identity.content, "SerialNumber"),
        profiles=[(profile.token, profile.source) for profile in profiles],
        snapshot=text(address.content, "MediaUri/Uri"),
        recordings=text(find(summary.content, "Summary"), "NumberRecordings"),
    )


def _measure(
    way: Callable[[list[SimDevice]], Awaitable[list[Swept]]], campus: RunningChild
) -> float:
    """CPU seconds of this process for one round, after which the answers are looked at."""
    devices = campus.campus.devices
    campus.calls()

    async def work() -> list[Swept]:
        return await way(devices)

    begin = time.process_time()
    swept = asyncio.run(work())
    seconds = time.process_time() - begin
    if [each.serial for each in swept] != [device.serial for device in devices]:
        raise RuntimeError("The devices did not all answer with their own serial.")
    if any(not each.snapshot or each.recordings != "1" for each in swept):
        raise RuntimeError("An address of a picture or a summary is missing.")
    if (calls := campus.calls()) != CALLS * len(devices):
        raise RuntimeError(f"The devices counted {calls} calls instead of {CALLS * len(devices)}.")
    return seconds


def _onvif_camera(devices: list[SimDevice]) -> list[float]:
    told = [
        {
            "host": device.address,
            "port": device.http_port,
            "username": USERNAME,
            "password": PASSWORD,
            "serial": device.serial,
        }
        for device in devices
    ]
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.rivals.onvif_camera"]
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, check=True, timeout=300
    )
    return [float(seconds) for seconds in json.loads(done.stdout)]


def measure(devices: int, rounds: int, latency_ms: int) -> dict[str, Any]:
    """Runs all three ways against the same campus; rounds of ours and of the templates alternate."""
    begin = time.process_time()
    warm_up()
    say(f"The WSDLs were read once, in {time.process_time() - begin:.1f} s of CPU time.")
    gc.collect()
    gc.freeze()
    handwritten = Sweep(USERNAME, PASSWORD, AT_ONCE)
    ours: list[float] = []
    templates: list[float] = []
    plan = CampusPlan(cameras=devices, recorders=8, latency_ms=latency_ms, edge_onvif=True)
    with RunningChild(plan) as campus:
        for each in (sweep, handwritten.run):
            _measure(each, campus)
        for _round in range(rounds):
            ours.append(_measure(sweep, campus))
            templates.append(_measure(handwritten.run, campus))
        rival = _onvif_camera(campus.campus.devices[: min(RIVAL_DEVICES, devices)])
    per_device = statistics.median(ours) / devices
    by_hand = statistics.median(templates) / devices
    by_camera = statistics.median(rival)
    say(f"Ours:                  {per_device * 1000:7.2f} ms of CPU time per device.")
    say(f"Hand-written templates:{by_hand * 1000:7.2f} ms.")
    say(
        f"ONVIFCamera:           {by_camera * 1000:7.2f} ms, median of {len(rival)} devices one after"
        " the other;\n                       its cost per device does not depend on how many follow."
    )
    return {
        "benchmark": "sweep",
        "devices": devices,
        "devices_per_cpu_second": round(1 / per_device),
        "x_onvifcamera": round(by_camera / per_device, 1),
        "x_handwritten": round(by_hand / per_device, 2),
        "ms_per_device": round(per_device * 1000, 2),
        "best_ms_per_device": round(min(ours) / devices * 1000, 2),
    }


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency-ms", type=int, default=20)
    options = parser.parse_args()
    say(
        f"{options.devices} simulated ONVIF cameras answer after {options.latency_ms} ms, from a process of"
        " their own.\nEach is asked GetSystemDateAndTime, GetServices, GetDeviceInformation, GetProfiles,\n"
        "GetSnapshotUri and GetRecordingSummary over a connection of its own, with a WS-Security login.\n"
        "Ours goes through OnvifClient.read_clock and capabilities, Media.profiles, and for the three\n"
        "that the client only asks together with other questions through OnvifClient.soap.call, which\n"
        f"is what its methods use. Median of {options.rounds} rounds after one to warm up; CPU seconds of this\n"
        "process only."
    )
    return measure(options.devices, options.rounds, options.latency_ms)


if __name__ == "__main__":
    run(main)
