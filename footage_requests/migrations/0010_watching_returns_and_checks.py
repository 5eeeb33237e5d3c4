import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def explain(apps, schema_editor):
    """Packages that were verified while any playing was enough say so."""
    packages = apps.get_model("footage_requests", "Package").objects
    verified = ["VERIFIED", "SEALED", "HANDED_OVER", "VIEWED", "NOT_COLLECTED"]
    packages.filter(status__in=verified, is_watched=False, unwatched_because="").update(
        unwatched_because="verified before watching was measured"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_record_forms"),
        ("footage_requests", "0009_kinds_that_forbid_destruction"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HoldWeek",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("week", models.DateField(unique=True, verbose_name="week from")),
                ("content", models.JSONField(default=dict)),
                ("count", models.PositiveIntegerField(verbose_name="holds")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "told_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="mail sent"
                    ),
                ),
            ],
            options={
                "verbose_name": "weekly paper of holds",
                "verbose_name_plural": "weekly papers of holds",
                "ordering": ["-week"],
            },
        ),
        migrations.CreateModel(
            name="PackageCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("UPLOAD", "brought as files"),
                            ("RELEASED", "our own sealed package"),
                        ],
                        max_length=8,
                    ),
                ),
                ("names", models.JSONField(default=list, verbose_name="files")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("bytes", models.BigIntegerField(default=0)),
                ("told", models.CharField(blank=True, max_length=40, verbose_name="what it is")),
                ("exhibit", models.CharField(blank=True, max_length=20, verbose_name="exhibit")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("WHOLE", "ours and unchanged"),
                            ("CHANGED", "ours, but changed or incomplete"),
                            ("PARTLY", "unchanged as far as it could be checked"),
                            ("NOT_OURS", "not ours"),
                            ("UNREADABLE", "could not be checked"),
                        ],
                        max_length=10,
                        verbose_name="result",
                    ),
                ),
                ("lines", models.JSONField(default=list)),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "check of a package",
                "verbose_name_plural": "checks of packages",
                "ordering": ["-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="handoverrecord",
            name="requests_handed_over_once",
        ),
        migrations.RemoveConstraint(
            model_name="handoverrecord",
            name="requests_record_of_a_package",
        ),
        migrations.AddField(
            model_name="destruction",
            name="medium",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="destruction",
                to="footage_requests.handoverrecord",
                verbose_name="returned medium",
            ),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="is_taken_back",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="measured_sha256",
            field=models.CharField(
                blank=True, max_length=64, verbose_name="SHA-256 measured on the medium"
            ),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="next_step",
            field=models.CharField(
                blank=True,
                choices=[
                    ("KEPT", "the medium is kept here, sealed"),
                    ("DESTROYED", "the medium is destroyed with a record"),
                    ("AGAIN", "the package is handed over again"),
                ],
                max_length=10,
                verbose_name="what happens next",
            ),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="return_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("BROUGHT", "the receiver brought it back"),
                    ("UNDELIVERED", "it came back undelivered"),
                    ("WRONG", "it was the wrong medium, or went to the wrong person"),
                ],
                max_length=12,
                verbose_name="why it came back",
            ),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="seal_intact",
            field=models.BooleanField(blank=True, null=True, verbose_name="seal intact"),
        ),
        migrations.AddField(
            model_name="handoverrecord",
            name="takes_back",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="taken_back_by",
                to="footage_requests.handoverrecord",
            ),
        ),
        migrations.AddField(
            model_name="package",
            name="is_watched",
            field=models.BooleanField(
                default=False,
                editable=False,
                verbose_name="the verifier watched what the rule asks for",
            ),
        ),
        migrations.AddField(
            model_name="package",
            name="unwatched_because",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=300,
                verbose_name="why parts were not watched",
            ),
        ),
        migrations.AlterField(
            model_name="handoverrecord",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COPY", "hand-over of a copy"),
                    ("VIEWING", "supervised viewing"),
                    ("NO_RECORDING", "no recording found"),
                    ("HOLD", "put under protection"),
                    ("NOT_COLLECTED", "not collected"),
                    ("RETURNED", "medium taken back"),
                ],
                max_length=15,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoverrecord",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("is_taken_back", False), ("kind__in", ["COPY", "NOT_COLLECTED"])
                ),
                fields=("package",),
                name="requests_handed_over_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoverrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["COPY", "VIEWING", "NOT_COLLECTED", "RETURNED"]),
                        _negated=True,
                    ),
                    ("package__isnull", False),
                    _connector="OR",
                ),
                name="requests_record_of_a_package",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoverrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "RETURNED"), _negated=True),
                    models.Q(
                        ("seal_intact__isnull", False),
                        ("takes_back__isnull", False),
                        models.Q(("return_reason", ""), _negated=True),
                        models.Q(("next_step", ""), _negated=True),
                        models.Q(
                            models.Q(("receiver_name", ""), _negated=True),
                            ("witness__isnull", False),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="requests_return_is_complete",
            ),
        ),
        migrations.RunPython(explain, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "status__in",
                            ["VERIFIED", "SEALED", "HANDED_OVER", "VIEWED", "NOT_COLLECTED"],
                        ),
                        _negated=True,
                    ),
                    ("is_watched", True),
                    models.Q(("unwatched_because", ""), _negated=True),
                    _connector="OR",
                ),
                name="requests_verified_after_watching",
            ),
        ),
        migrations.AddField(
            model_name="packagecheck",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="packagecheck",
            name="job",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="core.job",
            ),
        ),
        migrations.AddField(
            model_name="packagecheck",
            name="package",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="checks",
                to="footage_requests.package",
            ),
        ),
        migrations.AddConstraint(
            model_name="packagecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_at", None), models.Q(("verdict", ""), _negated=True), _connector="OR"
                ),
                name="requests_check_has_an_answer",
            ),
        ),
    ]
