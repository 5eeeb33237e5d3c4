import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0014_format_of_played_minutes"),
    ]

    operations = [
        migrations.AddField(
            model_name="lastpicture",
            name="colour",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="lastpicture",
            name="outline",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="referencepicture",
            name="colour",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="referencepicture",
            name="other_colour",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="referencepicture",
            name="other_outline",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="referencepicture",
            name="outline",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("RECORDER_SILENT", "Recorder does not answer"),
                    ("RECORDER_STOPPED", "Recorder missed the same time on all its channels"),
                    ("NETWORK_SILENT", "Devices of one network do not answer"),
                    ("CAMERA_SILENT", "Camera does not answer"),
                    ("NOT_RECORDING", "Recording is missing"),
                    ("MOTION_SILENT", "Motion recording without a single recording"),
                    ("RETENTION_SHORT", "Kept for fewer days than the goal"),
                    ("RETENTION_LONG", "Kept for longer than the goal"),
                    ("RECORDING_LOST", "Recordings disappeared inside the retention goal"),
                    ("SOURCES_DISAGREE", "Two sources of one recorder disagree"),
                    ("PROOF_FAILED", "A minute that the index claims could not be played"),
                    ("CLOCK", "Clock is wrong"),
                    ("MASKS_GONE", "Privacy masks of a camera are gone"),
                    ("MASKS_OFF", "Private areas are drawn and the camera masks nothing"),
                    ("VIEW_CHANGED", "View of a camera may have changed"),
                    ("SERIAL_CHANGED", "Another serial number at this address"),
                    ("FIRMWARE_CHANGED", "Firmware changed"),
                    ("DEVICE_MOVED", "Device answers at another address"),
                    ("DUPLICATE_IDENTITY", "Two addresses give the same identity"),
                    ("CREDENTIAL_REFUSED", "Login refused and parked"),
                    ("DISK", "Disk reports a fault"),
                    ("RECORDER_RESTARTS", "Recorder is started again and again"),
                    ("EVIDENCE_CHANGED", "A stored evidence file was changed"),
                    ("SWEEP_SKIPPED", "A check was skipped: the one before was still running"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="ViewCheck",
            fields=[
                (
                    "reference",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="view_check",
                        serialize=False,
                        to="cameras.referencepicture",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("LIKE", "Looks like the reference picture"),
                            ("PARTLY", "Looks like the reference picture in part"),
                            ("UNLIKE", "Does not look like the reference picture"),
                            ("NOT_COMPARED", "Could not be compared with the reference picture"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=20)),
                (
                    "agreement",
                    models.SmallIntegerField(blank=True, help_text="In per cent.", null=True),
                ),
                ("picture_at", models.DateTimeField()),
                ("unlike_nights", models.PositiveSmallIntegerField(default=0)),
                ("unlike_since", models.DateField(blank=True, null=True)),
                ("unlike_last", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "NOT_COMPARED"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="cameras_not_compared_has_a_reason",
                    )
                ],
            },
        ),
    ]
