"""A stored evidence file that is no longer what it was: a finding until a person has handled it, and letters (B13).

Every way in which a file is found changed leads here: the sweep looks for damaged files that have no finding.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.models import Finding
from cameras.night.findings import Subject, open_finding

from ..casework import letters_out
from ..models import EvidenceFile, FootageRequest
from ..permissions import WATCHING_STORE
from .owners import case_of

KIND = Finding.Kind.EVIDENCE_CHANGED
MOST_TRIES = 5


def sweep(now: dt.datetime | None = None) -> None:
    """Opens the findings that are missing and writes the letters that are due. Twice changes nothing."""
    now = now or timezone.now()
    known = Finding.objects.filter(kind=KIND).values("subject_id")
    for file in EvidenceFile.objects.filter(is_sound=False, destroyed_at=None).exclude(
        pk__in=known
    ):
        raise_alarm(file, now)
    for row in Finding.objects.open().filter(kind=KIND):
        _write(row)


def raise_alarm(file: EvidenceFile, now: dt.datetime) -> None:
    """Opens the finding of one damaged file, or renews it."""
    case: FootageRequest | None = case_of(file)
    name = case.number if case else str(file.uuid)[:8]
    is_open = Finding.objects.open().filter(kind=KIND, subject_id=file.pk).first()
    told = is_open.detail if is_open else {"file": str(file.uuid), "told": [], "tries": 0}
    open_finding(KIND, Subject(Finding.Subject.SYSTEM, file.pk, name), now, detail=told)


def _write(row: Finding) -> None:
    told, tries = list(row.detail.get("told", [])), int(row.detail.get("tries", 0))
    left = [one for one in letters_out.holders(WATCHING_STORE) if one.pk not in told]
    if not left or tries >= MOST_TRIES:
        return

    def letter() -> tuple[str, str]:
        names = {"name": row.subject_name}
        subject = _("%(name)s: a stored evidence file was changed or cannot be read") % names
        text = _(
            "A stored evidence file of %(name)s no longer matches its hash. Nothing of it leaves. Please "
            "sign in, find out why, and close the finding with what was done."
        )
        return subject, text % names

    told += letters_out.write(left, letter)
    detail = {**row.detail, "told": told, "tries": tries + 1}
    Finding.objects.filter(pk=row.pk).update(detail=detail)
