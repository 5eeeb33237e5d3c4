from django.db import migrations, models


def mark_first_kinds(apps, schema_editor):
    """The two kinds that forbade destruction by their code until now."""
    kinds = apps.get_model("footage_requests", "RequesterKind")
    kinds.objects.filter(code__in=["LEGAL_HOLD", "SEIZURE"]).update(forbids_destruction=True)


class Migration(migrations.Migration):
    dependencies = [
        ("footage_requests", "0008_portal"),
    ]

    operations = [
        migrations.AddField(
            model_name=name,
            name="forbids_destruction",
            field=models.BooleanField(
                default=False,
                help_text="While such a request is open, no copy of its cameras is destroyed.",
                verbose_name="forbids destruction",
            ),
        )
        for name in ("historicalrequesterkind", "requesterkind")
    ] + [migrations.RunPython(mark_first_kinds, migrations.RunPython.noop)]
