"""docker-compose.yml and Dockerfile: what can be said of them without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cctv_ops import environment

ROOT = Path(__file__).resolve().parents[2]
OURS = ("migrate", "web", "worker", "footage", "beat", "sealer")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    return dict(yaml.safe_load(text))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def test_the_compose_file_has_the_parts_of_the_system(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgres", "redis", *OURS}


def test_every_volume_and_secret_that_a_service_names_is_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith(("./", "/")) or source in compose["volumes"]
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert set(service.get("depends_on", [])) <= set(compose["services"])


def test_our_services_run_in_the_production_profile_and_cannot_write_their_own_code(
    compose: dict[str, Any],
) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["environment"]["CCTV_PROFILE"] == "production"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_the_environment_of_the_containers_has_only_names_that_are_settings(
    compose: dict[str, Any],
) -> None:
    known = {setting.name for setting in environment.SETTINGS}
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known


def test_nothing_is_published_beyond_this_host_and_no_image_is_unpinned(
    compose: dict[str, Any],
) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert "build" in service or re.search(r":[0-9]", service["image"])


def test_the_commands_of_the_services_are_programs_of_ours(compose: dict[str, Any]) -> None:
    commands = {name: compose["services"][name].get("command") for name in OURS if name != "web"}
    # The roles' rights belong to each change of the tables.
    assert commands.pop("migrate")[:2] == ["sh", "-c"]
    steps = compose["services"]["migrate"]["command"][2].split(" && ")
    assert [step.split()[2] for step in steps] == ["migrate", "audit_roles"]
    for command in commands.values():
        assert command[:2] == ["python", "manage.py"] or command[:3] == ["celery", "-A", "cctv_ops"]


def test_the_image_is_pinned_runs_as_a_user_without_rights_and_holds_locked_packages() -> None:
    told = instructions()
    users = [value for name, value in told if name == "USER"]

    assert all(re.search(r":[0-9]", value.split()[0]) for name, value in told if name == "FROM")
    assert users == ["cctv"]
    assert any("--require-hashes -r requirements.lock" in value for _name, value in told)
    assert {name for name, _value in told} <= {
        *("FROM", "RUN", "COPY", "WORKDIR", "USER", "ENV", "EXPOSE", "CMD")
    }


def test_every_file_that_the_image_copies_by_name_exists() -> None:
    for name, value in instructions():
        sources = [word for word in value.split()[:-1] if not word.startswith("--")]
        if name == "COPY" and "--from" not in value:
            assert all((ROOT / source).exists() for source in sources)


def test_installation_inside_the_image_leaves_no_package_lists_and_takes_no_extras() -> None:
    for _name, value in instructions():
        if "apt-get install" in value:
            assert "--no-install-recommends" in value
            assert "rm -rf /var/lib/apt/lists/*" in value
