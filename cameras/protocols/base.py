"""What every device protocol gives, in which clock, and how it fails.

Only these dataclasses and the error tree below leave `cameras.protocols`:

DeviceError
├── Unreachable       nothing there: refused, no route, silent                 temporary
├── TooSlow           our total deadline passed                                temporary
├── Busy              the device says that it is busy, or closed on us         temporary
├── TooLarge          more bytes, pages or results than we accept              permanent
├── CredentialRefused the login is wrong; never tried again by itself          permanent
│   └── LockedOut     the device says that the account is locked               permanent
├── NotSupported      the device does not have this capability                 permanent
├── BadAnswer         an answer that cannot be used                            permanent
│   └── NoProgress    a search that does not move forward                      permanent
└── Untrusted         redirect, other host, TLS fault, not the expected device permanent

Times. A device speaks in one of two time bases, and both may be wrong:
`DEVICE_UTC` is what the device believes to be UTC (ONVIF). `DEVICE_LOCAL` is its wall clock (ISAPI,
Dahua), written here as if that wall clock showed Türkiye time (UTC+3 all year).
Instants are integers: milliseconds since 1970-01-01 UTC *of that time base*. With the matching
offset, true = device - offset. Offsets are device minus true: positive means the device is ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from cameras.protocols.disk_states import DiskState
from core.secret import Secret


class Reason(StrEnum):
    """Why something could not be checked. Codes are stored; the words for them are in cameras.wording.reasons."""

    CONNECTION_REFUSED = "CONNECTION_REFUSED"
    NO_ANSWER = "NO_ANSWER"
    NAME_NOT_FOUND = "NAME_NOT_FOUND"
    TOO_SLOW = "TOO_SLOW"
    BUSY = "BUSY"
    TOO_LARGE = "TOO_LARGE"
    CREDENTIAL_REFUSED = "CREDENTIAL_REFUSED"
    LOCKED_OUT = "LOCKED_OUT"
    CREDENTIAL_PARKED = "CREDENTIAL_PARKED"
    NO_CREDENTIAL = "NO_CREDENTIAL"
    UNSAFE_LOGIN = "UNSAFE_LOGIN"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    NO_SUCH_CHANNEL = "NO_SUCH_CHANNEL"
    BAD_ANSWER = "BAD_ANSWER"
    BAD_XML = "BAD_XML"
    NO_PROGRESS = "NO_PROGRESS"
    REDIRECTED = "REDIRECTED"
    OTHER_HOST = "OTHER_HOST"
    TLS_FAULT = "TLS_FAULT"
    WRONG_DEVICE = "WRONG_DEVICE"
    NOT_RECOGNISED = "NOT_RECOGNISED"
    WRONG_RANGE = "WRONG_RANGE"
    TIME_NOT_PROVEN = "TIME_NOT_PROVEN"
    OTHER_ZONE = "OTHER_ZONE"
    NOTHING_PLAYED = "NOTHING_PLAYED"
    UNDECODABLE = "UNDECODABLE"
    CLOCK_UNKNOWN = "CLOCK_UNKNOWN"
    SOURCES_DISAGREE = "SOURCES_DISAGREE"
    NOT_ASKED = "NOT_ASKED"
    INTERNAL = "INTERNAL"


class DeviceError(Exception):
    """A device did not give what was asked. `detail` is safe to show: never a secret, never a body."""

    reason: Reason = Reason.BAD_ANSWER
    is_permanent: bool = True

    def __init__(self, detail: str = "", *, reason: Reason | None = None) -> None:
        if reason is not None:
            self.reason = reason
        self.detail = detail[:500]
        super().__init__(f"{self.reason}: {self.detail}" if detail else str(self.reason))


class Unreachable(DeviceError):
    """No conversation came about."""

    reason = Reason.NO_ANSWER
    is_permanent = False


class TooSlow(DeviceError):
    """The total deadline passed, however much had already arrived."""

    reason = Reason.TOO_SLOW
    is_permanent = False


class Busy(DeviceError):
    """The device asks us to come back later."""

    reason = Reason.BUSY
    is_permanent = False


class TooLarge(DeviceError):
    """A cap on bytes, pages or results was reached."""

    reason = Reason.TOO_LARGE


class CredentialRefused(DeviceError):
    """The login was refused. Trying again would lock the account."""

    reason = Reason.CREDENTIAL_REFUSED


class LockedOut(CredentialRefused):
    """The device says that the account is locked."""

    reason = Reason.LOCKED_OUT


class NotSupported(DeviceError):
    """The device lacks the capability or the service."""

    reason = Reason.NOT_SUPPORTED


class BadAnswer(DeviceError):
    """An answer that breaks its protocol in a way that we cannot work round."""

    reason = Reason.BAD_ANSWER


class NoProgress(BadAnswer):
    """A search that repeats itself."""

    reason = Reason.NO_PROGRESS


class Untrusted(DeviceError):
    """The answer would lead us elsewhere, or does not come from the expected device."""

    reason = Reason.OTHER_HOST


class TimeBase(StrEnum):
    """The clock in which a device writes its times (see the module's docstring)."""

    DEVICE_UTC = "DEVICE_UTC"
    DEVICE_LOCAL = "DEVICE_LOCAL"


class Source(StrEnum):
    """From where a list of recorded intervals came."""

    ONVIF_EVENTS = "ONVIF_EVENTS"
    ONVIF_RECORDINGS = "ONVIF_RECORDINGS"  # spans only: proves nothing about gaps
    ISAPI_SEARCH = "ISAPI_SEARCH"
    DAHUA_FILES = "DAHUA_FILES"
    PLAYBACK = "PLAYBACK"


class DeviceKind(StrEnum):
    CAMERA = "CAMERA"
    RECORDER = "RECORDER"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Login:
    username: str
    password: Secret


@dataclass(frozen=True)
class Endpoint:
    """Where a device is. `host` is the one address that is ever dialled for it."""

    host: str
    port: int = 80
    rtsp_port: int | None = None
    tls: bool = False


@dataclass
class Manner:
    """How a device wants to be spoken to: learnt once, kept as JSON, used the next night.

    `protocol` is onvif, isapi or dahua; `auth` is one of none, wsse, digest-md5, digest-sha256, basic;
    `services` maps a service name to its path; `quirks` are short codes of traps met on this device;
    `certificate` is the SHA-256 of the TLS certificate met first: another one is `Untrusted`;
    `realm` is that of the HTTP login that was accepted last: whoever asks in another one gets no login
    by this manner.
    """

    protocol: str = ""
    auth: str = ""
    services: dict[str, str] = field(default_factory=dict)
    quirks: list[str] = field(default_factory=list)
    clock_offset_ms: int | None = None
    certificate: str = ""
    realm: str = ""


@dataclass(frozen=True)
class Identity:
    """Who the device says it is. Blank where it did not say."""

    maker: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    hardware: str = ""
    macs: tuple[str, ...] = ()  # upper-case, colon-separated
    name: str = ""
    kind: DeviceKind = DeviceKind.UNKNOWN


@dataclass(frozen=True)
class ClockSample:
    """One reading of a device's clock.

    `utc_ms` and `local_ms` are what the device showed, in its two time bases (None = not told);
    `resolution_ms` is the step of that figure (ONVIF, ISAPI and Dahua give whole seconds).
    `sent_ms` and `received_ms` are true-time milliseconds around the call, by this server's clock.
    """

    utc_ms: int | None
    local_ms: int | None
    resolution_ms: int
    sent_ms: float
    received_ms: float
    zone: str = ""  # as the device writes it
    daylight_saving: bool | None = None
    uses_ntp: bool | None = None
    ntp_servers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Channel:
    """A channel of a recorder, or the picture of a camera (number 1)."""

    number: int  # 1-based, as the recorder's own menu counts
    token: str = ""  # ONVIF recording token or profile token, ISAPI trackID, ...
    name: str = ""
    online: bool | None = None
    address: str = ""  # of the camera behind it, where told
    serial: str = ""


@dataclass(frozen=True)
class Segment:
    """One recorded interval of the index, half open, in the index's time base."""

    start_ms: int
    end_ms: int
    kind: str = ""  # continuous, motion, alarm, manual, or blank
    locked: bool = False
    playback: str = ""  # path or URL given by the device, host ignored


NOT_CLOSED = "not closed"
"""Kind of a doubted `Segment` that may only be in a file which is still being written: ask again later."""
START_NOT_TOLD = "last-start-not-told"
"""A note of an `IndexAnswer`: a power cut that left no event would go unseen in it."""


@dataclass(frozen=True)
class IndexAnswer:
    """What the recorder's own index says about one channel and one span.

    `segments` are as told: unsorted, overlapping and out of span is possible until `coverage` merges them.
    `complete` is False when the answer is known to miss something; `notes` says which quirks were met.
    `unsure` are stretches of which the answer contradicts itself: neither recorded nor lost.
    `earliest_ms` is the oldest unlocked recording of the channel, where the device tells it; `started_ms`
    is when the device was started last, where it tells that beside its index.
    """

    source: Source
    time_base: TimeBase
    segments: tuple[Segment, ...]
    complete: bool = True
    pages: int = 1
    notes: tuple[str, ...] = ()
    earliest_ms: int | None = None
    latest_ms: int | None = None
    unsure: tuple[Segment, ...] = ()
    started_ms: int | None = None


@dataclass(frozen=True)
class Picture:
    """A still as the device gave it. Not decoded, not trusted."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class StreamTarget:
    """An RTSP stream to play: live, or a past span.

    `start_ms`/`end_ms` are in `time_base`; None = live. `replay` is "onvif" (Require: onvif-replay and
    Range: clock=), "url" (the span stands in the URL, as Hikvision and Dahua do) or "" for live.
    """

    url: str
    time_base: TimeBase = TimeBase.DEVICE_UTC
    start_ms: int | None = None
    end_ms: int | None = None
    replay: str = ""


@runtime_checkable
class TellsIdentity(Protocol):
    async def identity(self) -> Identity: ...


@runtime_checkable
class TellsTime(Protocol):
    async def read_clock(self) -> ClockSample: ...


@runtime_checkable
class ListsChannels(Protocol):
    async def channels(self) -> list[Channel]: ...


@runtime_checkable
class IndexesRecordings(Protocol):
    """Asks the index. The span is in `index_time_base`; answers may reach beyond it."""

    index_time_base: TimeBase

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer: ...


@runtime_checkable
class TellsUptime(Protocol):
    async def uptime_s(self) -> int | None:
        """For how many seconds the device has been running; None where it does not tell."""
        ...


@runtime_checkable
class TakesSnapshots(Protocol):
    async def snapshot(self, channel: Channel) -> Picture: ...


@runtime_checkable
class Streams(Protocol):
    async def live(self, channel: Channel) -> StreamTarget: ...

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget: ...


@runtime_checkable
class TellsStorage(Protocol):
    async def disks(self) -> list[DiskState]: ...


@runtime_checkable
class TellsMasks(Protocol):
    async def masks(self, channel: Channel) -> int:
        """How many areas of its picture the device covers itself; 0 = its privacy masks are off."""
        ...


class DeviceClient(Protocol):
    """One conversation with one device. It also has the capability interfaces that it can serve."""

    protocol: str
    manner: Manner

    async def capabilities(self) -> Mapping[str, bool]:
        """Capability name (identity, clock, channels, recordings, snapshot, live, playback, disks,
        masks) -> offered."""
        ...

    async def close(self) -> None: ...
