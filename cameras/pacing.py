"""At how many devices of one site visits begin per second: a token bucket per site (E12).

All devices of a campus are due at the same moment, and all of them come back after a power cut; the switches
and uplinks of a site are not asked for everything at once. The bucket holds one second's worth of visits and
belongs to one worker process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from django.utils import timezone

from inventory.models import ChannelAssignment, Installation

_SITE = "position__floor__building__site"


class SitePace:
    """`turn` waits until a visit of a site may begin. Devices of no known site wait for nobody."""

    def __init__(
        self,
        per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._step = 1 / per_second
        self._now = now
        self._sleep = sleep
        # When the bucket of a site would be full again: one figure says how many tokens are left.
        self._full_at: dict[int, float] = {}

    async def turn(self, site_id: int | None) -> None:
        if site_id is None:
            return
        now = self._now()
        full_at = max(self._full_at.get(site_id, now), now) + self._step
        self._full_at[site_id] = full_at
        wait = full_at - now - 1.0
        if wait > 0:
            await self._sleep(wait)


def sites_of(device_ids: Iterable[int]) -> dict[int, int]:
    """The site of each device: where it hangs, and for recorders where the first position hangs that it records."""
    ids, now = set(device_ids), timezone.now()
    recorded = ChannelAssignment.objects.at(now).filter(channel__recorder__in=ids)
    hangs = Installation.objects.at(now).filter(device__in=ids)
    sites = dict(recorded.order_by("-pk").values_list("channel__recorder", _SITE))
    return sites | dict(hangs.values_list("device", _SITE))
