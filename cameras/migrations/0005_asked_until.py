from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cameras", "0004_reference_pictures_and_sources")]

    operations = [
        migrations.AddField(
            model_name="coverageday",
            name="asked_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Of a day that is not over: up to which true time was asked.",
                null=True,
            ),
        ),
    ]
