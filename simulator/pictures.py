"""Still pictures of simulated cameras, with the camera's own time burnt in."""

from __future__ import annotations

from simulator.clocks import Base
from simulator.video import still
from simulator.video_camera import camera_for
from simulator.world import Campus, SimChannel, SimDevice


def snapshot(campus: Campus, device: SimDevice, channel: SimChannel) -> bytes | None:
    """Return a JPEG of now, or None when the camera behind the channel gives no stream.

    A second's picture is kept, because encoding costs more than everything else together.
    """
    if not campus.is_online(channel):
        return None
    now = campus.now_ms()
    shown = device.clock.at(now, Base.LOCAL)
    key = ("picture", channel.number)
    known = device.memory.get(key)
    if known is None or known[0] != shown // 1000:
        picture = still(camera_for(device, channel, now), device.clock.at(now))
        known = device.memory[key] = (shown // 1000, picture)
    data: bytes = known[1]
    return data
