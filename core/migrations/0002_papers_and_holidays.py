import datetime as dt

from django.db import migrations, models

# Law 2429. 28 October closes at 13:00.
NATIONAL = [
    (1, 1, "Yılbaşı", False),
    (4, 23, "Ulusal Egemenlik ve Çocuk Bayramı", False),
    (5, 1, "Emek ve Dayanışma Günü", False),
    (5, 19, "Atatürk'ü Anma, Gençlik ve Spor Bayramı", False),
    (7, 15, "Demokrasi ve Millî Birlik Günü", False),
    (8, 30, "Zafer Bayramı", False),
    (10, 28, "Cumhuriyet Bayramı arifesi", True),
    (10, 29, "Cumhuriyet Bayramı", False),
]
# First days; the day before is the eve (arife), a half day.
RAMAZAN = ["2025-03-30", "2026-03-20", "2027-03-09", "2028-02-26", "2029-02-14", "2030-02-04"]
KURBAN = ["2025-06-06", "2026-05-27", "2027-05-16", "2028-05-05", "2029-04-24", "2030-04-13"]
FORMS = [
    ("DAILY_SHEET", "KİB.FR.01"),
    ("CLOCK_REPORT", "KİB.FR.02"),
    ("MONTHLY_RECORDING", "KİB.FR.03"),
    ("WARRANTY_LIST", "KİB.FR.04"),
    ("LAST_DAYS", "KİB.FR.05"),
    ("DEVICE_CARD", "KİB.FR.06"),
]
FIRST_EDITION = dt.date(2026, 1, 1)


def first_rows(apps, schema_editor):
    """The calendar and the forms' first revisions; people change them afterwards."""
    Holiday = apps.get_model("core", "Holiday")
    for month, day, name, is_half in NATIONAL:
        Holiday.objects.create(
            day=dt.date(2020, month, day), name=name, is_half=is_half, every_year=True
        )
    for name, first_days, length in (
        ("Ramazan Bayramı", RAMAZAN, 3),
        ("Kurban Bayramı", KURBAN, 4),
    ):
        for text in first_days:
            first = dt.date.fromisoformat(text)
            eve = first - dt.timedelta(days=1)
            Holiday.objects.create(day=eve, name=f"{name} arifesi", is_half=True)
            for number in range(length):
                Holiday.objects.create(
                    day=first + dt.timedelta(days=number), name=f"{name} {number + 1}. gün"
                )
    PaperRevision = apps.get_model("core", "PaperRevision")
    for form, document_no in FORMS:
        PaperRevision.objects.create(
            form=form, document_no=document_no, published_on=FIRST_EDITION, revised_on=FIRST_EDITION
        )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Letterhead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "university",
                    models.CharField(blank=True, max_length=150, verbose_name="university"),
                ),
                (
                    "department",
                    models.CharField(blank=True, max_length=150, verbose_name="department"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "is_half",
                    models.BooleanField(
                        default=False, verbose_name="half day (counts as a working day)"
                    ),
                ),
                ("every_year", models.BooleanField(default=False, verbose_name="every year")),
            ],
            options={
                "verbose_name": "public holiday",
                "verbose_name_plural": "public holidays",
                "ordering": ["day", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "name"), name="core_holiday_named_once_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("DAILY_SHEET", "Daily recording check sheet"),
                            ("CLOCK_REPORT", "Clock synchronisation report"),
                            ("MONTHLY_RECORDING", "Monthly recording report"),
                            ("WARRANTY_LIST", "Devices whose warranty ends"),
                            ("LAST_DAYS", "Recordings of the last days, one row per camera"),
                            ("DEVICE_CARD", "Inventory card"),
                        ],
                        max_length=30,
                        verbose_name="form",
                    ),
                ),
                ("document_no", models.CharField(max_length=40, verbose_name="document no.")),
                ("published_on", models.DateField(verbose_name="published on")),
                (
                    "revision_no",
                    models.PositiveSmallIntegerField(default=0, verbose_name="revision no."),
                ),
                ("revised_on", models.DateField(verbose_name="revised on")),
                (
                    "because",
                    models.CharField(blank=True, max_length=200, verbose_name="what changed"),
                ),
            ],
            options={
                "verbose_name": "revision of a form",
                "verbose_name_plural": "revisions of forms",
                "ordering": ["form", "-revision_no"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("form", "revision_no"), name="core_paper_revision_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("revised_on__gte", models.F("published_on"))),
                        name="core_paper_revised_after_published",
                    ),
                ],
            },
        ),
        migrations.RunPython(first_rows, migrations.RunPython.noop),
    ]
