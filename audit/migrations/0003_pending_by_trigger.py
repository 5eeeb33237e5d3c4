"""The database itself makes the pending row: no entry can be written that the sealer does not see."""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION audit_wait_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_pending (entry_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_entry_pending AFTER INSERT ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION audit_wait_for_seal();
"""
SQLITE = """
CREATE TRIGGER audit_entry_pending AFTER INSERT ON audit_entry
BEGIN INSERT INTO audit_pending (entry_id) VALUES (NEW.id); END
"""


def add_trigger(apps, schema_editor):
    statement = {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]
    schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [migrations.RunPython(add_trigger)]
