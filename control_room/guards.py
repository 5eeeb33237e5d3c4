"""The database's own refusal of editing what was written in shift notes, whatever writes to it.

SQLite drops a table's triggers when a later migration rebuilds the table: such a migration calls `install`
again.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "control_room_is_never_edited"
# What stands fast from the first moment; states, names of steps and the text for searching do not.
FAST = {
    "control_room_shiftnote": (
        *("uuid", "text", "building_id", "position_id", "recorder_id"),
        *("needed_until", "left_by_id", "left_at"),
    ),
    "control_room_noteline": ("note_id", "uuid", "text", "written_by_id", "written_at"),
}


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Creates the guards on the engine of that connection, replacing what stands under their names."""
    remove(editor)
    is_postgresql = editor.connection.vendor == "postgresql"
    if is_postgresql:
        editor.execute(
            f"CREATE FUNCTION {REFUSAL}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$"
        )
    for table, columns in FAST.items():
        begins = f"CREATE TRIGGER {_name(table)} BEFORE UPDATE OF {', '.join(columns)} ON {table}"
        if is_postgresql:
            editor.execute(f"{begins} FOR EACH ROW EXECUTE FUNCTION {REFUSAL}()")
        else:
            editor.execute(f"{begins} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """Drops the guards."""
    is_postgresql = editor.connection.vendor == "postgresql"
    for table in FAST:
        on = f" ON {table}" if is_postgresql else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {_name(table)}{on}")
    if is_postgresql:
        editor.execute(f"DROP FUNCTION IF EXISTS {REFUSAL}()")


def _name(table: str) -> str:
    return f"{table}_stands_fast"
