"""Limits of calls: exact when many processes count together, and no door when the counter is gone (F12)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from accounts.api import PerCaller
from accounts.models import ApiToken
from tests.api.conftest import Caller
from tests.servers import redis_server

REDIS = "django.core.cache.backends.redis.RedisCache"


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def test_of_a_hundred_calls_at_once_exactly_the_allowed_ones_pass(
    redis_url: str, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": redis_url}}
    settings.API_CALLS_PER_MINUTE = 30
    request: Any = SimpleNamespace(auth=ApiToken(prefix="abcdefgh"), user=None)
    with (
        time_machine.travel("2026-11-23 10:00:10+03:00", tick=False),
        ThreadPoolExecutor(20) as pool,
    ):
        passed = list(pool.map(lambda _n: PerCaller().allow_request(request, None), range(100)))
    assert passed.count(True) == 30


def test_one_token_does_not_use_up_the_calls_of_another(redis_url: str, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": redis_url}}
    settings.API_CALLS_PER_MINUTE = 1
    with time_machine.travel("2026-11-23 11:00:10+03:00", tick=False):
        for prefix in ("aaaaaaaa", "bbbbbbbb"):
            request: Any = SimpleNamespace(auth=ApiToken(prefix=prefix), user=None)
            assert PerCaller().allow_request(request, None)


def test_without_the_counter_calls_are_answered(head: Caller, settings: Any, tmp_path: Any) -> None:
    gone = f"unix://{tmp_path / 'gone.sock'}"
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": gone}}
    assert head.get("sites/").status_code == 200
