"""API tokens: made once, stored as a hash, limited by person, scope, address and time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import people, tokens
from accounts.models import ApiToken
from audit.models import Entry
from tests.api.conftest import Caller
from tests.inventory import rows


def in_days(days: int) -> dt.datetime:
    return timezone.now() + dt.timedelta(days=days)


def test_a_token_opens_what_its_person_may_see(head: Caller) -> None:
    row = rows.position()
    assert head.ids("positions/") == [row.pk]


def test_only_the_hash_is_stored_and_the_log_knows_who_made_it(db: None) -> None:
    admin, person = rows.person("ADMIN"), rows.person("OPERATOR")
    token, text = tokens.make(person, "portal", ["inventory:read"], expires_at=in_days(5), by=admin)
    stored = " ".join(str(value) for value in ApiToken.objects.values_list().get(pk=token.pk))
    secret = text.split("_", 2)[2]
    entry = Entry.objects.get(action="token.create")
    assert secret not in stored
    assert secret not in entry.canon
    assert entry.actor_id == str(admin.pk)


def test_a_revoked_token_opens_nothing_and_revoking_is_audited_once(head: Caller) -> None:
    assert tokens.revoke(head.token, by="test", because="lost")
    assert not tokens.revoke(head.token, by="test", because="lost")
    assert head.get("sites/").status_code == 401
    assert Entry.objects.filter(action="token.revoke").count() == 1


def test_an_expired_token_opens_nothing(head: Caller) -> None:
    with time_machine.travel(in_days(31), tick=False):
        assert head.get("sites/").status_code == 401


def test_a_token_of_somebody_switched_off_opens_nothing(head: Caller) -> None:
    people.set_active(head.token.person, False, by="test", because="left")
    assert head.get("sites/").status_code == 401


def test_a_token_loses_rights_together_with_its_person(head: Caller) -> None:
    people.end_grant(head.token.person.grants.get(), by="test", because="moved")
    assert head.get("sites/").status_code == 403


@pytest.mark.parametrize("change", [lambda text: text[:-1] + "!", lambda text: text[:-2] + "aa"])
def test_a_changed_token_opens_nothing(head: Caller, change: Callable[[str], str]) -> None:
    client = Client(headers={"Authorization": f"Bearer {change(head.text)}"})
    answer = client.get("/api/v1/sites/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_for_other_addresses_opens_nothing(make_caller: Callable[..., Caller]) -> None:
    person = rows.person("UNIT_HEAD")
    assert make_caller(person, networks=["10.9.0.0/16"]).get("sites/").status_code == 401
    assert make_caller(person, networks=["127.0.0.1"]).get("sites/").status_code == 200


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("inventory:read", "coverage/"),
        ("coverage:read", "positions/"),
        ("checks:write", "findings/"),
        ("findings:read", "runs/"),
    ],
)
def test_a_token_without_the_scope_is_refused(
    make_caller: Callable[..., Caller], scope: str, path: str
) -> None:
    answer = make_caller(rows.person("UNIT_HEAD"), scope).get(path)
    assert answer.status_code == 403
    assert answer.json()["code"] == "scope"


def test_the_last_use_is_noted_at_most_once_a_minute(head: Caller) -> None:
    head.get("sites/")
    head.token.refresh_from_db()
    first = head.token.used_at
    head.get("sites/")
    head.token.refresh_from_db()
    assert head.token.used_from == "127.0.0.1"
    assert head.token.used_at == first
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2), tick=False):
        head.get("sites/")
    head.token.refresh_from_db()
    assert head.token.used_at != first


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": -1},
        {"expires_at": 400},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"networks": ["not an address"]},
        {"name": " "},
    ],
)
def test_a_token_without_end_scope_or_sense_is_not_made(
    db: None, fields: dict[str, object]
) -> None:
    wanted: dict[str, object] = {"name": "portal", "scopes": ["inventory:read"], "expires_at": 30}
    wanted |= fields
    wanted["expires_at"] = in_days(int(str(wanted["expires_at"])))
    with pytest.raises(ValidationError):
        tokens.make(rows.person(), wanted.pop("name"), wanted.pop("scopes"), by="test", **wanted)  # type: ignore[arg-type]
    assert not ApiToken.objects.exists()


def test_the_command_makes_lists_and_revokes(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    person = rows.person("UNIT_HEAD")
    call_command(
        "api_token", "create", person.staff_number, "--name", "x", "--scope", "inventory:read"
    )
    text = next(line for line in capsys.readouterr().out.split() if line.startswith("cctv_"))
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/sites/").status_code == 200
    call_command("api_token", "list")
    assert text.split("_")[1] in capsys.readouterr().out
    call_command("api_token", "revoke", text.split("_")[1], "--because", "test is over")
    assert client.get("/api/v1/sites/").status_code == 401
    with pytest.raises(CommandError):
        call_command("api_token", "revoke", text.split("_")[1], "--because", "again")
