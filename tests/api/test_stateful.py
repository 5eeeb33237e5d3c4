"""Calls that follow each other along the links of the description: what one answer names, the next call uses (F13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase
from hypothesis import settings as limits

from cameras.models import Run
from tests.api.conftest import Caller
from tests.api.rows import address, finding, place, proven
from tests.api.test_schema import CHECKS, SCHEMA
from tests.inventory import rows

STEPS = 10
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.fixture
def campus(db: None) -> Iterator[Any]:
    """One row of each kind, in one transaction that a call's end must not close."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    at = place()
    address(at.camera, "10.20.0.7")
    proven(at)
    finding(at.camera, kind="SERIAL_CHANGED")
    yield at
    for signal in ends:
        signal.connect(close_old_connections)


def walk(headers: dict[str, str], scenarios: int, schema: Any = SCHEMA) -> set[tuple[str, int]]:
    """Walks along the links; which operations answered with which status."""
    seen: set[tuple[str, int]] = set()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            # Every walk begins with the same rows.
            self.rows = transaction.atomic()
            self.rows.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.rows.__exit__(None, None, None)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def before_call(self, case: Any) -> None:
            # Several filters drawn at random find nothing, and an empty list leads nowhere.
            if case.method == "GET" and "{id}" not in case.path and len(case.query or {}) > 1:
                case.query = {}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            seen.add((case.operation.label, response.status_code))
            case.validate_response(response, checks=CHECKS, headers=headers)

    Walk.run(
        settings=limits(
            max_examples=scenarios,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=QUIET,
        )
    )
    return seen


def token_of(role: str, *scopes: str, **scope: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {Caller(rows.person(role, **scope), *scopes).text}"}


def test_one_call_leads_to_the_next(campus: Any, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 10**6

    seen = walk(token_of("UNIT_HEAD"), 20)

    followed = {label for label, status in seen if status == 200 and "{id}" in label}
    # How many depends on which numbers the rows happen to have.
    assert len(followed) >= 3, sorted(seen)
    assert not {status for _label, status in seen} - {200, 201, 400, 404, 405, 409, 415, 304}


@pytest.mark.parametrize("who", ["operator of another building", "token that only reads places"])
def test_narrow_tokens_walk_no_further_than_they_may(who: str, campus: Any, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 10**6
    elsewhere = {"scope_kind": "building", "scope_id": rows.building().pk}
    narrow = {
        "operator of another building": lambda: token_of("OPERATOR", **elsewhere),
        "token that only reads places": lambda: token_of("UNIT_HEAD", "inventory:read"),
    }[who]

    seen = walk(narrow(), 6)

    assert 403 in {status for _label, status in seen} or "building" in who
    if "token" in who:
        assert not Run.objects.filter(kind="CHECK_NOW").exists()
        assert {status for label, status in seen if "/coverage/" in label} <= {403, 400}


def test_a_check_is_asked_for_followed_and_cancelled_by_the_links(campus: Any) -> None:
    """The path that a program takes, by the links of the description alone."""
    caller = Caller(rows.person("UNIT_HEAD"))
    created = SCHEMA["/api/v1/runs/"]["POST"]
    links = created.definition.raw["responses"]["201"]["links"]
    assert [link["operationId"] for link in links.values()] == ["runs_retrieve"]

    run = caller.post("runs/", {"everything": True}).json()
    assert caller.get(f"runs/{run['id']}/").json()["status"] == "RUNNING"
    assert caller.post(f"runs/{run['id']}/cancel/").json()["status"] == "CANCELLED"
    assert caller.post(f"runs/{run['id']}/cancel/").status_code == 409
