import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from footage_requests.secrecy import case_guards


def install(apps, schema_editor):
    case_guards.install(schema_editor)


def remove(apps, schema_editor):
    case_guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("footage_requests", "0010_watching_returns_and_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="InterestDeclaration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_out", models.BooleanField(verbose_name="out of the case")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("IN_FOOTAGE", "is in the footage"),
                            ("ASKS", "asked for it, or stands behind who asked"),
                            ("RELATED", "is related to somebody in it"),
                            ("OTHER", "another interest"),
                            ("NONE", "has nothing to do with it"),
                        ],
                        max_length=12,
                        verbose_name="why",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, max_length=300, verbose_name="in words"),
                ),
                (
                    "said_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="said"),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_because", models.CharField(blank=True, max_length=300)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interests",
                        to="footage_requests.footagerequest",
                    ),
                ),
                (
                    "withdrawn_by",
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
                "verbose_name": "declaration of interest",
                "verbose_name_plural": "declarations of interest",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_out", True), ("withdrawn_at", None)),
                        fields=("request", "person"),
                        name="requests_out_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at", None), ("withdrawn_by", None)),
                            models.Q(
                                ("withdrawn_at__isnull", False),
                                ("withdrawn_by__isnull", False),
                                models.Q(("withdrawn_because", ""), _negated=True),
                                models.Q(("withdrawn_by", models.F("person")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="requests_interest_withdrawn_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_out", False), ("why", "NONE")),
                            models.Q(("is_out", True), models.Q(("why", "NONE"), _negated=True)),
                            _connector="OR",
                        ),
                        name="requests_interest_says_why",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
