"""The campus model: devices, their clocks, users, faults and what they recorded.

Nothing here does input or output. True time comes from `Campus.now_ms`. What the
servers change while they run (faults, users, masks, kills) are plain attributes of `SimDevice`.
`simulator.campus_file.load_campus` reads the JSON form that simulator/README.md describes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.clocks import Base, SimClock, mix
from simulator.recording import (
    FOREVER_MS,
    Cause,
    Gap,
    Recorded,
    RecordingPlan,
    recorded,
    stamped,
    tsi_midnight,
)

HTTP_PORT = 8080
RTSP_PORT = 8554


class Kind(StrEnum):
    CAMERA = "camera"
    RECORDER = "recorder"


class Dialect(StrEnum):
    """What the device speaks; recorders of the vendor dialects speak some ONVIF as well."""

    ONVIF = "onvif"
    ISAPI = "isapi"
    DAHUA = "dahua"


class Auth(StrEnum):
    """How the device wants to be signed in to over ONVIF; vendor dialects always use HTTP digest."""

    NONE = "none"
    WSSE = "wsse"  # Created within `wsse_tolerance_s` of the device's own UTC
    DIGEST_MD5 = "digest-md5"
    DIGEST_SHA256 = "digest-sha256"
    WSSE_THEN_DIGEST = "wsse+digest"  # device service takes WSSE, media and the rest only digest


@dataclass
class SimUser:
    password: str
    level: str = "Administrator"  # Administrator, Operator, User


@dataclass
class RtspCount:
    """What a device's RTSP server has seen; `audio` counts set-ups of a sound track, `video` of pictures."""

    requests: int = 0
    sessions: int = 0
    at_once: int = 0
    max_at_once: int = 0
    audio: int = 0
    video: int = 0
    loudspeaker: int = 0


@dataclass
class SimChannel:
    """A channel of a recorder, or a lens of a camera. `number` counts from 1."""

    number: int
    name: str
    token: str = ""
    camera: str = ""  # address of the camera behind it
    plan: RecordingPlan = field(default_factory=RecordingPlan)
    seed: int = 0


@dataclass
class SimDevice:
    """One device at one loopback address."""

    address: str
    kind: Kind
    dialect: Dialect
    channels: list[SimChannel]
    key: str = ""  # name inside the campus file
    http_port: int = HTTP_PORT
    rtsp_port: int = RTSP_PORT
    maker: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""
    firmware: str = ""
    hardware: str = "1.0"
    name: str = ""
    users: dict[str, SimUser] = field(default_factory=dict)
    auth: Auth = Auth.WSSE
    wsse_tolerance_s: float = 5.0
    lockout_after: int = 0  # wrong tries until the account is locked; 0 = never
    time_needs_auth: bool = False
    clock: SimClock = field(default_factory=SimClock)
    faults: dict[str, Any] = field(default_factory=dict)
    down: list[tuple[int, int]] = field(default_factory=list)  # true spans without power
    ntp_servers: list[str] = field(default_factory=list)
    uses_ntp: bool = False
    profile_g: bool = True  # ONVIF recording, search and replay services are offered
    inventory: dict[str, Any] = field(default_factory=dict)
    wrong_tries: dict[str, int] = field(default_factory=dict)
    masks: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: int = 0
    at_once: int = 0
    max_at_once: int = 0
    rtsp: RtspCount = field(default_factory=RtspCount)
    latency_ms: int = 0
    connections: set[Any] = field(default_factory=set, repr=False)
    max_connections: int = 0
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)  # of its servers

    @property
    def seed(self) -> int:
        """Repeatable chance of this device."""
        return mix(*self.address.encode(), *self.serial.encode())

    def channel(self, number: int) -> SimChannel | None:
        """Return the channel with this 1-based number, or None."""
        return next((each for each in self.channels if each.number == number), None)

    def channel_by_token(self, token: str) -> SimChannel | None:
        """Return the channel whose recording token this is, or None."""
        return next((each for each in self.channels if each.token == token), None)

    def is_down(self, true_ms: int) -> bool:
        """Whether the device is without power at this true instant."""
        return "dead" in self.faults or any(a <= true_ms < b for a, b in self.down)

    def down_gaps(self, cause: Cause) -> list[Gap]:
        """Return its times without power as gaps of the recordings that depend on it."""
        return [Gap(cause, first, last) for first, last in self.down]

    def password_of(self, username: str) -> str | None:
        """Return the password of this user, or None when there is no such user."""
        user = self.users.get(username)
        return user.password if user else None

    def is_locked(self, username: str) -> bool:
        """Whether too many wrong tries have locked this account."""
        return bool(self.lockout_after) and self.wrong_tries.get(username, 0) >= self.lockout_after

    def note_login(self, username: str, right: bool) -> None:
        """Count a try. A right one forgets the wrong ones before it."""
        if right:
            self.wrong_tries.pop(username, None)
        else:
            self.wrong_tries[username] = self.wrong_tries.get(username, 0) + 1


_USUAL_UPTIME_MS = 90 * 24 * 3_600_000
_USUAL_RESTART_MINUTES = 180


def started_ms(device: SimDevice, now_ms: int) -> int:
    """When the device was started last, in true time."""
    every = device.faults.get("restarts")
    if every is not None:
        return now_ms - now_ms % (
            60_000 * (_USUAL_RESTART_MINUTES if every is True else int(every))
        )
    ends = [last for _first, last in device.down if last <= now_ms]
    return max(ends, default=now_ms - _USUAL_UPTIME_MS)


def true_now_ms() -> int:
    """Return this machine's time in milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


@dataclass
class Campus:
    """All devices, and the instant from which relative times in the file count."""

    devices: list[SimDevice]
    anchor_ms: int = 0  # 0: today's TSİ midnight
    name: str = ""
    inventory: dict[str, Any] = field(default_factory=dict)
    now_ms: Callable[[], int] = true_now_ms

    def __post_init__(self) -> None:
        self.anchor_ms = self.anchor_ms or tsi_midnight(self.now_ms())
        self._by_address = {each.address: each for each in self.devices}
        self._by_key = {each.key: each for each in self.devices if each.key}

    def device(self, address_or_key: str) -> SimDevice:
        """Return a device by its address or by its name in the campus file; KeyError if unknown."""
        found = self._by_address.get(address_or_key) or self._by_key.get(address_or_key)
        if found is None:
            raise KeyError(address_or_key)
        return found

    def camera_of(self, channel: SimChannel) -> SimDevice | None:
        """Return the camera behind a recorder's channel."""
        return self._by_address.get(channel.camera)

    def is_online(self, channel: SimChannel) -> bool:
        """Whether the recorder has a stream from the channel's camera right now."""
        camera = self.camera_of(channel)
        return camera is None or not camera.is_down(self.now_ms())

    def recorded(
        self, device: SimDevice, channel: SimChannel, start_ms: int, end_ms: int
    ) -> list[Recorded]:
        """Return the files that touch the span, whole, in true milliseconds, as they are now."""
        gaps = device.down_gaps(Cause.RECORDER_DOWN)
        camera = self.camera_of(channel)
        if camera is not None and camera is not device:
            gaps += camera.down_gaps(Cause.CAMERA_LOST)
        return recorded(
            channel.plan, channel.seed, start_ms, end_ms, now_ms=self.now_ms(), gaps=gaps
        )

    def index(
        self, device: SimDevice, channel: SimChannel, start_ms: int, end_ms: int, base: Base
    ) -> list[Recorded]:
        """Return what the device's index says about a span, all in the device's time base.

        The files carry the stamps of the clock of their recording, sorted by stamp.
        """
        reach = self._true_reach(device.clock, start_ms, end_ms, base)
        files: set[Recorded] = set()
        for first, last in reach:
            files.update(stamped(self.recorded(device, channel, first, last), device.clock, base))
        return sorted(f for f in files if f.end_ms > start_ms and f.start_ms < end_ms)

    def is_recorded(self, device: SimDevice, channel: SimChannel, true_ms: int) -> bool:
        """Whether a frame of this true instant can be played back now."""
        return bool(self.recorded(device, channel, true_ms, true_ms + 1))

    def _true_reach(
        self, clock: SimClock, start_ms: int, end_ms: int, base: Base
    ) -> Iterable[tuple[int, int]]:
        """Return true spans that hold every recording stamped inside the asked device span."""
        now = self.now_ms()
        oldest = now - 400 * 86_400_000
        if not clock.jumps and not clock.resets:
            error = 4 * 3_600_000 + abs(clock.offset_ms)
            error += int(abs(clock.drift_s_per_day) * abs(now - clock.drift_since_ms) / 86_400)
            return [(max(oldest, start_ms - error), min(now, end_ms + error))]
        return [(oldest, now)]

    def kill(self, device: SimDevice) -> None:
        """Take the power away from now on."""
        if not self._open_outage(device):
            device.down.append((self.now_ms(), FOREVER_MS))

    def revive(self, device: SimDevice) -> None:
        """Give the power back; the outage stays in the history."""
        now = self.now_ms()
        device.down = [(a, min(b, now) if a <= now < b else b) for a, b in device.down]
        device.faults.pop("dead", None)

    def _open_outage(self, device: SimDevice) -> bool:
        now = self.now_ms()
        return any(a <= now < b for a, b in device.down)
