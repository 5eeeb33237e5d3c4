import datetime as dt

from django.db import migrations, models

FORMS = [("PACKAGE_CHECK", "KİB.TU.06"), ("HOLD_WEEK", "KİB.TU.07")]
FIRST_EDITION = dt.date(2026, 1, 1)


def first_revisions(apps, schema_editor):
    PaperRevision = apps.get_model("core", "PaperRevision")
    for form, document_no in FORMS:
        PaperRevision.objects.get_or_create(
            form=form,
            revision_no=0,
            defaults={
                "document_no": document_no,
                "published_on": FIRST_EDITION,
                "revised_on": FIRST_EDITION,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("core", "0007_undertaking_forms")]

    operations = [
        migrations.AlterField(
            model_name="paperrevision",
            name="form",
            field=models.CharField(
                choices=[
                    ("DAILY_SHEET", "Daily recording check sheet"),
                    ("CLOCK_REPORT", "Clock synchronisation report"),
                    ("MONTHLY_RECORDING", "Monthly recording report"),
                    ("WARRANTY_LIST", "Devices whose warranty ends"),
                    ("LAST_DAYS", "Recordings of the last days, one row per camera"),
                    ("STATUS_HISTORY", "Daily status history"),
                    ("DEVICE_CARD", "Inventory card"),
                    ("RELEASE_STATEMENT", "Release statement of a footage package"),
                    ("CLOCK_STATEMENT", "Clock statement of a footage package"),
                    ("RELEASE_READ_ME", "First page of a footage package"),
                    ("REQUEST_FORM", "Footage request form"),
                    ("HAND_OVER", "Record of handing over camera footage"),
                    ("VIEWING_RECORD", "Record of viewing camera footage"),
                    ("NO_RECORDING", "Record that no recording was found"),
                    ("HOLD_RECORD", "Record of putting footage under protection"),
                    ("DESTRUCTION", "Destruction record (personal data)"),
                    ("UNDERTAKING", "Confidentiality undertaking"),
                    ("ACCESS_REPORT", "Monthly access report"),
                    ("PACKAGE_CHECK", "Result of checking a package"),
                    ("HOLD_WEEK", "Holds that outlive their requests"),
                ],
                max_length=30,
                verbose_name="form",
            ),
        ),
        migrations.RunPython(first_revisions, migrations.RunPython.noop),
    ]
