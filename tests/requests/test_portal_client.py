"""The client of docs/examples files, follows and completes a request over a real connection."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from core.tsi import today
from docs.examples.portal_client import PortalClient, PortalError
from footage_requests.casework import arriving
from footage_requests.models import FootageRequest
from tests.inventory import rows
from tests.requests.portal_calls import Portal, install_rules, petition
from tests.requests.test_portal_requests import PDF

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "portal_client.py"


@pytest.fixture
def portal(transactional_db: None, settings: Any, tmp_path: Path) -> Portal:
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path / "evidence", 0
    install_rules()
    return Portal()


@pytest.fixture
def client(portal: Portal, live_server: LiveServer) -> PortalClient:
    return PortalClient(live_server.url, portal.authorization.split()[1], language="en")


def test_a_request_is_filed_completed_and_withdrawn(client: PortalClient, tmp_path: Path) -> None:
    """API-5."""
    facts = petition()
    assert "PETITION" in {kind["code"] for kind in client.choices()["kinds"]}
    made, again = (client.file("user-1", facts, "key-of-this-form") for _time in range(2))
    number = made["number"]
    assert made == again
    (tmp_path / "letter.pdf").write_bytes(PDF)
    assert client.add_paper("user-1", number, tmp_path / "letter.pdf")["state"] == "taken"
    row = FootageRequest.objects.get()
    until = today() + dt.timedelta(days=9)
    arriving.ask_missing(row, what="Which door?", until=until, by=rows.person("OPERATOR"))
    assert client.show("user-1", number)["missing"]["what"] == "Which door?"
    assert client.complete("user-1", number, "Door B", place="Door B")["status"] == "UNDER_REVIEW"
    assert [each["number"] for each in client.list("user-1")] == [number]
    assert client.withdraw("user-1", number, "It was found")["status"] == "WITHDRAWN"


def test_what_is_refused_is_raised_with_its_reason(client: PortalClient) -> None:
    with pytest.raises(PortalError) as refused:
        client.file("user-1", petition(starts_at="2026-11-20T10:00:00"), "key-of-this-form")
    assert (refused.value.status, set(refused.value.errors)) == (400, {"starts_at"})
    with pytest.raises(PortalError) as absent:
        client.show("user-1", "T-2026-99999")
    assert (absent.value.status, absent.value.code) == (404, "not_found")


def test_it_runs_with_nothing_but_python(
    portal: Portal, live_server: LiveServer, tmp_path: Path
) -> None:
    (tmp_path / "petition.json").write_text(json.dumps(petition()))
    environment = {"CCTV_URL": live_server.url, "CCTV_TOKEN": portal.authorization.split()[1]}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(EXAMPLE), *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    made = run("file", "user-1", "petition.json")
    assert made.returncode == 0, made.stderr
    assert json.loads(run("show", "user-1", json.loads(made.stdout)["number"]).stdout)["status"]
    assert json.loads(run("file", "user-1", "petition.json").stdout) == json.loads(made.stdout)
    assert run("show", "user-1", "T-2026-99999").returncode == 1
    assert FootageRequest.objects.count() == 1
