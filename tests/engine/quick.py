"""The product's Celery application with short waits, for tests that kill its parts.

Only waiting times differ: leases, sweeps and redelivery come after seconds, as otherwise a test would
wait for minutes. `POISON_HOST` names a device whose visit ends its process at once, as the kernel does
to a process that runs out of memory.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import django

django.setup()

from cameras.night import claims  # noqa: E402
from cameras.protocols import registry  # noqa: E402
from cctv_ops.celery import app  # noqa: E402

claims.LEASE = timedelta(seconds=10)
claims.RENEW_SECONDS = 1.0
app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "unacked_restore_interval": 1,
}
app.conf.beat_schedule = {
    name: {**entry, "schedule": 1.0}
    for name, entry in app.conf.beat_schedule.items()
    if entry["task"].startswith("cameras.")
}

POISON_HOST = os.environ.get("POISON_HOST", "")


async def _deadly(transport: Any, endpoint: Any, *more: Any, **named: Any) -> Any:
    if endpoint.host == POISON_HOST:
        os.kill(os.getpid(), signal.SIGKILL)
    return await _open_device(transport, endpoint, *more, **named)


_open_device = registry.open_device
if POISON_HOST:
    registry.open_device = _deadly
