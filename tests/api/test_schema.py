"""The API answers only what its OpenAPI description says, whoever calls and whatever is sent (F13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.management import call_command
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction, load_all_checks, not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.openapi import checks  # noqa: F401  registers the checks of OpenAPI
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cctv_ops.wsgi import application
from tests.api.conftest import Caller
from tests.api.rows import address, finding, place, proven, run
from tests.inventory import rows

EXAMPLES = 4
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


def _described() -> Any:
    load_all_checks()
    generator: Any = SchemaGenerator()
    schema = schemathesis.openapi.from_dict(generator.get_schema(request=None, public=True))
    schema.app = application
    return schema


SCHEMA = _described()
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.fixture
def _one_connection(db: None) -> Iterator[None]:
    """The whole test is one transaction: a call's end must not close its connection."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def seeded(_one_connection: None) -> dict[str, int]:
    """One row of each kind; their ids by the name in the path."""
    at = place()
    address(at.camera, "10.20.0.7")
    proof = proven(at)
    return {
        "positions": at.position.pk,
        "devices": at.camera.pk,
        "channels": at.channel.pk,
        "buildings": at.building.pk,
        "sites": at.building.site_id,
        "coverage": proof.pk,
        "findings": finding(at.camera).pk,
        "runs": run(status="RUNNING").pk,
    }


@pytest.fixture(params=["unit head", "operator of another building", "nobody"])
def headers(request: pytest.FixtureRequest, seeded: dict[str, int]) -> dict[str, str]:
    """Callers with different rights."""
    if request.param == "nobody":
        return {}
    elsewhere = {"scope_kind": "building", "scope_id": rows.building().pk}
    person = {
        "unit head": lambda: rows.person("UNIT_HEAD"),
        "operator of another building": lambda: rows.person("OPERATOR", **elsewhere),
    }[request.param]()
    return {"Authorization": f"Bearer {Caller(person).text}"}


@pytest.mark.parametrize("label", OPERATIONS)
def test_only_described_answers_are_given(
    label: str, headers: dict[str, str], seeded: dict[str, int], settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 10**6
    operation = OPERATIONS[label]
    real = _real_case(operation, seeded)
    if real is not None:
        real.call_and_validate(headers=headers, checks=CHECKS)
    for mode in _modes(operation):
        _try(operation.as_strategy(generation_mode=mode), headers)


def _modes(operation: Any) -> list[GenerationMode]:
    """Good and bad input; what takes none, not even a token, cannot be given bad one."""
    told = operation.definition.raw
    takes = [told.get(name) for name in ("parameters", "requestBody", "security")]
    return list(GenerationMode) if any(takes) else [GenerationMode.POSITIVE]


def _real_case(operation: Any, seeded: dict[str, int]) -> Any:
    """A call of a row that exists."""
    name = operation.path.removeprefix("/api/v1/").partition("/")[0]
    if operation.method != "get" or "{id}" not in operation.path or name not in seeded:
        return None
    return operation.Case(path_parameters={"id": seeded[name]})


def _try(strategy: Any, headers: dict[str, str]) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

    @settings(
        # What somebody sends who is not signed in is not even read.
        max_examples=EXAMPLES if headers else 1,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=quiet,
    )
    @given(case=strategy)
    def call(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    call()


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_refuses_whoever_is_not_signed_in(
    label: str, seeded: dict[str, int]
) -> None:
    operation = OPERATIONS[label]
    if operation.path.startswith("/api/v1/public/"):
        assert operation.Case().call().status_code == 200
        return
    values = {"id": 1, "number": "T-2026-00001"}
    wanted = {name: value for name, value in values.items() if f"{{{name}}}" in operation.path}
    known = {"path_parameters": wanted} if wanted else {}
    for headers in ({}, {"Authorization": "Bearer cctv_abcdefgh_" + "x" * 43}):
        assert operation.Case(**known).call(headers=headers).status_code == 401


def test_the_description_is_made_without_a_warning(tmp_path: Any) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text().startswith("openapi: 3.1")


def test_the_description_is_served(make_caller: Callable[..., Caller]) -> None:
    answer = make_caller(rows.person("OPERATOR")).get("schema/")
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/v1/coverage/" in answer.json()["paths"]
