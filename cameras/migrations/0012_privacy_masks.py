from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0011_finding_evidence_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="devicecondition",
            name="mask_areas",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Areas that the camera covers; 0 = off, null = never told.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="mask_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="mask_reason",
            field=models.CharField(
                blank=True,
                help_text="Why the newest question about masks failed.",
                max_length=40,
            ),
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
                    (
                        "MASKS_OFF",
                        "Private areas are drawn and the camera masks nothing",
                    ),
                    ("SERIAL_CHANGED", "Another serial number at this address"),
                    ("FIRMWARE_CHANGED", "Firmware changed"),
                    ("DEVICE_MOVED", "Device answers at another address"),
                    ("DUPLICATE_IDENTITY", "Two addresses give the same identity"),
                    ("CREDENTIAL_REFUSED", "Login refused and parked"),
                    ("DISK", "Disk reports a fault"),
                    ("EVIDENCE_CHANGED", "A stored evidence file was changed"),
                    ("SWEEP_SKIPPED", "A check was skipped: the one before was still running"),
                ],
                max_length=20,
            ),
        ),
    ]
