import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0002_lost_checks_and_long_offsets"),
        ("inventory", "0003_contracts_counts_uploads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailySheet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="day")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PLANNED", "Planned"),
                            ("OPEN", "Waiting for signature"),
                            ("SIGNED", "Signed"),
                            ("SEEN", "Seen by the superior"),
                            ("NOT_DONE", "Not done in time"),
                        ],
                        default="PLANNED",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("missed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "daily sheet",
                "verbose_name_plural": "daily sheets",
                "ordering": ["-day"],
            },
        ),
        migrations.CreateModel(
            name="SignedSheet",
            fields=[
                (
                    "sheet",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="signed",
                        serialize=False,
                        to="cameras.dailysheet",
                    ),
                ),
                ("canonical", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="SheetExplanation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=500, verbose_name="explanation")),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "positions",
                    models.ManyToManyField(blank=True, related_name="+", to="inventory.position"),
                ),
                (
                    "recorders",
                    models.ManyToManyField(blank=True, related_name="+", to="inventory.device"),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="explanations",
                        to="cameras.dailysheet",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SheetReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("OVERDUE", "Not closed in time")], max_length=10),
                ),
                ("tried", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="cameras.dailysheet",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="dailysheet",
            index=models.Index(fields=["status", "day"], name="cameras_dai_status_eacb12_idx"),
        ),
        migrations.AddConstraint(
            model_name="dailysheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("seen_by", None),
                    models.Q(("seen_by", models.F("signed_by")), _negated=True),
                    _connector="OR",
                ),
                name="cameras_sheet_seen_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailysheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["SIGNED", "SEEN"]), _negated=True),
                    models.Q(
                        ("signed_at__isnull", False),
                        ("signed_by__isnull", False),
                        models.Q(("sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="cameras_sheet_signed_has_signature",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailysheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("seen_at__isnull", False), ("seen_by__isnull", False), ("status", "SEEN")
                    ),
                    models.Q(
                        models.Q(("status", "SEEN"), _negated=True),
                        ("seen_at", None),
                        ("seen_by", None),
                    ),
                    _connector="OR",
                ),
                name="cameras_sheet_seen_has_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetexplanation",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="cameras_explanation_has_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetreminder",
            constraint=models.UniqueConstraint(
                fields=("sheet", "person", "kind"), name="cameras_sheet_reminded_once"
            ),
        ),
    ]
