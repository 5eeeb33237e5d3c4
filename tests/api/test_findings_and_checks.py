"""Findings and checks over the API: reading, and the few things that can be changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.models import Entry
from cameras.models import Run
from tests.api.conftest import Caller
from tests.api.rows import finding, place, run
from tests.inventory import rows


def test_findings_are_filtered(head: Caller) -> None:
    at = place()
    opened = finding(at.camera)
    closed = finding(at.position, "NOT_RECORDING")
    closed.closed_at = closed.opened_at
    closed.save()
    assert head.ids("findings/?open=true") == [opened.pk]
    assert head.ids("findings/?open=false") == [closed.pk]
    assert head.ids("findings/?kind=NOT_RECORDING") == [closed.pk]
    assert head.ids(f"findings/?subject_kind=DEVICE&subject_id={at.camera.pk}") == [opened.pk]
    assert head.ids("findings/?opened_to=2020-01-01T00:00:00Z") == []


def test_a_finding_is_acknowledged_and_the_log_names_the_token(head: Caller) -> None:
    row = finding(rows.device())
    answer = head.post(f"findings/{row.pk}/acknowledge/", {"because": "Planned update"})
    assert answer.status_code == 200
    assert answer.json()["closed_because"] == "Planned update"
    entry = Entry.objects.get(action="finding.acknowledge")
    assert entry.actor_id == str(head.token.person_id)
    assert entry.session_hash == f"token:{head.token.prefix}"


def test_acknowledging_twice_is_too_late(head: Caller) -> None:
    row = finding(rows.device())
    head.post(f"findings/{row.pk}/acknowledge/", {"because": "first"})
    answer = head.post(f"findings/{row.pk}/acknowledge/", {"because": "second"})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.closed_because == "first"


def test_what_closes_by_itself_is_not_acknowledged(head: Caller) -> None:
    row = finding(rows.device(), "CLOCK")
    assert head.post(f"findings/{row.pk}/acknowledge/", {"because": "x"}).status_code == 409


def test_who_may_not_acknowledge_on_pages_may_not_here(make_caller: Callable[..., Caller]) -> None:
    row = finding(rows.device())
    for caller in (
        make_caller(rows.person("AUDITOR")),
        make_caller(rows.person("OPERATOR"), "findings:read"),
    ):
        answer = caller.post(f"findings/{row.pk}/acknowledge/", {"because": "x"})
        assert answer.status_code == 403


def test_what_is_sent_besides_the_reason_changes_nothing(head: Caller) -> None:
    """F16: columns in the body are ignored."""
    row = finding(rows.device())
    sent = {"because": "x", "kind": "CLOCK", "opened_at": "2020-01-01T00:00:00Z", "count": 99}
    head.post(f"findings/{row.pk}/acknowledge/", sent)
    before = (row.kind, row.opened_at, row.count)
    row.refresh_from_db()
    assert (row.kind, row.opened_at, row.count) == before


def test_findings_of_others_and_their_cameras_are_not_told(
    make_caller: Callable[..., Caller],
) -> None:
    mine = place()
    other = place(recorder=mine.recorder)
    shared = finding(
        mine.recorder, "RECORDER_SILENT", covers=[mine.position.pk, other.position.pk], count=2
    )
    hidden = finding(other.camera)
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.building.pk)
    caller = make_caller(person)
    told = caller.get("findings/").json()["results"]
    assert [(row["id"], row["covers"]) for row in told] == [(shared.pk, [mine.position.pk])]
    answer = caller.post(f"findings/{hidden.pk}/acknowledge/", {"because": "x"})
    assert answer.status_code == 404


def test_a_check_is_asked_for_and_followed(head: Caller) -> None:
    at = place()
    answer = head.post("runs/", {"positions": [at.position.pk]})
    assert answer.status_code == 201
    row = answer.json()
    assert (row["kind"], row["status"], row["checks_done"]) == ("CHECK_NOW", "RUNNING", 0)
    assert head.get(f"runs/{row['id']}/").json()["checks"] >= 1
    entry = Entry.objects.get(action="run.ask")
    assert entry.session_hash == f"token:{head.token.prefix}"


def test_columns_sent_with_a_check_are_ignored(head: Caller) -> None:
    """F16: status, sums and hashes cannot be written."""
    sent = {"devices": [rows.device().pk], "status": "FINISHED", "coverage_root": "ff", "kind": "X"}
    row = Run.objects.get(pk=head.post("runs/", sent).json()["id"])
    assert (row.status, row.coverage_root, row.kind) == ("RUNNING", "", "CHECK_NOW")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"everything": False},
        {"everything": True, "devices": [1]},
        {"devices": []},
        {"devices": "all"},
        {"devices": [0]},
        {"devices": [10**30]},
        {"positions": list(range(1, 300))},
    ],
)
def test_a_check_of_nothing_or_too_much_is_refused(head: Caller, sent: dict[str, object]) -> None:
    assert head.post("runs/", sent).status_code == 400
    assert not Run.objects.exists()


def test_devices_of_others_cannot_be_checked(make_caller: Callable[..., Caller]) -> None:
    mine, other = place(), place()
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.building.pk)
    caller = make_caller(person)
    for sent in (
        {"devices": [mine.camera.pk, other.camera.pk]},
        {"positions": [other.position.pk]},
        {"devices": [987654]},
    ):
        assert caller.post("runs/", sent).status_code == 404
    everything = caller.post("runs/", {"everything": True})
    row = Run.objects.get(pk=everything.json()["id"])
    assert row.devices == sorted([mine.camera.pk, mine.recorder.pk])


def test_a_position_without_a_camera_is_a_conflict(head: Caller) -> None:
    assert head.post("runs/", {"positions": [rows.position().pk]}).status_code == 409


def test_a_check_is_cancelled_once(head: Caller) -> None:
    rows.device()
    pk = head.post("runs/", {"everything": True}).json()["id"]
    assert head.post(f"runs/{pk}/cancel/").json()["status"] == "CANCELLED"
    again = head.post(f"runs/{pk}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "too_late")


def test_asking_and_cancelling_need_their_scope_and_role(
    make_caller: Callable[..., Caller],
) -> None:
    rows.device()
    row = run(status="RUNNING")
    for caller in (
        make_caller(rows.person("OPERATOR"), "checks:read"),
        make_caller(rows.person("AUDITOR")),
    ):
        assert caller.ids("runs/") == [row.pk]
        assert caller.post("runs/", {"everything": True}).status_code == 403
        assert caller.post(f"runs/{row.pk}/cancel/").status_code == 403


def test_runs_are_filtered(head: Caller) -> None:
    rows.device()
    red, backfill = run(is_red=True), run(kind="BACKFILL")
    assert head.ids("runs/?is_red=true") == [red.pk]
    assert head.ids("runs/?kind=BACKFILL") == [backfill.pk]
    assert head.ids("runs/?status=FINISHED") == []
    assert len(head.ids(f"runs/?day={red.day}")) == 2


@pytest.mark.parametrize("name", ["findings", "runs"])
def test_queries_do_not_grow_with_the_rows(  # type: ignore[no-untyped-def]
    head: Caller, name: str, django_assert_max_num_queries
) -> None:
    head.get("sites/")
    for _number in range(8):
        finding(rows.device())
        run()
    with django_assert_max_num_queries(6):
        assert len(head.ids(f"{name}/?page_size=2")) == 2
    with django_assert_max_num_queries(6):
        assert len(head.ids(f"{name}/?page_size=8")) == 8
