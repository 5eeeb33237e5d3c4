from django.db import migrations, models


def disks_were_told_with_the_last_answer(apps, schema_editor):
    """The age of the disks that are stored already: until now they were asked at each visit."""
    conditions = apps.get_model("cameras", "DeviceCondition")
    conditions.objects.exclude(disks=[]).update(disks_at=models.F("answered_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0012_privacy_masks"),
    ]

    operations = [
        migrations.AddField(
            model_name="devicecondition",
            name="disks_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="disks_reason",
            field=models.CharField(
                blank=True, help_text="Why the disks could not be asked last.", max_length=40
            ),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="starts",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="starts_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="devicecondition",
            name="starts_reason",
            field=models.CharField(
                blank=True, help_text="Why the last start was not told last.", max_length=40
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
                    ("MASKS_OFF", "Private areas are drawn and the camera masks nothing"),
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
        migrations.RunPython(disks_were_told_with_the_last_answer, migrations.RunPython.noop),
    ]
