"""The ONVIF Events service: pull points, as far as a sweep or a library needs them."""

from __future__ import annotations

import datetime as dt
import secrets
from xml.sax.saxutils import escape

from simulator.clocks import HOUR_MS
from simulator.faults import fault
from simulator.onvif_device import OnvifCall, Operation
from simulator.paths import SERVICE_PATHS, http_url
from simulator.soap import SoapFault
from simulator.world import started_ms

MAX_SUBSCRIPTIONS = 10


def _shown(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _subscriptions(call: OnvifCall) -> dict[str, int]:
    """Return subscription name -> true instant of its end, without the ended ones."""
    now = call.campus.now_ms()
    known: dict[str, int] = call.device.memory.setdefault("subscriptions", {})
    for name in [name for name, end in known.items() if end <= now]:
        del known[name]
    return known


def create_pull_point_subscription(call: OnvifCall) -> str:
    known = _subscriptions(call)
    if len(known) >= MAX_SUBSCRIPTIONS:
        raise SoapFault("Too many subscriptions", "ter:Action", "ter:ResourceProblem", status=500)
    name = secrets.token_hex(4)
    now = call.campus.now_ms()
    known[name] = now + HOUR_MS
    clock = call.device.clock
    path = f"{SERVICE_PATHS[call.device.dialect]['events']}?subscription={name}"
    return (
        "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>"
        f"{escape(http_url(call.device, path))}</wsa:Address></tev:SubscriptionReference>"
        f"<wsnt:CurrentTime>{_shown(clock.at(now))}</wsnt:CurrentTime><wsnt:TerminationTime>"
        f"{_shown(clock.at(known[name]))}</wsnt:TerminationTime>"
        "</tev:CreatePullPointSubscriptionResponse>"
    )


def pull_messages(call: OnvifCall) -> str:
    if not _subscriptions(call):
        raise SoapFault("No such subscription", "ter:InvalidArgVal", "ter:InvalidToken")
    now = call.campus.now_ms()
    clock = call.device.clock
    return (
        f"<tev:PullMessagesResponse><tev:CurrentTime>{_shown(clock.at(now))}</tev:CurrentTime>"
        f"<tev:TerminationTime>{_shown(clock.at(now + HOUR_MS))}</tev:TerminationTime>"
        f"{_last_reboot(call, now)}</tev:PullMessagesResponse>"
    )


def _last_reboot(call: OnvifCall, now: int) -> str:
    """Return the property that every new subscription is told first: when the device was started."""
    if fault(call.device, "no_last_reboot") is not None:
        return ""
    clock = call.device.clock
    at = _shown(clock.at(started_ms(call.device, now)))
    return (
        "<wsnt:NotificationMessage><wsnt:Topic Dialect="
        '"http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        "tns1:Monitoring/OperatingTime/LastReboot</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{_shown(clock.at(now))}" PropertyOperation="Initialized">'
        f'<tt:Source/><tt:Data><tt:SimpleItem Name="Status" Value="{at}"/></tt:Data></tt:Message>'
        "</wsnt:Message></wsnt:NotificationMessage>"
    )


def unsubscribe(call: OnvifCall) -> str:
    known = _subscriptions(call)
    if not known:
        raise SoapFault("No such subscription", "ter:InvalidArgVal", "ter:InvalidToken")
    known.popitem()
    return "<wsnt:UnsubscribeResponse/>"


EVENTS: dict[str, Operation] = {
    "CreatePullPointSubscription": create_pull_point_subscription,
    "PullMessages": pull_messages,
}
NOTIFICATION: dict[str, Operation] = {"Unsubscribe": unsubscribe}
