"""What a case needs next: the columns of the board, and the one main action of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import FootageRequest, Package
from ..models.requests import RequestQuerySet
from . import clocks, deadlines

S = FootageRequest.Status
P = Package.Status

ANSWERED = (S.REFUSED, S.NO_RECORDING)


@dataclass(frozen=True)
class Column:
    key: str
    title: Promise


COLUMNS = (
    Column("enter", _("Finish entering")),
    Column("choose", _("Choose cameras")),
    Column("check", _("Check and submit")),
    Column("wait", _("Waiting for an answer")),
    Column("decide", _("Decide")),
    Column("export", _("Export and verify")),
    Column("deliver", _("Seal and hand over")),
    Column("answer", _("Answer and close")),
)


def with_package(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Adds `package_status`: how far the newest release of each case is."""
    newest = Package.objects.filter(request=OuterRef("pk")).exclude(status=P.CANCELLED)
    return rows.annotate(package_status=Subquery(newest.order_by("-pk").values("status")[:1]))


# Neither a card nor Bugün shows them: hundreds of cases are read at once.
_NOT_SHOWN = (
    *("uuid", "basis", "reference_no", "ebys_number", "ebys_date", "written_deadline"),
    *("address", "phone", "identity_sealed", "wants_audio", "purpose", "on_behalf_of_hash"),
    *("missing_info", "missing_asked_at", "extended_because", "answers", "search_text"),
    *("content_version", "created_at", "closed_at", "merged_into"),
)


def open_cases(rows: RequestQuerySet) -> QuerySet[Any]:
    """The open ones with everything that cards show. Cases of one kind share its row."""
    cases = with_package(clocks.with_cameras(rows.open())).defer(*_NOT_SHOWN)
    return cases.select_related("building").prefetch_related("kind")


def column_of(row: Any) -> str:
    """What is needed next of a case that comes from `open_cases`."""
    if row.status == S.DRAFT:
        return "enter"
    is_stopped = row.stopped_until is not None and row.status in FootageRequest.BEFORE_DECISION
    if row.status in {S.INFO_MISSING, S.OPINION} or is_stopped:
        return "wait"
    if row.status == S.AWAITING_DECISION:
        return "decide"
    if row.status in ANSWERED:
        return "answer"
    if row.status == S.APPROVED:
        if row.package_status in {P.VERIFIED, P.SEALED}:
            return "deliver"
        return "answer" if row.package_status in {*Package.DELIVERED, P.DESTROYED} else "export"
    return "check" if row.camera_count else "choose"


def columns(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The board: each column with its cards, the most urgent first. Empty ones say so."""
    cards: dict[str, list[Any]] = {column.key: [] for column in COLUMNS}
    clocks.wind(rows)
    for row in rows:
        row.answer = deadlines.remaining(row)
        cards[column_of(row)].append(row)
    return [
        {"key": column.key, "title": column.title, "cards": sorted(cards[column.key], key=_urgency)}
        for column in COLUMNS
        if cards[column.key] or column.key != "enter"
    ]


def _urgency(row: Any) -> tuple[int, float, float]:
    """What is lost first, then what must be answered first."""
    rank, hours = row.footage.rank if row.footage else (9, 0.0)
    due = row.deadline_at.timestamp() if row.deadline_at else float("inf")
    return rank, hours, due
