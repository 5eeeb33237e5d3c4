"""Which picture belongs to which device and channel, with the clock that stands in it."""

from __future__ import annotations

from simulator.clocks import TSI_MS, Base
from simulator.video import Camera, camera_id
from simulator.world import SimChannel, SimDevice


def camera_key(device: SimDevice, channel: SimChannel) -> str:
    """What a camera's id in the strip is made from: the same directly and through its recorder."""
    if channel.camera:
        return channel.camera
    return device.address if channel.number == 1 else f"{device.address}#{channel.number}"


def camera_for(device: SimDevice, channel: SimChannel, true_ms: int) -> Camera:
    """The camera of a channel, its text clock set as the device's wall clock was at `true_ms`.

    Its pictures take instants of the device's UTC: `device.clock.at(true_ms)`.
    """
    clock = device.clock
    zone_ms = clock.at(true_ms, Base.LOCAL) - clock.at(true_ms, Base.UTC) + TSI_MS
    return Camera(camera_id(camera_key(device, channel)), channel.name or device.name, zone_ms)
