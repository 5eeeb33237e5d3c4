"""Triggers that refuse changes, by vendor, and the end of Django's care for these tables.

SQLite needs three guards where PostgreSQL needs two: INSERT OR REPLACE deletes without firing delete
triggers unless `recursive_triggers` is on, so an insert over an existing key is refused by itself too.
On SQLite this guards against bugs, not against a person who holds the file.
"""

from django.db import migrations

# Table -> the keys whose repetition an INSERT OR REPLACE would use to overwrite a row.
APPEND_ONLY = {
    "audit_entry": ("id", "uuid"),
    "audit_seal": ("leaf", "entry_id", "chain"),
    "audit_checkpoint": ("size",),
}
REFUSED = "the audit log is append-only"

POSTGRESQL_FUNCTIONS = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only: % on %', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION audit_next_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.leaf <> (SELECT coalesce(max(leaf) + 1, 0) FROM audit_seal) THEN
    RAISE EXCEPTION 'the audit log is append-only: leaf % is not the next', NEW.leaf
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
"""


def _postgresql():
    yield POSTGRESQL_FUNCTIONS
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
    yield (
        "CREATE TRIGGER audit_pending_rows BEFORE UPDATE ON audit_pending"
        " FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
    for table in (*APPEND_ONLY, "audit_pending"):
        yield (
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
    yield (
        "CREATE TRIGGER audit_seal_next BEFORE INSERT ON audit_seal"
        " FOR EACH ROW EXECUTE FUNCTION audit_next_leaf()"
    )


def _sqlite():
    for table, keys in APPEND_ONLY.items():
        for event in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
        same = " OR ".join(f"{key} = NEW.{key}" for key in keys)
        yield (
            f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )
    yield (
        "CREATE TRIGGER audit_pending_update BEFORE UPDATE ON audit_pending"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    )
    yield (
        "CREATE TRIGGER audit_seal_next BEFORE INSERT ON audit_seal"
        " WHEN NEW.leaf <> (SELECT coalesce(max(leaf) + 1, 0) FROM audit_seal)"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSED}: not the next leaf'); END"
    )


def add_guards(apps, schema_editor):
    statements = {"postgresql": _postgresql, "sqlite": _sqlite}[schema_editor.connection.vendor]
    for statement in statements():
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        # Going back is refused on purpose: it would be the first step of rewriting the log.
        migrations.RunPython(add_guards),
        *(
            migrations.AlterModelOptions(
                name=name,
                options={"managed": False, **words},
            )
            for name, words in (
                (
                    "entry",
                    {"verbose_name": "audit entry", "verbose_name_plural": "audit entries"},
                ),
                ("pending", {}),
                ("seal", {}),
                ("checkpoint", {}),
            )
        ),
    ]
