"""Simulated devices on loopback, served from a thread, with their rows in the inventory."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterable

import vault
from core.secret import Secret
from inventory.models import Address, Channel, ChannelAssignment, Device, Installation
from simulator.running import RunningCampus
from simulator.world import Campus, Kind, SimDevice
from tests.inventory import rows

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Served:
    """A campus whose servers run in a thread of their own."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.running = RunningCampus(campus, discovery_port=0)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Served:
        self.thread.start()
        self._wait(self.running.__aenter__())
        return self

    def __exit__(self, *exc: object) -> None:
        self._wait(self.running.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _wait(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(300)  # type: ignore[arg-type]


def enter(devices: Iterable[SimDevice]) -> dict[str, Device]:
    """Writes inventory and credentials of simulated devices. Recorders' channels get positions."""
    network = rows.network("127.64.0.0/10")
    building = rows.building()
    entered: dict[str, Device] = {}
    for sim in devices:
        device = Device.objects.create(
            kind="RECORDER" if sim.kind is Kind.RECORDER else "CAMERA",
            maker=sim.maker,
            model=sim.model,
            serial=sim.serial,
            mac=sim.mac,
            status="IN_SERVICE",
            http_port=sim.http_port or 8080,
            rtsp_port=sim.rtsp_port or None,
        )
        Address.objects.create(
            device=device, network=network, ip=sim.address, mac=sim.mac, starts_at=LONG_AGO
        )
        for username, user in list(sim.users.items())[:1]:
            vault.store(device, username, Secret(user.password), by="test", because="test")
        entered[sim.address] = device
    for sim in devices:
        device = entered[sim.address]
        if sim.kind is Kind.RECORDER:
            for each in sim.channels:
                position = rows.position(building)
                channel = Channel.objects.create(recorder=device, number=each.number)
                camera = entered.get(each.camera)
                if camera is None:
                    camera = rows.device()
                Installation.objects.create(device=camera, position=position, starts_at=LONG_AGO)
                ChannelAssignment.objects.create(
                    channel=channel, position=position, starts_at=LONG_AGO
                )
    return entered
