from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("footage_requests", "0013_fees_and_writing"),
    ]

    operations = [
        migrations.CreateModel(
            name="LookupKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                ("sealed", models.TextField(editable=False)),
            ],
            options={"verbose_name": "lookup key", "verbose_name_plural": "lookup keys"},
        ),
    ]
