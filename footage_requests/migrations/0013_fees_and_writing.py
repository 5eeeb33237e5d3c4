from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from footage_requests.rules import FEES_AND_WRITING
from footage_requests.secrecy import case_guards


def set_first_kinds(apps, schema_editor):
    """What the first kinds did by their nature until now becomes data that the unit edits."""
    rows = apps.get_model("footage_requests", "RequesterKind").objects
    for code, facts in FEES_AND_WRITING.items():
        rows.filter(code=code).update(**facts)


def install_guards(apps, schema_editor):
    """SQLite has rebuilt the table of decisions, and dropped its triggers with it."""
    case_guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("footage_requests", "0012_undertakings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="is_on_duty",
            field=models.BooleanField(
                default=False, verbose_name="decided as the most senior person on duty"
            ),
        ),
        migrations.AddField(
            model_name="footagerequest",
            name="answers",
            field=models.JSONField(
                blank=True, default=dict, verbose_name="answers to the kind's questions"
            ),
        ),
        migrations.AddField(
            model_name="footagerequest",
            name="stopped_until",
            field=models.DateField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="clock stopped, fee to be paid by",
            ),
        ),
        migrations.AddField(
            model_name="footagerequest",
            name="writing_came_on",
            field=models.DateField(
                blank=True, editable=False, null=True, verbose_name="the writing came on"
            ),
        ),
        migrations.AddField(
            model_name="footagerequest",
            name="writing_lapsed_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="no writing came in time"
            ),
        ),
        migrations.AddField(
            model_name="historicalrequesterkind",
            name="fee_basis",
            field=models.CharField(
                blank=True,
                help_text="Stands in the letter: the rule and the tariff from which amounts are taken.",
                max_length=300,
                verbose_name="basis of the fee",
            ),
        ),
        migrations.AddField(
            model_name="historicalrequesterkind",
            name="fee_pay_working_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="While a notified fee is not paid the clock stands still; empty: no fee.",
                null=True,
                verbose_name="working days to pay a fee",
            ),
        ),
        migrations.AddField(
            model_name="historicalrequesterkind",
            name="fee_warn_working_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="warn so many working days before the fee lapses"
            ),
        ),
        migrations.AddField(
            model_name="historicalrequesterkind",
            name="required_facts",
            field=models.JSONField(blank=True, default=list, verbose_name="further required facts"),
        ),
        migrations.AddField(
            model_name="historicalrequesterkind",
            name="writing_within_working_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="An oral, urgent request: the most senior person on duty may let it be watched, a copy waits for the writing.",
                null=True,
                verbose_name="writing must follow within working days",
            ),
        ),
        migrations.AddField(
            model_name="requesterkind",
            name="fee_basis",
            field=models.CharField(
                blank=True,
                help_text="Stands in the letter: the rule and the tariff from which amounts are taken.",
                max_length=300,
                verbose_name="basis of the fee",
            ),
        ),
        migrations.AddField(
            model_name="requesterkind",
            name="fee_pay_working_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="While a notified fee is not paid the clock stands still; empty: no fee.",
                null=True,
                verbose_name="working days to pay a fee",
            ),
        ),
        migrations.AddField(
            model_name="requesterkind",
            name="fee_warn_working_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="warn so many working days before the fee lapses"
            ),
        ),
        migrations.AddField(
            model_name="requesterkind",
            name="required_facts",
            field=models.JSONField(blank=True, default=list, verbose_name="further required facts"),
        ),
        migrations.AddField(
            model_name="requesterkind",
            name="writing_within_working_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="An oral, urgent request: the most senior person on duty may let it be watched, a copy waits for the writing.",
                null=True,
                verbose_name="writing must follow within working days",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalKindQuestion",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        auto_created=True, blank=True, db_index=True, verbose_name="ID"
                    ),
                ),
                ("name_tr", models.CharField(max_length=150, verbose_name="name in Turkish")),
                ("name_en", models.CharField(max_length=150, verbose_name="name in English")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("code", models.SlugField(max_length=30, verbose_name="code")),
                ("is_required", models.BooleanField(default=True, verbose_name="must be answered")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="footage_requests.requesterkind",
                        verbose_name="kind of requester",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical question to a kind of requester",
                "verbose_name_plural": "historical questions to kinds of requesters",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Fee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="amount (TL)",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        help_text="Tariff and calculation, as told.",
                        max_length=300,
                        verbose_name="basis of the amount",
                    ),
                ),
                (
                    "pay_to",
                    models.CharField(
                        help_text="Account and reference for the payment.",
                        max_length=300,
                        verbose_name="how it is paid",
                    ),
                ),
                ("notified_on", models.DateField(verbose_name="notified on")),
                ("due_on", models.DateField(editable=False, verbose_name="last day to pay")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("PAID", "paid"),
                            ("WAIVED", "waived"),
                            ("LAPSED", "not paid in time"),
                        ],
                        editable=False,
                        max_length=6,
                    ),
                ),
                (
                    "ended_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="ended on"
                    ),
                ),
                (
                    "document",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="receipt or reason"
                    ),
                ),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fees",
                        to="footage_requests.footagerequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "access fee",
                "verbose_name_plural": "access fees",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")),
                        fields=("request",),
                        name="requests_one_open_fee",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_on", None), ("outcome", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("ended_on__gte", models.F("notified_on")),
                                ("ended_on__isnull", False),
                                models.Q(("document", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="requests_fee_ends_with_a_document",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KindQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name_tr", models.CharField(max_length=150, verbose_name="name in Turkish")),
                ("name_en", models.CharField(max_length=150, verbose_name="name in English")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("code", models.SlugField(max_length=30, verbose_name="code")),
                ("is_required", models.BooleanField(default=True, verbose_name="must be answered")),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="footage_requests.requesterkind",
                        verbose_name="kind of requester",
                    ),
                ),
            ],
            options={
                "verbose_name": "question to a kind of requester",
                "verbose_name_plural": "questions to kinds of requesters",
                "ordering": ["kind__order", "order", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "code"), name="requests_question_once")
                ],
            },
        ),
        migrations.RunPython(set_first_kinds, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(install_guards, migrations.RunPython.noop),
    ]
