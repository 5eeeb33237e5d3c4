from typing import Any

from django.db import migrations

from footage_requests.secrecy import case_guards


def install(_apps: Any, schema_editor: Any) -> None:
    case_guards.install(schema_editor, case_guards.FILER_GUARDS)


def remove(_apps: Any, schema_editor: Any) -> None:
    case_guards.remove(schema_editor, case_guards.FILER_GUARDS)


class Migration(migrations.Migration):
    """Who entered a request that was merged into a case is refused by the database as well."""

    dependencies = [("footage_requests", "0017_sound_of_a_line")]

    operations = [migrations.RunPython(install, remove)]
