"""Overlapping addresses, lenses, positions, channels and schedules become impossible."""

from django.db import migrations

from inventory import dated

GUARDS = [
    guard
    for guard in dated.GUARDS
    if guard.name
    in {
        "inventory_address_one_ip",
        "inventory_address_one_mac",
        "inventory_installation_one_lens",
        "inventory_installation_one_position",
        "inventory_assignment_one_channel",
        "inventory_schedule_one_at_a_time",
    }
]


def install(apps, schema_editor):
    dated.install(schema_editor, GUARDS)


def remove(apps, schema_editor):
    dated.remove(schema_editor, GUARDS)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
