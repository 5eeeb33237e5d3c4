from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.CharField(max_length=64)),
                ("key_id", models.TextField()),
                ("note", models.TextField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("entry_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "audit_pending",
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("leaf", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("leaf_hash", models.CharField(max_length=64)),
                ("chain", models.CharField(max_length=64, unique=True)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_seal",
            },
        ),
        migrations.CreateModel(
            name="Witness",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.CharField(blank=True, max_length=64)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "witness",
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(unique=True)),
                ("taken_at", models.DateTimeField(verbose_name="time")),
                ("actor_id", models.TextField()),
                ("actor_name", models.TextField(verbose_name="actor")),
                ("actor_role", models.TextField()),
                ("action", models.TextField(verbose_name="action")),
                ("object_type", models.TextField()),
                ("object_id", models.TextField()),
                ("object_name", models.TextField(verbose_name="object")),
                ("because", models.TextField(verbose_name="reason")),
                ("request_id", models.TextField()),
                ("ip", models.TextField()),
                ("session_hash", models.TextField()),
                ("canon", models.TextField()),
                ("leaf_hash", models.CharField(max_length=64)),
                ("object_prev", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "db_table": "audit_entry",
                "indexes": [
                    models.Index(
                        fields=["object_type", "object_id", "-id"], name="audit_entry_object"
                    ),
                    models.Index(fields=["action", "-id"], name="audit_entry_action"),
                    models.Index(fields=["actor_id", "-id"], name="audit_entry_actor"),
                    models.Index(fields=["taken_at"], name="audit_entry_taken_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="VerifyOutcome",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("exit_code", models.PositiveSmallIntegerField()),
                ("size", models.BigIntegerField(default=0)),
                ("chain", models.CharField(blank=True, max_length=64)),
                ("findings", models.JSONField(default=list)),
                ("checked_at", models.DateTimeField()),
                ("full_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="audit_outcome_one_row"
                    )
                ],
            },
        ),
    ]
