"""Signed sheets filed as paper: a PDF per sheet under a running number, kept beside the signed content.

The filed file is what was printed then. Its SHA-256 stands in its row and in the audit log, so that a
file that was changed afterwards is found when somebody opens it.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import translation

import audit
from cameras.daily_sheets.sheet_papers import sheet_paper
from cameras.models import DailySheet, FiledSheet
from core.papers import render_pdf

ACTOR = "sheets"
LANGUAGE = "tr"
"""Papers of the unit are Turkish, whoever signed in which language."""
MOST_AT_ONCE = 10
"""Printing takes seconds; what is left is filed by the next sweep."""
FILED = (DailySheet.Status.SIGNED, DailySheet.Status.SEEN)


def path_of(row: FiledSheet) -> Path:
    """Where the file lies: a generated name inside the private folder."""
    return Path(settings.MEDIA_ROOT) / "filed" / str(row.year) / f"{row.uuid.hex}.pdf"


def is_intact(row: FiledSheet, data: bytes) -> bool:
    """Whether the file is the one that was filed."""
    return hashlib.sha256(data).hexdigest() == row.sha256


def file_sheets() -> list[FiledSheet]:
    """Files every signed or seen sheet that is not filed in that state. May run twice at once."""
    filed = FiledSheet.objects.filter(sheet=OuterRef("pk"), status=OuterRef("status"))
    waiting = DailySheet.objects.filter(~Exists(filed), status__in=FILED).order_by("day")
    rows = waiting.select_related("signed_by", "seen_by", "signed")[:MOST_AT_ONCE]
    return [row for sheet in rows if (row := _file(sheet))]


def _file(sheet: DailySheet) -> FiledSheet | None:
    with translation.override(LANGUAGE):
        data = render_pdf(sheet_paper(sheet))
    try:
        with transaction.atomic():
            return _keep(sheet, data)
    except IntegrityError:
        # Another sweep filed it, or took the number: the next one finds what is left.
        return None


def _keep(sheet: DailySheet, data: bytes) -> FiledSheet:
    """Row, file and audit entry. A process killed in between leaves at most a file without a row."""
    taken = FiledSheet.objects.filter(year=sheet.day.year).aggregate(last=Max("number"))["last"]
    row = FiledSheet.objects.create(
        sheet=sheet,
        status=sheet.status,
        year=sheet.day.year,
        number=(taken or 0) + 1,
        uuid=uuid.uuid4(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    _write(path_of(row), data)
    audit.record(
        "dailysheet.file",
        actor=ACTOR,
        target=sheet,
        number=str(row),
        state=row.status,
        sha256=row.sha256,
    )
    return row


def _write(path: Path, data: bytes) -> None:
    """On the disk before the row is: a filed sheet whose file a power cut took would be worth nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
