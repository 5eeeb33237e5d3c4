from typing import Any

from django.db import migrations, models


def take_over(apps: Any, _editor: Any) -> None:
    """Until now sound was released for all cameras of a decision."""
    lines = apps.get_model("footage_requests", "DecisionLine").objects
    lines.filter(decision__includes_audio=True).update(includes_audio=True)


class Migration(migrations.Migration):
    dependencies = [("footage_requests", "0016_joined_films")]

    operations = [
        migrations.AddField(
            model_name="decisionline",
            name="includes_audio",
            field=models.BooleanField(default=False, verbose_name="sound is released"),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
