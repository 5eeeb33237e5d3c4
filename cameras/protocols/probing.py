"""Everything that can be learnt about one device at one address, for a person: `device probe`.

Every part may fail alone; what failed stands beside its reason. Nothing in a report is secret.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from cameras.protocols.base import Channel, DeviceError, Endpoint, Identity, Login, Reason, TimeBase
from cameras.protocols.http import Transport
from cameras.protocols.opening import CAPABILITIES, PROTOCOLS, OpenDevice, open_device

T = TypeVar("T")
_HOUR_MS = 3_600_000


@dataclass
class ProbeReport:
    """What `probe` found; every value is fit for JSON (`as_json`).

    `protocols` says for each protocol "answers", "not tried" or why not; `capabilities` says "yes",
    "no: reason" or "could not tell: reason". Times of `clock` are milliseconds as in ClockSample.
    """

    host: str
    port: int
    answered: bool = False
    reason: str = ""
    protocol: str = ""
    auth: str = ""
    identity: dict[str, Any] | None = None
    kind: str = "UNKNOWN"
    protocols: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    capabilities: dict[str, str] = field(default_factory=dict)
    channels: list[dict[str, Any]] = field(default_factory=list)
    disks: list[dict[str, Any]] = field(default_factory=list)
    clock: dict[str, Any] | None = None
    index_time_base: str = ""
    index: dict[str, Any] | None = None
    has_second_index: bool = False
    quirks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def probe(
    transport: Transport, endpoint: Endpoint, login: Login | None, protocol: str = "auto"
) -> ProbeReport:
    """Opens the device and asks for each part once. Never raises a DeviceError."""
    report = ProbeReport(endpoint.host, endpoint.port)
    report.protocols = dict.fromkeys(PROTOCOLS, "not tried")
    try:
        device = await open_device(transport, endpoint, login, protocol=protocol)
    except DeviceError as error:
        report.reason = _words(error)
        report.answered = error.reason not in _SILENT
        report.capabilities = dict.fromkeys(CAPABILITIES, f"could not tell: {report.reason}")
        return report
    try:
        report.answered = True
        _describe(report, device)
        await _ask_each(report, device)
        # Learnt while asking: the login that worked, and the traps that were met.
        report.auth = device.manner.auth
        report.services = dict(device.manner.services)
        report.quirks = list(device.manner.quirks)
    finally:
        await device.close()
    return report


_SILENT = {Reason.NO_ANSWER, Reason.CONNECTION_REFUSED, Reason.NAME_NOT_FOUND, Reason.TOO_SLOW}


def _describe(report: ProbeReport, device: OpenDevice) -> None:
    report.protocol = device.protocol
    for capability, protocol, error in device.failures:
        if capability in ("protocol", "identity"):
            report.protocols[protocol] = _words(error)
        elif capability in CAPABILITIES:
            report.capabilities[capability] = _verdict(error)
    report.protocols[device.protocol] = "answers"
    report.has_second_index = device.second_index is not None
    if device.second_index is not None:
        report.protocols["onvif"] = "answers"
    if device.recordings is not None:
        report.index_time_base = str(device.recordings.index_time_base)


async def _ask_each(report: ProbeReport, device: OpenDevice) -> None:
    identity: Identity | None = device.identity
    if identity is None and device.identity_client is not None:
        identity = await _part(report, "identity", device.identity_client.identity())
    if identity is not None:
        report.capabilities["identity"] = "yes"
        report.identity = asdict(identity)
        report.kind = str(identity.kind)
    if device.clock is not None:
        sample = await _part(report, "clock", device.clock.read_clock())
        report.clock = None if sample is None else asdict(sample)
    if device.channels is not None:
        channels = await _part(report, "channels", device.channels.channels()) or []
        report.channels = [asdict(channel) for channel in channels]
        if channels:
            await _ask_about(report, device, channels[0])
    if device.disks is not None:
        disks = await _part(report, "disks", device.disks.disks()) or []
        report.disks = [asdict(disk) for disk in disks]
    for capability in CAPABILITIES:
        is_served = device.client_for(capability) is not None
        word = "yes, not tried" if is_served else "could not tell: not asked"
        report.capabilities.setdefault(capability, word)


async def _ask_about(report: ProbeReport, device: OpenDevice, channel: Channel) -> None:
    """One channel stands for all: its picture, its streams, and its index of the last hour."""
    if device.snapshot is not None:
        await _part(report, "snapshot", device.snapshot.snapshot(channel))
    if device.live is not None:
        await _part(report, "live", device.live.live(channel))
    now_ms = _now_in_index_time(report, device)
    if now_ms is None:
        return
    start_ms = now_ms - _HOUR_MS
    if device.recordings is not None:
        question = device.recordings.recordings(channel, start_ms, now_ms)
        answer = await _part(report, "recordings", question)
        if answer is not None:
            report.index = {
                "source": str(answer.source),
                "segments_of_last_hour": len(answer.segments),
                "complete": answer.complete,
                "notes": list(answer.notes),
            }
    if device.playback is not None:
        await _part(report, "playback", device.playback.playback(channel, start_ms, now_ms))


def _now_in_index_time(report: ProbeReport, device: OpenDevice) -> int | None:
    """The device's own now, in the time base of its index; None when its clock did not answer."""
    if report.clock is None or device.recordings is None:
        return None
    is_local = device.recordings.index_time_base is TimeBase.DEVICE_LOCAL
    now_ms: int | None = report.clock["local_ms" if is_local else "utc_ms"]
    return now_ms


async def _part(report: ProbeReport, capability: str, question: Awaitable[T]) -> T | None:
    try:
        answer = await question
    except DeviceError as error:
        report.capabilities[capability] = _verdict(error)
        return None
    report.capabilities[capability] = "yes"
    return answer


def _verdict(error: DeviceError) -> str:
    is_no = error.reason is Reason.NOT_SUPPORTED
    return f"{'no' if is_no else 'could not tell'}: {_words(error)}"


def _words(error: DeviceError) -> str:
    return f"{error.reason} ({error.detail})" if error.detail else str(error.reason)
