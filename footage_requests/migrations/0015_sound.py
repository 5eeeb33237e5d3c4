import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from footage_requests.secrecy import case_guards


def remove_guards(apps, schema_editor):
    """SQLite rebuilds the tables of decisions and exhibits, which the triggers of others read meanwhile."""
    case_guards.remove(schema_editor)


def install_guards(apps, schema_editor):
    case_guards.install(schema_editor)


def explain_old_rows(apps, schema_editor):
    """Releases of sound from before its reason was asked for; nothing was ever fetched on them."""
    rows = apps.get_model("footage_requests", "Decision").objects
    rows.filter(includes_audio=True).update(audio_reason="–")


class Migration(migrations.Migration):
    dependencies = [
        ("footage_requests", "0014_lookup_keys"),
        ("inventory", "0008_turkish_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(remove_guards, install_guards),
        migrations.CreateModel(
            name="SoundSlice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("turn", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting"),
                            ("CLAIMED", "being fetched"),
                            ("DONE", "fetched"),
                            ("EMPTY", "the recorder has nothing there"),
                            ("FAILED", "could not be fetched"),
                        ],
                        default="WAITING",
                        max_length=8,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("delivered", models.JSONField(blank=True, default=dict)),
                ("failure", models.CharField(blank=True, max_length=300)),
                ("fetched_bytes", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["line_id", "channel_id", "starts_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="exhibit",
            name="requests_derived_has_a_parent",
        ),
        migrations.AddField(
            model_name="decision",
            name="audio_reason",
            field=models.TextField(blank=True, verbose_name="why sound is released"),
        ),
        migrations.RunPython(explain_old_rows, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="exhibit",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ORIGINAL", "original, stream copy"),
                    ("SOUND", "sound, stream copy"),
                    ("VIEWING", "viewing copy, transcoded"),
                    ("MASKED", "masked copy"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("includes_audio", False),
                    models.Q(("audio_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="requests_sound_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="exhibit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["ORIGINAL", "SOUND"]), ("parent", None), ("parent_sha256", "")
                    ),
                    models.Q(
                        models.Q(("kind__in", ["ORIGINAL", "SOUND"]), _negated=True),
                        ("parent__isnull", False),
                        models.Q(("parent_sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="requests_derived_has_a_parent",
            ),
        ),
        migrations.AddField(
            model_name="soundslice",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.channel",
            ),
        ),
        migrations.AddField(
            model_name="soundslice",
            name="file",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="footage_requests.evidencefile",
            ),
        ),
        migrations.AddField(
            model_name="soundslice",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="footage_requests.decisionline",
            ),
        ),
        migrations.AddField(
            model_name="soundslice",
            name="package",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sound_slices",
                to="footage_requests.package",
            ),
        ),
        migrations.AddIndex(
            model_name="soundslice",
            index=models.Index(fields=["state", "due_at"], name="requests_sound_queue"),
        ),
        migrations.AddConstraint(
            model_name="soundslice",
            constraint=models.UniqueConstraint(
                fields=("package", "line", "channel", "starts_at"), name="requests_sound_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="soundslice",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="requests_sound_is_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="soundslice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "DONE"), _negated=True),
                    ("file__isnull", False),
                    _connector="OR",
                ),
                name="requests_sound_has_a_file",
            ),
        ),
        migrations.RunPython(install_guards, remove_guards),
    ]
