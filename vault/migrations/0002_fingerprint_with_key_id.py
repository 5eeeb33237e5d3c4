"""A fingerprint names its key. Older ones match nothing: a refused login may be tried once more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="credential",
            name="refused_fingerprint",
            field=models.CharField(blank=True, editable=False, max_length=110),
        ),
    ]
