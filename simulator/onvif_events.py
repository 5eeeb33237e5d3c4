"""The ONVIF Events service: pull points, as far as a sweep or a library needs them.

One event exists: when the device was started. It is a property, so a subscription is told it once, and
again after SetSynchronizationPoint; later pulls have nothing to tell and are held until their timeout.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from xml.sax.saxutils import escape

from simulator.clocks import HOUR_MS
from simulator.faults import fault
from simulator.onvif_device import OnvifCall, Operation
from simulator.paths import SERVICE_PATHS, http_url
from simulator.soap import SoapFault, parse_duration, parse_xml_time
from simulator.world import started_ms

MAX_SUBSCRIPTIONS = 10
MAX_WAIT_MS = 60_000
_TOPICS = "http://www.onvif.org/onvif/ver10/topics/topicns.xml"
_DIALECTS = (
    "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet",
    "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete",
)


@dataclass
class Subscription:
    """One pull point."""

    ends_ms: int  # true instant
    is_told: bool = False  # of the properties


def _shown(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _subscriptions(call: OnvifCall) -> dict[str, Subscription]:
    """Return the subscriptions by name, oldest first, without the ended ones."""
    now = call.campus.now_ms()
    known: dict[str, Subscription] = call.device.memory.setdefault("subscriptions", {})
    for name in [name for name, each in known.items() if each.ends_ms <= now]:
        del known[name]
    return known


def _asked(call: OnvifCall) -> tuple[str, Subscription]:
    """Return the subscription at whose address was asked; at the service's own, the newest."""
    known = _subscriptions(call)
    name = call.soap.arguments.get("subscription") or next(reversed(known), "")
    if name not in known:
        raise SoapFault("No such subscription", "ter:InvalidArgVal", "ter:InvalidToken")
    return name, known[name]


def _end_ms(call: OnvifCall, asked: str) -> int:
    """Return the true end that was asked for, as a duration or an instant; at most an hour."""
    now = call.campus.now_ms()
    if not asked:
        return now + HOUR_MS
    if asked.startswith("P"):
        return now + min(parse_duration(asked), HOUR_MS)
    ahead = parse_xml_time(asked) - call.device.clock.at(now)
    if ahead <= 0:
        raise SoapFault("Termination time is past", "ter:InvalidArgVal")
    return now + min(ahead, HOUR_MS)


def _span(call: OnvifCall, prefix: str, ends_ms: int) -> str:
    clock = call.device.clock
    return (
        f"<{prefix}:CurrentTime>{_shown(clock.at(call.campus.now_ms()))}</{prefix}:CurrentTime>"
        f"<{prefix}:TerminationTime>{_shown(clock.at(ends_ms))}</{prefix}:TerminationTime>"
    )


def create_pull_point_subscription(call: OnvifCall) -> str:
    known = _subscriptions(call)
    ends_ms = _end_ms(call, call.text("InitialTerminationTime"))
    if len(known) >= MAX_SUBSCRIPTIONS:
        raise SoapFault("Too many subscriptions", "ter:Action", "ter:ResourceProblem", status=500)
    name = secrets.token_hex(4)
    known[name] = Subscription(ends_ms)
    path = f"{SERVICE_PATHS[call.device.dialect]['events']}?subscription={name}"
    return (
        "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>"
        f"{escape(http_url(call.device, path))}</wsa:Address></tev:SubscriptionReference>"
        f"{_span(call, 'wsnt', ends_ms)}</tev:CreatePullPointSubscriptionResponse>"
    )


def pull_messages(call: OnvifCall) -> str:
    _, subscription = _asked(call)
    wait_ms = parse_duration(call.text("Timeout", default="PT0S"))
    if subscription.is_told:
        message, call.wait_ms = "", min(wait_ms, MAX_WAIT_MS)
    else:
        message = _last_reboot(call, call.campus.now_ms())
    subscription.is_told = True
    span = _span(call, "tev", subscription.ends_ms)
    return f"<tev:PullMessagesResponse>{span}{message}</tev:PullMessagesResponse>"


def _last_reboot(call: OnvifCall, now: int) -> str:
    if fault(call.device, "no_last_reboot") is not None:
        return ""
    clock = call.device.clock
    at = _shown(clock.at(started_ms(call.device, now)))
    return (
        "<wsnt:NotificationMessage><wsnt:Topic Dialect="
        f'"{_DIALECTS[0]}">'
        "tns1:Monitoring/OperatingTime/LastReboot</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{_shown(clock.at(now))}" PropertyOperation="Initialized">'
        f'<tt:Source/><tt:Data><tt:SimpleItem Name="Status" Value="{at}"/></tt:Data></tt:Message>'
        "</wsnt:Message></wsnt:NotificationMessage>"
    )


def set_synchronization_point(call: OnvifCall) -> str:
    _, subscription = _asked(call)
    subscription.is_told = False
    return "<tev:SetSynchronizationPointResponse/>"


def get_event_properties(_call: OnvifCall) -> str:
    dialects = "".join(
        f"<wsnt:TopicExpressionDialect>{each}</wsnt:TopicExpressionDialect>" for each in _DIALECTS
    )
    return (
        f"<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>{_TOPICS}"
        "</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>"
        '<wstop:TopicSet xmlns:wstop="http://docs.oasis-open.org/wsn/t-1"><tns1:Monitoring>'
        '<OperatingTime><LastReboot wstop:topic="true"><tt:MessageDescription IsProperty="true">'
        '<tt:Data><tt:SimpleItemDescription Name="Status" Type="xs:dateTime"/></tt:Data>'
        "</tt:MessageDescription></LastReboot></OperatingTime></tns1:Monitoring></wstop:TopicSet>"
        f"{dialects}<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/"
        "messageContentFilter/ItemFilter</tev:MessageContentFilterDialect>"
        "<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd"
        "</tev:MessageContentSchemaLocation></tev:GetEventPropertiesResponse>"
    )


def renew(call: OnvifCall) -> str:
    _, subscription = _asked(call)
    subscription.ends_ms = _end_ms(call, call.text("TerminationTime"))
    clock = call.device.clock
    return (
        f"<wsnt:RenewResponse><wsnt:TerminationTime>{_shown(clock.at(subscription.ends_ms))}"
        f"</wsnt:TerminationTime><wsnt:CurrentTime>{_shown(clock.at(call.campus.now_ms()))}"
        "</wsnt:CurrentTime></wsnt:RenewResponse>"
    )


def unsubscribe(call: OnvifCall) -> str:
    name, _ = _asked(call)
    del _subscriptions(call)[name]
    return "<wsnt:UnsubscribeResponse/>"


EVENTS: dict[str, Operation] = {
    "GetEventProperties": get_event_properties,
    "CreatePullPointSubscription": create_pull_point_subscription,
    "PullMessages": pull_messages,
    "SetSynchronizationPoint": set_synchronization_point,
}
NOTIFICATION: dict[str, Operation] = {"Renew": renew, "Unsubscribe": unsubscribe}
