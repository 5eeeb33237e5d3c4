"""What daily sheets add to Bugün: the line of a sheet that waits, and who must close it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.daily_sheets.sheet_sweep import WARN_BEFORE, closers
from cameras.models import DailySheet
from core import panels, tsi

# Older ones are on the list of sheets; Bugün is about what a person can still do in time.
SHOWN = 5
MOST = 60


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _CLOSERS)
    panels.register("today-side", 5, "sheets/_today.html", latest, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_sheets(person)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    """Sheets that wait for a signature or for a superior, to those who can do it."""
    may_sign = permissions.can_sign_sheet(person)
    may_see = permissions.can_mark_sheet_seen(person)
    if not (may_sign or may_see):
        return
    rows = _sheets(person)
    unsigned = [row for row in rows if row.status in DailySheet.WRITABLE][:SHOWN]
    who = _names(_closers(person)) if unsigned and may_sign else ""
    for sheet in unsigned if may_sign else []:
        yield _unsigned(sheet, who)
    signed = [row for row in rows if row.status == DailySheet.Status.SIGNED]
    unseen = [row for row in signed if row.signed_by_id != person.pk]
    for sheet in unseen[:SHOWN] if may_see else []:
        text = _("The sheet of %(day)s is signed and waits to be seen")
        yield _line(sheet, 60, text, _("Open sheet"))


def _sheets(person: Any) -> list[DailySheet]:
    """The newest sheet and those that wait, newest first; both parts of the page need them."""
    visible = DailySheet.objects.visible_to(person)
    waiting = Q(status__in=[*DailySheet.WRITABLE, DailySheet.Status.SIGNED])
    newest = Q(pk=Subquery(visible.order_by("-day").values("pk")[:1]))
    rows = visible.filter(waiting | newest).select_related("signed_by", "seen_by")
    return panels.once(("sheets", person.pk), lambda: list(rows.order_by("-day")[:MOST]))


_CLOSERS = panels.Question(
    lambda person: closers().values_list("full_name") if _may(person, None) else None
)


def _closers(person: Any) -> list[str]:
    return [name for (name,) in _CLOSERS(person)]


def _names(people: Iterable[str]) -> str:
    return ", ".join(people) or _("nobody: there is no unit head")


def _unsigned(sheet: DailySheet, who: str) -> panels.TodayLine:
    if sheet.is_overdue(timezone.now()):
        text = _(
            "The sheet of %(day)s is not signed; it was due on %(due)s. To be closed by: %(who)s"
        )
        return _line(sheet, 5, text, _("Close the sheet"), who)
    text = _("The sheet of %(day)s is to be signed until %(due)s by %(who)s")
    is_soon = sheet.due_at - timezone.now() <= WARN_BEFORE
    return _line(sheet, 19 if is_soon else 40, text, _("Close the sheet"), who)


def _line(
    sheet: DailySheet, urgency: int, text: str, action: str, who: str = ""
) -> panels.TodayLine:
    due = sheet.due_at.astimezone(tsi.TSI).strftime("%d.%m.%Y %H:%M")
    return panels.TodayLine(
        urgency=urgency,
        sentence=text % {"day": tsi.day_text(sheet.day), "due": due, "who": who},
        url=reverse("cameras:sheet", args=[sheet.day.isoformat()]),
        action_label=action,
        kind="sheet",
        key=sheet.day.isoformat(),
    )


def latest(request: PersonRequest, _row: Any) -> dict[str, Any] | None:
    """The newest sheet, its state, and who must close it."""
    sheet = next(iter(_sheets(request.user)), None)
    if sheet is None:
        return None
    return {
        "sheet": sheet,
        "is_overdue": sheet.is_overdue(timezone.now()),
        "closers": [] if sheet.is_signed else _closers(request.user),
    }
