"""Everything that can be learnt about one device at one address, for a person: `device probe`.

Every part may fail alone; what failed stands beside its reason. Nothing in a report is secret, and
every text that a device gave is cleaned before it stands there.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from cameras.protocols.base import (
    Channel,
    ClockSample,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Identity,
    IndexAnswer,
    LockedOut,
    Login,
    Reason,
    Streams,
    StreamTarget,
    TimeBase,
    TooSlow,
)
from cameras.protocols.discovery import ask_one
from cameras.protocols.http import Transport
from cameras.protocols.listener import what_listens
from cameras.protocols.opened import CAPABILITIES, OpenDevice
from cameras.protocols.opening import PROTOCOLS, open_device
from cameras.protocols.rtsp import RtspConnection, StreamLimits
from cameras.protocols.rtsp_messages import refusal
from cameras.protocols.rtsp_port import port_in
from core.text import clean_label

T = TypeVar("T")
YES, NO, UNKNOWN = "yes", "no", "unknown"
_HOUR_MS = 3_600_000
_TRIED_MS = 60_000
_LONGEST_S = 45.0
_SILENT = {Reason.NO_ANSWER, Reason.CONNECTION_REFUSED, Reason.NAME_NOT_FOUND, Reason.TOO_SLOW}
# Answers, or none, behind which something else than a camera may stand.
_STRANGE = {
    Reason.NOT_SUPPORTED,
    Reason.BAD_ANSWER,
    Reason.BAD_XML,
    Reason.BUSY,
    Reason.TLS_FAULT,
    Reason.NO_ANSWER,
    Reason.TOO_SLOW,
}
_RTSP_LIMITS = StreamLimits(connect_s=3.0, reply_s=3.0, stall_s=3.0, total_s=4.0)


@dataclass
class ProbeReport:
    """What `probe` found; every value is fit for JSON (`as_json`). docs/bench.md explains each.

    `protocols` and `capabilities` map a name to {"answer": yes|no|unknown, "reason", "detail"}: for
    a protocol whether it answers, for a capability whether it was tried and worked.
    """

    address: str
    port: int
    tls: bool = False
    answered: bool = False
    reason: str = ""
    detail: str = ""
    sentence: str = ""
    protocol: str = ""
    auth: str = ""
    rtsp_port: int | None = None
    kind: str = "UNKNOWN"
    identity: dict[str, Any] | None = None
    protocols: dict[str, dict[str, str]] = field(default_factory=dict)
    capabilities: dict[str, dict[str, str]] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    time_base: str = ""
    clock: dict[str, Any] | None = None
    index: dict[str, Any] | None = None
    second_index: bool = False
    channels: list[dict[str, Any]] = field(default_factory=list)
    disks: list[dict[str, Any]] = field(default_factory=list)
    quirks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def failures(self) -> list[dict[str, str]]:
        """The capabilities that the device has, or may have, and that did not answer."""
        return [
            {"what": name, "reason": told["reason"], "detail": told["detail"]}
            for name, told in self.capabilities.items()
            if told["answer"] == UNKNOWN
        ]


async def probe(
    transport: Transport, endpoint: Endpoint, login: Login | None, protocol: str = "auto"
) -> ProbeReport:
    """Opens the device and asks for each part once. Never raises a DeviceError."""
    report = ProbeReport(endpoint.host, endpoint.port, endpoint.tls, rtsp_port=endpoint.rtsp_port)
    report.protocols = {name: _verdict(UNKNOWN, Reason.NOT_ASKED) for name in PROTOCOLS}
    tried: list[tuple[str, str, DeviceError]] = []
    try:
        device = await open_device(transport, endpoint, login, protocol=protocol, tried=tried)
    except DeviceError as error:
        _take_failures(report, tried)
        await _explain(report, endpoint, error)
        open_part = await without_login(transport, endpoint, protocol, error)
        if open_part is None:
            return report
        device = open_part
    try:
        report.answered = True
        await _Questions(report, device, endpoint, login).ask()
    finally:
        await device.close()
    return report


async def without_login(
    transport: Transport, endpoint: Endpoint, protocol: str, error: DeviceError
) -> OpenDevice | None:
    """What a device that refuses the login tells everybody, such as its clock; None where nothing."""
    if not isinstance(error, CredentialRefused) or isinstance(error, LockedOut):
        return None
    if protocol not in ("auto", "onvif"):
        return None
    try:
        return await open_device(transport, endpoint, None, protocol="onvif")
    except DeviceError:
        return None


async def _explain(report: ProbeReport, endpoint: Endpoint, error: DeviceError) -> None:
    """The device could not be opened: why, and what else may listen there."""
    report.reason, report.detail = str(error.reason), error.detail
    report.answered = error.reason not in _SILENT
    report.capabilities = {name: _of_error(error, sure=False) for name in CAPABILITIES}
    if error.reason is Reason.CONNECTION_REFUSED:
        report.sentence = "Nothing listens at this port."
    elif error.reason in _STRANGE:
        listener = await what_listens(endpoint)
        report.sentence = listener.sentence
        if listener.kind == "http" and error.detail:
            report.sentence += f" ({clean_label(error.detail, 300)})"
        # An open port where nobody speaks is no answer.
        report.answered = listener.kind not in ("silent", "closed")
    if error.reason in _STRANGE | {Reason.CONNECTION_REFUSED, Reason.REDIRECTED}:
        report.sentence = f"{report.sentence} {await _elsewhere(endpoint)}".strip()


async def _elsewhere(endpoint: Endpoint) -> str:
    """Many makes speak ONVIF at a port of their own, and tell it by WS-Discovery."""
    try:
        if ipaddress.ip_address(endpoint.host).version != 4:
            return ""
    except ValueError:
        return ""
    found = await ask_one(endpoint.host)
    if found is None or not found.path or found.port == endpoint.port:
        return ""
    tls = " --tls" if found.tls else ""
    return f"It tells by WS-Discovery that it speaks ONVIF at port {found.port}: try --port {found.port}{tls}."


def _take_failures(report: ProbeReport, failures: list[tuple[str, str, DeviceError]]) -> None:
    for capability, protocol, error in failures:
        if capability in ("protocol", "identity"):
            if report.protocols[protocol]["answer"] != YES:
                report.protocols[protocol] = _of_error(error, sure=True)
        elif capability in CAPABILITIES:
            report.capabilities[capability] = _of_error(error, sure=True)


class _Questions:
    """The questions of one probe, put one after the other until its time is over."""

    def __init__(
        self, report: ProbeReport, device: OpenDevice, endpoint: Endpoint, login: Login | None
    ) -> None:
        self._report = report
        self._device = device
        self._endpoint = endpoint
        self._login = login
        self._ends_at = time.monotonic() + _LONGEST_S

    async def ask(self) -> None:
        report, device = self._report, self._device
        report.protocol = device.protocol
        report.capabilities = {}
        _take_failures(report, device.failures)
        report.protocols[device.protocol] = _verdict(YES)
        report.second_index = device.second_index is not None
        if device.second_index is not None:
            report.protocols["onvif"] = _verdict(YES)
        if device.recordings is not None:
            report.time_base = str(device.recordings.index_time_base)
        await self._about_the_device()
        if not self._speaks_it():
            return
        channels = await self._channels()
        await self._about_a_channel(channels[0] if channels else Channel(1))
        if device.disks is not None:
            disks = await self._part("disks", device.disks.disks()) or []
            report.disks = [_clean(asdict(disk)) for disk in disks]
        for capability in CAPABILITIES:
            told = report.capabilities.setdefault(capability, _verdict(UNKNOWN, Reason.NOT_ASKED))
            if report.reason and told["reason"] == Reason.NO_CREDENTIAL:
                # The rest was asked without the login that had been refused before.
                told |= {"reason": report.reason, "detail": report.detail}
        # Learnt while asking: the login that worked, and the traps that were met.
        report.auth = device.manner.auth
        report.services = dict(device.manner.services)
        report.quirks = list(device.manner.quirks)

    async def _about_the_device(self) -> None:
        report, device = self._report, self._device
        identity: Identity | None = device.identity
        if identity is None and device.identity_client is not None:
            identity = await self._part("identity", device.identity_client.identity())
        if identity is not None:
            report.capabilities["identity"] = _verdict(YES)
            report.identity = _clean(asdict(identity))
            report.kind = str(identity.kind)
        if device.clock is not None:
            sample = await self._part("clock", device.clock.read_clock())
            report.clock = None if sample is None else _one_reading(sample)

    def _speaks_it(self) -> bool:
        """A vendor's protocol that tells neither who nor when it is, is not spoken here at all."""
        report = self._report
        told = [report.capabilities.get(name, {}) for name in ("identity", "clock")]
        if report.protocol == "onvif" or any(one.get("answer") == YES for one in told):
            return True
        why = told[0] or _verdict(UNKNOWN, Reason.NOT_ASKED)
        report.protocols[report.protocol] = dict(why)
        report.reason, report.detail, report.protocol = why["reason"], why["detail"], ""
        report.capabilities = {name: dict(why) | {"answer": UNKNOWN} for name in CAPABILITIES}
        return False

    async def _channels(self) -> list[Channel]:
        if self._device.channels is None:
            return []
        channels = await self._part("channels", self._device.channels.channels()) or []
        self._report.channels = [_clean(asdict(channel)) for channel in channels]
        return channels

    async def _about_a_channel(self, channel: Channel) -> None:
        """One channel stands for all: its picture, its streams, and its index of the last hour."""
        report, device = self._report, self._device
        if device.snapshot is not None:
            await self._part("snapshot", device.snapshot.snapshot(channel))
        if device.live is not None:
            live = await self._part("live", device.live.live(channel))
            if live is not None:
                report.rtsp_port = self._endpoint.rtsp_port or port_in(live.url) or 554
                await self._part("live", self._describes(live))
        now_ms = self._now_in_index_time()
        start_ms = now_ms - _HOUR_MS
        answer: IndexAnswer | None = None
        if device.recordings is not None:
            question = device.recordings.recordings(channel, start_ms, now_ms)
            answer = await self._part("recordings", question)
            if answer is not None:
                report.index = _index_facts(answer, start_ms, now_ms)
        if device.playback is not None:
            await self._about_playback(device.playback, channel, answer)
        # Last, because some accounts may do everything but this, and are refused from then on.
        if device.masks is not None:
            await self._part("masks", device.masks.masks(channel))

    async def _about_playback(
        self, client: Streams, channel: Channel, answer: IndexAnswer | None
    ) -> None:
        """The newest recording of the last hour, described and not played."""
        if answer is None or not answer.segments:
            words = "no recording of the last hour to try it on"
            self._report.capabilities["playback"] = _verdict(UNKNOWN, Reason.NOT_ASKED, words)
            return
        newest = max(answer.segments, key=lambda segment: segment.end_ms)
        start_ms = max(newest.start_ms, newest.end_ms - _TRIED_MS)
        stream = await self._part("playback", client.playback(channel, start_ms, newest.end_ms))
        if stream is not None:
            await self._part("playback", self._describes(stream))

    async def _describes(self, stream: StreamTarget) -> bool:
        """Whether the stream can be opened with our login: DESCRIBE, which opens no session."""
        headers = {"Accept": "application/sdp"}
        if stream.replay == "onvif":
            headers["Require"] = "onvif-replay"
        connection = RtspConnection(self._endpoint, self._login, stream.url, _RTSP_LIMITS)
        async with connection:
            reply = await connection.request("DESCRIBE", connection.address.url, headers)
            if reply.status == 551:
                headers.pop("Require")
                reply = await connection.request("DESCRIBE", connection.address.url, headers)
        if reply.status != 200:
            raise refusal("DESCRIBE", reply)
        return True

    def _now_in_index_time(self) -> int:
        """The device's own now in the time base of its index; ours when its clock did not answer."""
        clock, index = self._report.clock, self._device.recordings
        ours = round(time.time() * 1000)
        if clock is None or index is None:
            return ours
        is_local = index.index_time_base is TimeBase.DEVICE_LOCAL
        shown: int | None = clock["local_ms" if is_local else "utc_ms"]
        return ours if shown is None else shown

    async def _part(self, capability: str, question: Awaitable[T]) -> T | None:
        try:
            if time.monotonic() > self._ends_at:
                _forget(question)
                raise TooSlow("the time for this probe is over")
            answer = await question
        except DeviceError as error:
            self._report.capabilities[capability] = _of_error(error, sure=True)
            return None
        self._report.capabilities[capability] = _verdict(YES)
        return answer


def _forget(question: Awaitable[Any]) -> None:
    """Ends a question that is not put any more, so that nothing waits for it."""
    close = getattr(question, "close", None)
    if close is not None:
        close()


def _one_reading(sample: ClockSample) -> dict[str, Any]:
    """One reading and how far it is off; the edge of the second is `device clock`'s work."""
    facts = _clean(asdict(sample))
    middle = (sample.sent_ms + sample.received_ms) / 2
    shown = sample.local_ms if sample.utc_ms is None else sample.utc_ms
    facts["offset_ms"] = None if shown is None else round(shown + sample.resolution_ms / 2 - middle)
    facts["uncertainty_ms"] = round(
        sample.resolution_ms / 2 + (sample.received_ms - sample.sent_ms) / 2
    )
    for name in ("sent_ms", "received_ms"):
        facts[name] = round(facts[name])
    return facts


def _index_facts(answer: IndexAnswer, start_ms: int, end_ms: int) -> dict[str, Any]:
    return {
        "source": str(answer.source),
        "time_base": str(answer.time_base),
        "asked_start_ms": start_ms,
        "asked_end_ms": end_ms,
        "segments_of_last_hour": len(answer.segments),
        "complete": answer.complete,
        "earliest_ms": answer.earliest_ms,
        "notes": list(answer.notes),
    }


def _clean(facts: dict[str, Any]) -> dict[str, Any]:
    """The same facts with every text fit to be printed."""
    return {name: _clean_value(value) for name, value in facts.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean_label(value, 200)
    if isinstance(value, list | tuple):
        return [_clean_value(one) for one in value]
    return value


def _verdict(answer: str, reason: str = "", detail: str = "") -> dict[str, str]:
    return {"answer": answer, "reason": str(reason), "detail": detail}


def _of_error(error: DeviceError, *, sure: bool) -> dict[str, str]:
    """ "no" only where the device itself says that it lacks this; everything else is unknown."""
    is_no = sure and error.reason is Reason.NOT_SUPPORTED
    return _verdict(NO if is_no else UNKNOWN, error.reason, clean_label(error.detail, 300))
