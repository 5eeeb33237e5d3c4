import hashlib

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from core.tsi import today
from footage_requests.secrecy.undertaking_text import FIRST_EN, FIRST_TR


def _key():
    return (
        "id",
        models.BigAutoField(
            auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
        ),
    )


def sign_for_the_demo(apps, schema_editor):
    """The people of a demonstration that was made before are made up: nobody can be asked to sign."""
    people = apps.get_model("accounts", "Person").objects.all()
    if not settings.DEMO or not people.exists():
        return
    text = apps.get_model("footage_requests", "UndertakingText").objects.create(
        version=1,
        text_tr=FIRST_TR,
        text_en=FIRST_EN,
        sha256=hashlib.sha256(FIRST_TR.encode()).hexdigest(),
    )
    apps.get_model("footage_requests", "Undertaking").objects.bulk_create(
        apps.get_model("footage_requests", "Undertaking")(
            person=person, entered_by=person, text=text, how="PASSWORD", signed_on=today()
        )
        for person in people
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0007_undertaking_forms"),
        ("footage_requests", "0011_interests"),
    ]

    operations = [
        migrations.CreateModel(
            name="UndertakingText",
            fields=[
                _key(),
                (
                    "version",
                    models.PositiveIntegerField(
                        editable=False, unique=True, verbose_name="version"
                    ),
                ),
                ("text_tr", models.TextField(max_length=20000, verbose_name="text in Turkish")),
                (
                    "text_en",
                    models.TextField(
                        help_text="For reading; the Turkish one counts.",
                        max_length=20000,
                        verbose_name="text in English",
                    ),
                ),
                (
                    "valid_months",
                    models.PositiveSmallIntegerField(
                        default=12,
                        help_text="Counted from the day of the signature.",
                        verbose_name="to be renewed after months",
                    ),
                ),
                ("sha256", models.CharField(editable=False, max_length=64)),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "text of the undertaking",
                "verbose_name_plural": "texts of the undertaking",
                "ordering": ["-version"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_months__gte", 1), ("valid_months__lte", 60)),
                        name="requests_undertaking_for_some_months",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Undertaking",
            fields=[
                _key(),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("PASSWORD", "signed here, password confirmed"),
                            ("PAPER", "signed on paper, scanned"),
                        ],
                        max_length=8,
                        verbose_name="how",
                    ),
                ),
                ("signed_on", models.DateField(verbose_name="signed on")),
                (
                    "entered_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "scan_name",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undertakings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scan",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="footage_requests.evidencefile",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="footage_requests.undertakingtext",
                    ),
                ),
            ],
            options={
                "verbose_name": "undertaking",
                "verbose_name_plural": "undertakings",
                "ordering": ["-signed_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("entered_by", models.F("person")),
                                ("how", "PASSWORD"),
                                ("scan", None),
                            ),
                            models.Q(
                                ("how", "PAPER"),
                                ("scan__isnull", False),
                                models.Q(("entered_by", models.F("person")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="requests_undertaking_signed_by_oneself",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessReportSeen",
            fields=[
                _key(),
                ("month", models.DateField(verbose_name="month")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("month", "person"), name="requests_report_seen_once"
                    )
                ],
            },
        ),
        migrations.RunPython(sign_for_the_demo, migrations.RunPython.noop, elidable=True),
    ]
