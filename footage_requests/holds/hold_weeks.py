"""Every Monday: the paper of holds that outlive their requests, filed as PDF and told to the heads (PRE-10).

It is filed also when there is none, so that every week has its proof. The file is the one that was printed then;
its SHA-256 stands in its row and in the audit log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import audit
from accounts.models import Role
from audit.canon import utc_text
from core import tsi
from core.papers import Paper, render_pdf

from ..casework import letters_out
from ..models import FootageRequest, Hold, HoldWeek
from ..release import record_rows
from . import hold_life

ACTOR = "holds"
LANGUAGE = "tr"


def path_of(row: HoldWeek) -> Path:
    """Where the filed paper lies: a generated name inside the private folder."""
    return Path(settings.MEDIA_ROOT) / "filed" / "holds" / f"{row.uuid.hex}.pdf"


def read(row: HoldWeek) -> bytes | None:
    """The filed paper; None when it is gone or is not the one that was filed."""
    try:
        data = path_of(row).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == row.sha256 else None


def sweep(now: dt.datetime | None = None) -> None:
    """Files this week's paper when it is missing, and writes to the heads once. Twice changes nothing."""
    today = tsi.day_of(now or timezone.now())
    monday = today - dt.timedelta(days=today.weekday())
    row = HoldWeek.objects.filter(week=monday).first() or _file(monday)
    if row is not None and row.told_at is None and row.count:
        _tell(row)


def _file(monday: dt.date) -> HoldWeek | None:
    content = content_of(monday)
    with translation.override(LANGUAGE):
        data = render_pdf(week_paper(content, monday))
    row = HoldWeek(
        week=monday,
        content=content,
        count=len(content["holds"]),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    try:
        with transaction.atomic():
            row.save()
            _write(path_of(row), data)
            audit.record(
                "holdweek.file",
                actor=ACTOR,
                target=row,
                week=monday.isoformat(),
                holds=row.count,
                sha256=row.sha256,
            )
    except IntegrityError:
        # Another sweep filed it.
        return None
    return row


def _write(path: Path, data: bytes) -> None:
    """On the disk before the row is."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def content_of(monday: dt.date) -> dict[str, Any]:
    """The holds of that morning as plain data."""
    return {
        "schema": "outliving-holds/1",
        "week": monday.isoformat(),
        "holds": [_hold(one) for one in hold_life.outliving()],
    }


def _hold(row: Hold) -> dict[str, Any]:
    return {
        "request": row.request.number,
        "request_state": row.request.status,
        "position": row.item.position.code,
        "channel": row.channel.number,
        "from": utc_text(row.starts_at),
        "until": utc_text(row.ends_at),
        "keep_until": row.keep_until.isoformat() if row.keep_until else "",
        "release_on": row.release_on.isoformat() if row.release_on else "",
        "reason": row.reason,
    }


def week_paper(content: dict[str, Any], monday: dt.date) -> Paper:
    """The paper in the active language."""
    states = dict(FootageRequest.Status.choices)
    rows = [
        {
            **one,
            "request_state": states.get(one["request_state"], one["request_state"]),
            "keep_until": record_rows.day(one["keep_until"]),
            "release_on": record_rows.day(one["release_on"]),
        }
        for one in content["holds"]
    ]
    return Paper(
        form="HOLD_WEEK",
        title=_("Holds that outlive their requests"),
        template="papers/hold_week.html",
        data=content,
        about=monday,
        shown={"week": tsi.day_text(monday), "holds": rows},
    )


def _tell(row: HoldWeek) -> None:
    def letter() -> tuple[str, str]:
        words = {"count": row.count}
        subject = ngettext(
            "%(count)d hold outlives its request",
            "%(count)d holds outlive their requests",
            row.count,
        )
        text = _(
            "This week's paper of holds that outlive their requests is filed. Please sign in: release "
            "them, or keep them with a reason."
        )
        return subject % words, text

    if letters_out.write(letters_out.holders([Role.UNIT_HEAD]), letter):
        HoldWeek.objects.filter(pk=row.pk).update(told_at=timezone.now())
