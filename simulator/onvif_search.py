"""The ONVIF Search and Replay services of a Profile G recorder.

All times are the recorder's own UTC, with the clock of the time of recording.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from simulator.clocks import DAY_MS
from simulator.faults import fault
from simulator.onvif_device import OnvifCall, Operation
from simulator.onvif_history import RECORDING_STATE, TRACK_STATE, HistoryEvent, history
from simulator.paths import given_uri, replay_path
from simulator.recording import PlanKind, Recorded, oldest_kept_ms
from simulator.soap import SoapFault, boolean, child, parse_duration, parse_xml_time, xml_time
from simulator.world import Campus, SimChannel, SimDevice

PAGE = 100
MAX_SESSIONS = 16
TRACK = "VIDEO001"
FAR_MS = 400 * DAY_MS


@dataclass
class SearchSession:
    """A running search. `item(n)` gives the n-th result, so that a million need no room."""

    kind: str
    count: int
    item: Callable[[int], str]
    position: int = 0
    answers: int = 0
    expires_ms: int = 0


class SearchSessions:
    """The running searches of one recorder."""

    def __init__(self) -> None:
        self._sessions: dict[str, SearchSession] = {}

    def open(self, session: SearchSession, now_ms: int, keep_alive_ms: int) -> str:
        self._sessions = {
            token: each for token, each in self._sessions.items() if each.expires_ms > now_ms
        }
        if len(self._sessions) >= MAX_SESSIONS:
            raise SoapFault("Too many searches", "ter:Action", "ter:ResourceProblem", status=500)
        session.expires_ms = now_ms + keep_alive_ms
        token = f"Search_{secrets.token_hex(4)}"
        self._sessions[token] = session
        return token

    def get(self, token: str, kind: str, now_ms: int) -> SearchSession:
        session = self._sessions.get(token)
        if session is None or session.kind != kind or session.expires_ms <= now_ms:
            raise SoapFault("No such search", "ter:InvalidArgVal", "ter:InvalidToken")
        session.expires_ms = max(session.expires_ms, now_ms + 10_000)
        return session

    def close(self, token: str) -> None:
        if self._sessions.pop(token, None) is None:
            raise SoapFault("No such search", "ter:InvalidArgVal", "ter:InvalidToken")


def sessions_of(device: SimDevice) -> SearchSessions:
    """Return the running searches of a device."""
    found: SearchSessions = device.memory.setdefault("searches", SearchSessions())
    return found


def recording_of(call: OnvifCall, token: str) -> SimChannel:
    """Return the channel that this recording is of."""
    channel = call.device.channel_by_token(token)
    if channel is None:
        raise SoapFault("No such recording", "ter:InvalidArgVal", "ter:NoRecording")
    return channel


def _bounds(campus: Campus, device: SimDevice, channel: SimChannel) -> tuple[int, int] | None:
    """Return oldest and newest recorded instant as the recorder stamps them, or None.

    Remembered for a second, because a sweep asks every recorder several times.
    """
    now = campus.now_ms()
    key = ("bounds", channel.number)
    known = device.memory.get(key)
    if known is None or not 0 <= now - known[0] < 1000:
        known = device.memory[key] = (now, _find_bounds(campus, device, channel, now))
    bounds: tuple[int, int] | None = known[1]
    return bounds


def _find_bounds(
    campus: Campus, device: SimDevice, channel: SimChannel, now: int
) -> tuple[int, int] | None:
    if channel.plan.kind is PlanKind.NONE:
        return None
    oldest = oldest_kept_ms(channel.plan, now)
    first: list[Recorded] = []
    if channel.plan.locked:
        first = campus.recorded(device, channel, 0, oldest)
    step = oldest
    while not first and step < now:
        first = campus.recorded(device, channel, step, step + DAY_MS)
        step += DAY_MS
    if not first:
        return None
    last: list[Recorded] = []
    step = now
    while not last and step > oldest - DAY_MS:
        last = campus.recorded(device, channel, step - DAY_MS, step)
        step -= DAY_MS
    end = last[-1].end_ms if last else first[-1].end_ms
    return device.clock.at(first[0].start_ms), device.clock.at(end)


def source_xml(device: SimDevice, channel: SimChannel) -> str:
    """Return the Source element of a recording."""
    where = f"{channel.camera or device.address}"
    return (
        f"<tt:Source><tt:SourceId>{device.serial}-{channel.number}</tt:SourceId><tt:Name>"
        f"{escape(channel.name)}</tt:Name><tt:Location>{channel.number}</tt:Location>"
        f"<tt:Description>ch{channel.number}</tt:Description><tt:Address>{where}</tt:Address>"
        "</tt:Source>"
    )


def _information(call: OnvifCall, channel: SimChannel) -> str:
    device = call.device
    bounds = _bounds(call.campus, device, channel)
    oldest = newest = track = ""
    if bounds:
        first, last = (xml_time(device, each) for each in bounds)
        oldest = f"<tt:EarliestRecording>{first}</tt:EarliestRecording>"
        newest = f"<tt:LatestRecording>{last}</tt:LatestRecording>"
        track = f"<tt:DataFrom>{first}</tt:DataFrom><tt:DataTo>{last}</tt:DataTo>"
    online = call.campus.is_online(channel) and channel.plan.kind != "NONE"
    return (
        f"<tt:RecordingToken>{channel.token}</tt:RecordingToken>{source_xml(device, channel)}"
        f"{oldest}{newest}<tt:Content>{escape(channel.name)}</tt:Content><tt:Track><tt:TrackToken>"
        f"{TRACK}</tt:TrackToken><tt:TrackType>Video</tt:TrackType><tt:Description>video"
        f"</tt:Description>{track}</tt:Track>"
        f"<tt:RecordingStatus>{'Recording' if online else 'Stopped'}</tt:RecordingStatus>"
    )


def get_recording_summary(call: OnvifCall) -> str:
    if fault(call.device, "no_summary") is not None:
        raise SoapFault("Bad request", "ter:InvalidArgVal")
    bounds = [_bounds(call.campus, call.device, each) for each in call.device.channels]
    known = [each for each in bounds if each]
    now = call.device.clock.at(call.campus.now_ms())
    first = min((each[0] for each in known), default=now)
    last = max((each[1] for each in known), default=now)
    return (
        "<tse:GetRecordingSummaryResponse><tse:Summary>"
        f"<tt:DataFrom>{xml_time(call.device, first)}</tt:DataFrom>"
        f"<tt:DataUntil>{xml_time(call.device, last)}</tt:DataUntil>"
        f"<tt:NumberRecordings>{len(call.device.channels)}</tt:NumberRecordings>"
        "</tse:Summary></tse:GetRecordingSummaryResponse>"
    )


def get_recording_information(call: OnvifCall) -> str:
    channel = recording_of(call, call.text("RecordingToken"))
    return (
        "<tse:GetRecordingInformationResponse><tse:RecordingInformation>"
        f"{_information(call, channel)}"
        "</tse:RecordingInformation></tse:GetRecordingInformationResponse>"
    )


def _included(call: OnvifCall) -> list[SimChannel]:
    """Return the channels that the Scope of a search names; all when it names none."""
    tokens = []
    scope = child(call.soap.element, "Scope")
    if scope is not None:
        tokens = [(each.text or "").strip() for each in scope.iter("{*}IncludedRecordings")]
    if not tokens or fault(call.device, "ignored_filters") is not None:
        return call.device.channels
    return [recording_of(call, token) for token in tokens]


def _start(call: OnvifCall, session: SearchSession) -> str:
    device = call.device
    now = call.campus.now_ms()
    if fault(device, "empty_search", call.soap.operation) is not None:
        session.count = 0
    if (limit := call.text("MaxMatches")).isdigit() and int(limit):
        session.count = min(session.count, int(limit))
    keep = (
        0
        if fault(device, "search_expires") is not None
        else parse_duration(call.text("KeepAliveTime", default="PT10S"))
    )
    token = sessions_of(device).open(session, now, keep)
    name = f"tse:{call.soap.operation}Response"
    return f"<{name}><tse:SearchToken>{token}</tse:SearchToken></{name}>"


def find_recordings(call: OnvifCall) -> str:
    items = [
        f"<tt:RecordingInformation>{_information(call, each)}</tt:RecordingInformation>"
        for each in _included(call)
    ]
    return _start(call, SearchSession("recordings", len(items), items.__getitem__))


def _event_xml(device: SimDevice, event: HistoryEvent) -> str:
    at = xml_time(device, event.at_ms)
    name = "IsRecording" if event.topic == RECORDING_STATE else "IsDataPresent"
    return (
        f"<tt:Result><tt:RecordingToken>{event.token}</tt:RecordingToken><tt:TrackToken>{TRACK}"
        f"</tt:TrackToken><tt:Time>{at}</tt:Time><tt:Event><wsnt:Topic Dialect="
        f'"http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">{event.topic}</wsnt:Topic>'
        f'<wsnt:Message><tt:Message UtcTime="{at}" PropertyOperation="'
        f'{"Initialized" if event.is_start_state else "Changed"}"><tt:Source><tt:SimpleItem '
        f'Name="RecordingToken" Value="{event.token}"/><tt:SimpleItem Name="Track" '
        f'Value="{TRACK}"/></tt:Source><tt:Data><tt:SimpleItem Name="{name}" '
        f'Value="{boolean(device, event.is_on)}"/></tt:Data></tt:Message></wsnt:Message>'
        f"</tt:Event><tt:StartStateEvent>{boolean(device, event.is_start_state)}"
        "</tt:StartStateEvent></tt:Result>"
    )


def _wanted_topics(call: OnvifCall) -> list[str]:
    text = ""
    filters = child(call.soap.element, "SearchFilter")
    if filters is not None:
        text = " ".join(str(each.text or "") for each in filters.iter("{*}TopicExpression"))
    if not text.strip() or fault(call.device, "ignored_filters") is not None:
        return [RECORDING_STATE, TRACK_STATE]
    found = [t for t in (RECORDING_STATE, TRACK_STATE) if t in text]
    if not found and "RecordingHistory//" in text:
        return [RECORDING_STATE, TRACK_STATE]
    return found


def find_events(call: OnvifCall) -> str:
    device = call.device
    start = parse_xml_time(call.text("StartPoint"))
    end_text = call.text("EndPoint")
    now = device.clock.at(call.campus.now_ms())
    end = parse_xml_time(end_text) if end_text else now
    backward = end < start
    first, last = (end, start) if backward else (start, end)
    if fault(device, "ignored_filters") is not None:
        first, last = now - FAR_MS, now
    if fault(device, "million_results") is not None:
        return _start(call, _million(call, first))
    start_state = call.text("IncludeStartState").lower() in ("true", "1")
    topics = _wanted_topics(call)
    events = history(call, _included(call), first, last, start_state)
    chosen = [each for each in events if each.topic in topics]
    if backward:
        chosen.reverse()
    return _start(
        call, SearchSession("events", len(chosen), lambda n: _event_xml(device, chosen[n]))
    )


def _million(call: OnvifCall, start_ms: int) -> SearchSession:
    value = fault(call.device, "million_results")
    count = 1_000_000 if value is True else int(value)
    token = call.device.channels[0].token

    def item(number: int) -> str:
        event = HistoryEvent(start_ms + number, token, TRACK_STATE, number % 2 == 0, False)
        return _event_xml(call.device, event)

    return SearchSession("events", count, item)


def _page(call: OnvifCall, kind: str) -> str:
    device = call.device
    now = call.campus.now_ms()
    session = sessions_of(device).get(call.text("SearchToken"), kind, now)
    asked = call.text("MaxResults")
    size = min(PAGE, int(asked)) if asked.isdigit() and int(asked) else PAGE
    endless = fault(device, "endless_search") is not None
    # A search needs a moment: the first answer may be empty although there will be results.
    if session.answers == 0 and session.count > PAGE and not endless:
        size = 0
    session.answers += 1
    items = "".join(
        session.item(n)
        for n in range(session.position, min(session.count, session.position + size))
    )
    if not endless:
        session.position = min(session.count, session.position + size)
    state = "Searching" if endless or session.position < session.count else "Completed"
    told = f"<tt:SearchState>{state}</tt:SearchState>"
    if fault(device, "no_search_state") is not None:
        told = ""
    name = f"tse:{call.soap.operation}Response"
    return f"<{name}><tse:ResultList>{told}{items}</tse:ResultList></{name}>"


def get_recording_search_results(call: OnvifCall) -> str:
    return _page(call, "recordings")


def get_event_search_results(call: OnvifCall) -> str:
    if fault(call.device, "event_results_500") is not None:
        raise SoapFault("Internal error", "ter:Action", code="Receiver")
    return _page(call, "events")


def end_search(call: OnvifCall) -> str:
    sessions_of(call.device).close(call.text("SearchToken"))
    now = xml_time(call.device, call.device.clock.at(call.campus.now_ms()))
    return f"<tse:EndSearchResponse><tse:Endpoint>{now}</tse:Endpoint></tse:EndSearchResponse>"


def get_replay_uri(call: OnvifCall) -> str:
    channel = recording_of(call, call.text("RecordingToken"))
    uri = given_uri(call.device, "rtsp", replay_path(call.device, channel), "GetReplayUri")
    return f"<trp:GetReplayUriResponse><trp:Uri>{uri}</trp:Uri></trp:GetReplayUriResponse>"


SEARCH: dict[str, Operation] = {
    "GetRecordingSummary": get_recording_summary,
    "GetRecordingInformation": get_recording_information,
    "FindRecordings": find_recordings,
    "GetRecordingSearchResults": get_recording_search_results,
    "FindEvents": find_events,
    "GetEventSearchResults": get_event_search_results,
    "EndSearch": end_search,
}
REPLAY: dict[str, Operation] = {"GetReplayUri": get_replay_uri}
