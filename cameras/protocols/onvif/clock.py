"""The device's clock by GetSystemDateAndTime, and its NTP servers."""

from __future__ import annotations

from cameras.protocols.base import BadAnswer, ClockSample, NotSupported, Reason
from cameras.protocols.onvif.faults import NotAuthorized
from cameras.protocols.onvif.soap import CLOCK_NEEDS_LOGIN, Answer, SoapConversation
from cameras.protocols.onvif.times import TURKIYE_MS, clear_zone_ms, date_time_ms, http_date_ms
from cameras.protocols.xml import as_bool, descendants, find, text

UTC_FROM_ZONE = "utc-from-zone"
CLOCK_FROM_HTTP_DATE = "clock-from-http-date"


async def read_clock(soap: SoapConversation) -> ClockSample:
    """One reading, without login where the device allows that (the standard demands it)."""
    if CLOCK_NEEDS_LOGIN not in soap.manner.quirks:
        try:
            answer = await soap.call_bare("device", "GetSystemDateAndTime")
        except NotAuthorized:
            answer = await soap.call("device", "GetSystemDateAndTime")
    else:
        answer = await soap.call("device", "GetSystemDateAndTime")
    soap.take_offset(answer)
    return clock_sample(answer, soap.manner.quirks)


def clock_sample(answer: Answer, quirks: list[str]) -> ClockSample:
    """What a GetSystemDateAndTime answer says; a figure from elsewhere is noted in `quirks`.

    Raises `BadAnswer` (CLOCK_UNKNOWN) when neither the answer nor its HTTP header has a time.
    """
    told = find(answer.content, "SystemDateAndTime")
    if told is None:
        raise BadAnswer("GetSystemDateAndTime: no date and time", reason=Reason.CLOCK_UNKNOWN)
    zone = text(told, "TimeZone/TZ")
    daylight_saving = as_bool(text(told, "DaylightSavings"))
    utc_ms = date_time_ms(find(told, "UTCDateTime"))
    wall_ms = date_time_ms(find(told, "LocalDateTime"))
    if utc_ms is None and wall_ms is not None and not daylight_saving:
        east = clear_zone_ms(zone)
        if east is not None:
            utc_ms = wall_ms - east
            _note(quirks, UTC_FROM_ZONE)
    if utc_ms is None and wall_ms is None:
        utc_ms = http_date_ms(answer.reply.headers.get("Date", ""))
        if utc_ms is None:
            raise BadAnswer("the device tells no time", reason=Reason.CLOCK_UNKNOWN)
        _note(quirks, CLOCK_FROM_HTTP_DATE)
    kind = text(told, "DateTimeType").upper()
    return ClockSample(
        utc_ms=utc_ms,
        local_ms=None if wall_ms is None else wall_ms - TURKIYE_MS,
        resolution_ms=1000,
        sent_ms=answer.reply.sent_ms,
        received_ms=answer.reply.received_ms,
        zone=zone,
        daylight_saving=daylight_saving,
        uses_ntp={"NTP": True, "MANUAL": False}.get(kind),
    )


async def ntp_servers(soap: SoapConversation) -> tuple[str, ...]:
    """The configured NTP servers; empty when there are none or the device does not tell."""
    try:
        answer = await soap.call("device", "GetNTP")
    except (BadAnswer, NotSupported):
        return ()
    names = ("IPv4Address", "IPv6Address", "DNSname")
    told = [text(element) for name in names for element in descendants(answer.content, name)]
    return tuple(dict.fromkeys(server for server in told if server not in ("", "0.0.0.0", "::")))  # noqa: S104 - compared, not bound


def _note(quirks: list[str], quirk: str) -> None:
    if quirk not in quirks:
        quirks.append(quirk)
