"""The database's own refusal of people who may play no part in a case: triggers on the columns that name parts.

Who is out of a case is refused in every part; who entered a request that was merged into it, at whatever
remove, neither decides nor exports nor verifies. Both stand in other tables, which no CHECK reaches.
PostgreSQL gets one function and a trigger per column and event, SQLite a trigger of its own for each. SQLite
drops a table's triggers when a later migration rebuilds the table, and rebuilds none that a trigger reads:
such a migration calls `remove` before and `install` after it, with every set (a test finds the missing ones).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "requests_out_of_the_case"
REFUSAL_OF_FILERS = "requests_asked_in_a_merged_request"
_OUT = "footage_requests_interestdeclaration"
_PREFIX = "footage_requests_"
_CASES = "footage_requests_footagerequest"


@dataclass(frozen=True)
class Guard:
    """`column` of `table` may not name somebody who is out; `by` says what leads from a row to its case."""

    table: str
    column: str
    by: str = "request"
    refusal: ClassVar[str] = REFUSAL

    @property
    def name(self) -> str:
        return f"requests_out_{self.table}_{self.column}"

    @property
    def full_table(self) -> str:
        return f"{_PREFIX}{self.table}"

    @property
    def case(self) -> str:
        """SQL for the case of the row NEW."""
        # S608: every part is a name out of GUARDS, never input.
        return {
            "request": "NEW.request_id",
            "package": f"(SELECT p.request_id FROM {_PREFIX}package p WHERE p.id = NEW.package_id)",  # noqa: S608
            "exhibit": (
                f"(SELECT p.request_id FROM {_PREFIX}exhibit e "  # noqa: S608
                f"JOIN {_PREFIX}package p ON p.id = e.package_id WHERE e.id = NEW.exhibit_id)"
            ),
        }[self.by]

    @property
    def is_refused(self) -> str:
        """SQL: whether the row NEW names somebody who is out."""
        return (
            f"EXISTS (SELECT 1 FROM {_OUT} o WHERE o.request_id = {self.case} "  # noqa: S608
            f"AND o.person_id = NEW.{self.column} AND o.is_out AND o.withdrawn_at IS NULL)"
        )


@dataclass(frozen=True)
class FilerGuard(Guard):
    """`column` may not name who entered a request that was merged into the case.

    Who entered the case itself is left to the CHECKs, which know small-unit mode.
    """

    refusal: ClassVar[str] = REFUSAL_OF_FILERS

    @property
    def name(self) -> str:
        return f"requests_merged_{self.table}_{self.column}"

    @property
    def is_refused(self) -> str:
        """SQL: whether the row NEW names such a person."""
        # S608: every part is a name out of FILER_GUARDS, never input.
        return (
            f"(NEW.{self.column} IN (WITH RECURSIVE taken(id, filer_id) AS ("  # noqa: S608
            f"SELECT r.id, r.filer_id FROM {_CASES} r WHERE r.merged_into_id = {self.case} "
            f"UNION SELECT r.id, r.filer_id FROM {_CASES} r JOIN taken ON r.merged_into_id = taken.id"
            f") SELECT filer_id FROM taken) AND NOT EXISTS ("
            f"SELECT 1 FROM {_CASES} r WHERE r.id = {self.case} AND r.filer_id = NEW.{self.column}))"
        )


GUARDS = (
    Guard("decision", "decided_by_id"),
    Guard("package", "approver_id"),
    Guard("package", "exporter_id"),
    Guard("package", "verifier_id"),
    Guard("package", "deliverer_id"),
    Guard("package", "reviewed_by_id"),
    Guard("handoverrecord", "deliverer_id"),
    Guard("handoverrecord", "witness_id"),
    Guard("destruction", "prepared_by_id"),
    Guard("destruction", "verified_by_id"),
    Guard("destruction", "approved_by_id"),
    Guard("recipientcopy", "made_by_id", by="package"),
    Guard("downloadlink", "made_by_id", by="package"),
    Guard("viewing", "person_id", by="exhibit"),
    Guard("maskplan", "drawn_by_id", by="exhibit"),
)
FILER_GUARDS = (
    FilerGuard("decision", "decided_by_id"),
    FilerGuard("package", "approver_id"),
    FilerGuard("package", "exporter_id"),
    FilerGuard("package", "verifier_id"),
)
EVENTS = ("INSERT", "UPDATE")


def install(editor: BaseDatabaseSchemaEditor, guards: Iterable[Guard] = GUARDS) -> None:
    """Creates the guards on the engine of that connection, replacing what stands under their names."""
    is_postgresql = editor.connection.vendor == "postgresql"
    for guard in guards:
        for event in EVENTS:
            _drop(editor, guard, event)
            statements = _postgresql(guard, event) if is_postgresql else [_sqlite(guard, event)]
            for statement in statements:
                editor.execute(statement)


def remove(editor: BaseDatabaseSchemaEditor, guards: Iterable[Guard] = GUARDS) -> None:
    """Drops the guards."""
    for guard in guards:
        for event in EVENTS:
            _drop(editor, guard, event)


def _named(guard: Guard, event: str) -> str:
    return f"{guard.name}_{event.lower()}"


def _drop(editor: BaseDatabaseSchemaEditor, guard: Guard, event: str) -> None:
    name = _named(guard, event)
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {guard.full_table}")
        editor.execute(f"DROP FUNCTION IF EXISTS {name}()")
    else:
        editor.execute(f"DROP TRIGGER IF EXISTS {name}")


def _sqlite(guard: Guard, event: str) -> str:
    changed = f"NEW.{guard.column} IS NOT OLD.{guard.column} AND " if event == "UPDATE" else ""
    return (
        f"CREATE TRIGGER {_named(guard, event)} BEFORE {event} ON {guard.full_table} "
        f"WHEN {changed}{guard.is_refused} BEGIN SELECT RAISE(ABORT, '{guard.refusal}'); END"
    )


def _postgresql(guard: Guard, event: str) -> list[str]:
    name = _named(guard, event)
    changed = (
        f" WHEN (NEW.{guard.column} IS DISTINCT FROM OLD.{guard.column})"
        if event == "UPDATE"
        else ""
    )
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {guard.is_refused} THEN "
        f"RAISE EXCEPTION '{guard.refusal}' USING ERRCODE = 'check_violation'; END IF; "
        "RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {guard.full_table} "
        f"FOR EACH ROW{changed} EXECUTE FUNCTION {name}()",
    ]
