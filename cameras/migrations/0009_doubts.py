from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cameras", "0008_recorded_bit_rate")]

    operations = [
        operation
        for model in ("coverageday", "coveragerevision")
        for operation in (
            migrations.AddField(
                model_name=model,
                name="doubts",
                field=models.JSONField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name=model,
                name="unseen_cut_ms",
                field=models.BigIntegerField(blank=True, null=True),
            ),
        )
    ]
