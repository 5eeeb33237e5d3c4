"""Names sort as Turkish words, by the collation that the people's migration makes."""

from django.db import migrations

from core.sorting import Turkish

NAMES = {
    "building": "building",
    "contractor": "contractor",
    "network": "network",
    "positiongroup": "group of positions",
    "site": "site",
}


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_uploads_wait_for_their_check"),
        ("accounts", "0004_turkish_order"),
    ]

    operations = [
        *(
            migrations.AlterModelOptions(
                name=name, options={"ordering": [Turkish("name")], "verbose_name": words}
            )
            for name, words in NAMES.items()
        ),
        migrations.AlterModelOptions(
            name="floor",
            options={"ordering": ["building", "level", Turkish("name")], "verbose_name": "floor"},
        ),
    ]
