"""At how many devices of one site visits begin per second: a token bucket per site (E12).

All devices of a campus are due at the same moment, and all of them come back after a power cut; the switches
and uplinks of a site are not asked for everything at once. The bucket holds one second's worth of visits. It
lies in the broker, so that all worker processes share it; while that does not answer, each process keeps its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError


class Bucket(Protocol):
    """Takes one token of a site and says for how many seconds that visit has to wait."""

    async def take(self, site_id: int) -> float: ...

    async def close(self) -> None: ...


class OwnBucket:
    """The buckets of this process alone."""

    def __init__(self, per_second: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._step = 1 / per_second
        self._now = now
        # When the bucket of a site would be full again: one figure says how many tokens are left.
        self._full_at: dict[int, float] = {}

    async def take(self, site_id: int) -> float:
        now = self._now()
        full_at = max(self._full_at.get(site_id, now), now) + self._step
        self._full_at[site_id] = full_at
        return full_at - now - 1.0

    async def close(self) -> None:
        """Nothing is held."""


class SharedBucket:
    """The buckets of all processes that use one broker, by the broker's clock.

    A broker that does not answer at once is not asked again for a while: a visit must not wait for it.
    """

    TIMEOUT_SECONDS = 0.5
    AVOIDED_SECONDS = 10.0
    # A queue longer than this is a leftover of a clock that was set back; it is begun anew.
    _TAKE = """
        local told = redis.call('TIME')
        local now = told[1] * 1000 + math.floor(told[2] / 1000)
        local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
        if full_at < now or full_at > now + 60000 then full_at = now end
        full_at = full_at + ARGV[1]
        redis.call('SET', KEYS[1], tostring(full_at), 'PX', 120000)
        return tostring(full_at - now)
    """

    def __init__(self, url: str, per_second: float) -> None:
        self._own = OwnBucket(per_second)
        self._step_ms = 1000 / per_second
        self._redis = Redis.from_url(
            url, socket_timeout=self.TIMEOUT_SECONDS, socket_connect_timeout=self.TIMEOUT_SECONDS
        )
        self._script = self._redis.register_script(self._TAKE)
        self._avoided_until = 0.0

    async def take(self, site_id: int) -> float:
        if time.monotonic() >= self._avoided_until:
            try:
                ahead_ms = await self._script(keys=[f"cctv-pace:{site_id}"], args=[self._step_ms])
                return float(ahead_ms) / 1000 - 1.0
            except (RedisError, OSError, ValueError):
                self._avoided_until = time.monotonic() + self.AVOIDED_SECONDS
        return await self._own.take(site_id)

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()


class SitePace:
    """`turn` waits until a visit of a site may begin. Devices of no known site wait for nobody."""

    def __init__(
        self, bucket: Bucket, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._bucket = bucket
        self._sleep = sleep

    async def turn(self, site_id: int | None) -> None:
        if site_id is None:
            return
        wait = await self._bucket.take(site_id)
        if wait > 0:
            await self._sleep(wait)

    async def close(self) -> None:
        await self._bucket.close()
