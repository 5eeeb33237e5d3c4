from django.db import migrations

from footage_requests import rules


def first_rows(apps, schema_editor):
    """The rules of a new installation; people change them afterwards."""
    rules.install(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("footage_requests", "0002_casework"),
    ]

    operations = [
        migrations.RunPython(first_rows, migrations.RunPython.noop, elidable=False),
    ]
