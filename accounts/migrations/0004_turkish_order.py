"""Names sort as Turkish words: a collation on PostgreSQL; SQLite is given a function per connection."""

from django.db import migrations

import core.sorting


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(core.sorting.CREATE_COLLATION)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(core.sorting.DROP_COLLATION)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_deputies")]

    operations = [
        migrations.RunPython(create, drop),
        migrations.AlterModelOptions(
            name="person",
            options={
                "ordering": [core.sorting.Turkish("full_name"), "staff_number"],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
    ]
