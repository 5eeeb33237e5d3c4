from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_floor_plans")]

    operations = [
        migrations.AddField(
            model_name="survey",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
