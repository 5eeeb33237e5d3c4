from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cameras", "0005_asked_until")]

    operations = [
        migrations.AddField(
            model_name="clockmeasurement",
            name="reference_offset_ms",
            field=models.IntegerField(blank=True, null=True),
        ),
    ]
