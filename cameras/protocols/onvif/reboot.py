"""When an ONVIF device was started last, as its event service tells it.

The topic is `tns1:Monitoring/OperatingTime/LastReboot` (ONVIF Core, "Monitoring events"), a property: a new
subscription gets its present value at once. Times are milliseconds of the device's UTC.
"""

from __future__ import annotations

import contextlib

from cameras.protocols.base import DeviceError, LockedOut
from cameras.protocols.onvif import messages
from cameras.protocols.onvif.soap import SoapConversation
from cameras.protocols.onvif.times import stamp_ms
from cameras.protocols.xml import descendants, find_all, text

_TOPIC = "LastReboot"
_FILTER = messages.topic_filter(f"tns1:Monitoring/OperatingTime/{_TOPIC}")
_LIFETIME, _WAIT, _MOST_MESSAGES = "PT60S", "PT1S", "20"


async def last_reboot_ms(soap: SoapConversation) -> int | None:
    """The device's last start; None where it does not tell. Raises LockedOut and nothing else."""
    try:
        created = await soap.call(
            "events",
            "CreatePullPointSubscription",
            Filter=_FILTER,
            InitialTerminationTime=_LIFETIME,
        )
        path = soap.path_of(text(created.content, "SubscriptionReference/Address"))
    except LockedOut:
        raise
    except DeviceError:
        return None
    try:
        answer = await soap.call_at(
            path, "events", "PullMessages", Timeout=_WAIT, MessageLimit=_MOST_MESSAGES
        )
    except LockedOut:
        raise
    except DeviceError:
        return None
    finally:
        # Devices have room for few subscriptions; this one would end by itself after a minute.
        with contextlib.suppress(DeviceError):
            await soap.call_at(path, "notification", "Unsubscribe")
    told = [
        stamp_ms(item.get("Value", ""))
        for message in find_all(answer.content, "NotificationMessage")
        if text(message, "Topic").rpartition("/")[2] == _TOPIC
        for item in descendants(message, "SimpleItem")
    ]
    return max((moment[0] for moment in told if moment is not None), default=None)
