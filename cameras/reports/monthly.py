"""The monthly recording report: continuity per building, the worst ten, retention, gaps, days checked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.drawing.strips import length
from cameras.models import CoverageDay, DailySheet, PositionDay, Result
from cameras.night.correlation import WHOLE_DAYS
from cameras.reports.lists import counted, days_word, with_motion
from cameras.reports.reports import Column, Period, Report, Section, Share, Value
from cameras.wording.reasons import word_for
from core.templatetags.page import whole
from inventory.models import Channel, ChannelAssignment, Device, Position, RecordingSchedule

WORST = 10
MOST_CHANNELS = 60
GAP_FROM_MS = 10_000
"""Shorter holes are seams between files; their time is in the sums above."""


def monthly_report(person: Any, period: Period) -> Report:
    """What was recorded in a month, with a reason where it could not be computed (REC-6, REC-13)."""
    answers = with_motion(
        PositionDay.objects.visible_to(person).filter(
            day__range=(period.first, period.last), is_provisional=False
        )
    )
    total = answers.aggregate(
        expected=Sum("expected_ms", filter=counted()),
        recorded=Sum("recorded_ms", filter=counted()),
        unknown=Count("pk", filter=Q(result=Result.UNKNOWN)),
        days=Count("day", distinct=True),
    )
    repairs = _repairs(person, period)
    return Report(
        form="MONTHLY_RECORDING",
        title=_("Monthly recording report"),
        period=period.words,
        about=period.last,
        is_signed_by_hand=True,
        facts=[
            (_("Cameras"), answers.values("position").distinct().count()),
            (_("Recorders"), _recorders(person)),
            (_("Recording continuity"), _share(total) or _("not known: no day was checked")),
            (_("Days with an answer"), f"{total['days']} / {period.days}"),
            (_("Camera days that could not be checked"), total["unknown"]),
            *_sheet_facts(person, period),
            (_("Mean time until recording came back"), _mean(repairs)),
        ],
        sections=[
            _buildings(answers),
            _worst(answers),
            _retention(person),
            _gaps(repairs),
        ],
        sentence=_("Our work in the period %(period)s is presented above. For your information.")
        % {"period": period.words},
    )


def _recorders(person: Any) -> int:
    counted = [Device.Status.IN_SERVICE, Device.Status.FAULTY]
    return Device.objects.visible_to(person).recorders().filter(status__in=counted).count()


def _share(sums: dict[str, Any]) -> Share | None:
    return Share(100 * (sums["recorded"] or 0) / sums["expected"]) if sums["expected"] else None


def _sheet_facts(person: Any, period: Period) -> list[tuple[str, Value]]:
    """Daily checks done against planned; only for those who may see the sheets of the campus."""
    sheets = DailySheet.objects.visible_to(person).filter(day__range=(period.first, period.last))
    done = sheets.filter(status__in=[DailySheet.Status.SIGNED, DailySheet.Status.SEEN])
    late = sum(1 for row in done if row.is_late)
    if not sheets.exists():
        return []
    return [
        (_("Daily checks signed / planned"), f"{done.count()} / {sheets.count()}"),
        (_("of these late entries"), late),
    ]


def _buildings(answers: Any) -> Section:
    rows = (
        answers.values("position__floor__building__name")
        .annotate(
            cameras=Count("position", distinct=True),
            expected=Sum("expected_ms", filter=counted()),
            recorded=Sum("recorded_ms", filter=counted()),
            full=Count("pk", filter=Q(result=Result.RECORDED)),
            partly=Count("pk", filter=Q(result=Result.PARTLY)),
            missing=Count("pk", filter=Q(result=Result.NOT_RECORDED)),
            unknown=Count("pk", filter=Q(result=Result.UNKNOWN)),
            exempt=Count("pk", filter=Q(result=Result.EXEMPT)),
        )
        .order_by("position__floor__building__name")
    )
    return Section(
        title=_("Continuity per building"),
        columns=[
            Column(_("Building")),
            Column(_("Cameras"), is_number=True),
            Column(_("Continuity"), is_number=True),
            Column(_("Recorded"), is_number=True),
            Column(_("Partly"), is_number=True),
            Column(_("Not recorded"), is_number=True),
            Column(_("Could not check"), is_number=True),
            Column(_("Exempt"), is_number=True),
        ],
        rows=[
            [
                row["position__floor__building__name"],
                row["cameras"],
                _share(row) or _why_unknown(row),
                *(row[name] for name in ("full", "partly", "missing", "unknown", "exempt")),
            ]
            for row in rows
        ],
        remark=_("Counts are camera days. The share leaves out days that could not be checked."),
        empty=_("No day of this period was checked."),
    )


def _why_unknown(row: dict[str, Any]) -> str:
    if row["unknown"]:
        return _("not known: could not check")
    if row["full"]:
        return _("on motion")
    return _("nothing was expected")


def _worst(answers: Any) -> Section:
    rows = (
        answers.filter(counted(), expected_ms__gt=0)
        .values("position", "position__name", "position__code", "position__floor__building__name")
        .annotate(
            expected=Sum("expected_ms"),
            recorded=Sum("recorded_ms"),
            longest=Max("longest_gap_ms"),
            days=Count("pk", filter=~Q(result=Result.RECORDED)),
        )
    )
    worst = sorted(rows, key=lambda row: row["recorded"] / row["expected"])[:WORST]
    return Section(
        title=_("The ten worst cameras"),
        columns=[
            Column(_("Camera")),
            Column(_("Building")),
            Column(_("Continuity"), is_number=True),
            Column(_("Missing"), is_number=True),
            Column(_("Longest gap"), is_number=True),
            Column(_("Days with a gap"), is_number=True),
        ],
        rows=[
            [
                f"{row['position__name']} ({row['position__code']})",
                row["position__floor__building__name"],
                _share(row),
                length(row["expected"] - row["recorded"]),
                length(row["longest"]) if row["longest"] else None,
                row["days"],
            ]
            for row in worst
            if row["recorded"] < row["expected"]
        ],
        empty=_("No camera missed anything that was expected."),
    )


def _retention(person: Any) -> Section:
    """Kept days against the goal, as measured last: too short, and longer than the policy (REC-23)."""
    assigned = (
        ChannelAssignment.objects.current()
        .filter(
            channel__in=Channel.objects.visible_to(person),
            position__status=Position.Status.ACTIVE,
        )
        .select_related("position__group", "channel__condition")
    )
    rows: list[tuple[Decimal, list[Value]]] = []
    counts = {"short": 0, "long": 0, "fine": 0, "unknown": 0}
    for row in assigned:
        condition = getattr(row.channel, "condition", None)
        goal = row.position.group.retention_goal_days
        word, held = _against_goal(condition, goal)
        counts[word] += 1
        if word in {"short", "long"} and held is not None:
            said = _("below the goal") if word == "short" else _("longer than the goal")
            name = f"{row.position.name} ({row.position.code})"
            oldest = condition.earliest_at if condition else None
            rows.append((held - goal, [name, oldest, days_word(held), goal, said]))
    rows.sort(key=lambda pair: pair[0])
    return Section(
        title=_("Retention against the goal"),
        columns=[
            Column(_("Camera")),
            Column(_("Oldest recording")),
            Column(_("Days kept"), is_number=True),
            Column(_("Goal"), is_number=True),
            Column(_("Result")),
        ],
        rows=[row for _distance, row in rows[:MOST_CHANNELS]],
        remark=_(
            "%(fine)d channels keep the goal, %(short)d less, %(long)d more, %(unknown)d not measured. "
            "Personal data may not be kept longer than the goal without a hold."
        )
        % counts,
        empty=_("No channel differs from its goal."),
    )


def _against_goal(condition: Any, goal: int) -> tuple[str, Decimal | None]:
    """Below: fewer recorded days than the goal. Longer: the oldest recording is older than the goal."""
    if condition is None or condition.held_days is None:
        return "unknown", None
    held: Decimal = condition.held_days
    if condition.earliest_at is not None:
        age = Decimal((condition.asked_at - condition.earliest_at) / dt.timedelta(days=1))
        if age > goal + WHOLE_DAYS:
            return "long", age
    return ("short" if held < goal - Decimal("0.5") else "fine"), held


@dataclass
class Gaps:
    """Gaps of one cause: their lengths in ms."""

    lengths: list[int] = field(default_factory=list)


def _repairs(person: Any, period: Period) -> dict[str, Gaps]:
    """Gaps of at least 10 s by cause; those that touch at midnight are one."""
    on_motion = RecordingSchedule.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=period.first),
        kind=RecordingSchedule.Kind.MOTION,
        valid_from__lte=period.last,
    )
    rows = (
        CoverageDay.objects.visible_to(person)
        .exclude(channel__assignments__position__in=on_motion.values("position"))
        .filter(day__range=(period.first, period.last), gap_count__gt=0, is_provisional=False)
        .order_by("channel", "day")
        .values_list("channel", "gaps")
    )
    found: dict[str, Gaps] = defaultdict(Gaps)
    last: tuple[int, int, int, str] | None = None
    for channel, gaps in rows.iterator(chunk_size=2000):
        for start, end, cause in gaps:
            if last is not None and last[0] == channel and last[2] == start:
                last = (channel, last[1], end, last[3])
                continue
            _close(found, last)
            last = (channel, start, end, cause)
    _close(found, last)
    return found


def _close(found: dict[str, Gaps], gap: tuple[int, int, int, str] | None) -> None:
    if gap is not None and gap[2] - gap[1] >= GAP_FROM_MS:
        found[gap[3]].lengths.append(gap[2] - gap[1])


def _mean(repairs: dict[str, Gaps]) -> Value:
    lengths = [one for gaps in repairs.values() for one in gaps.lengths]
    if not lengths:
        return None
    count = ngettext("%(count)s gap", "%(count)s gaps", len(lengths)) % {
        "count": whole(len(lengths))
    }
    return f"{length(sum(lengths) // len(lengths))} ({count})"


def _gaps(repairs: dict[str, Gaps]) -> Section:
    rows = sorted(repairs.items(), key=lambda pair: -sum(pair[1].lengths))
    return Section(
        title=_("Gaps by cause"),
        columns=[
            Column(_("Cause")),
            Column(_("Gaps"), is_number=True),
            Column(_("Time missing in all"), is_number=True),
            Column(_("Mean time until recording came back"), is_number=True),
            Column(_("Longest gap"), is_number=True),
        ],
        rows=[
            [
                word_for(cause),
                len(gaps.lengths),
                length(sum(gaps.lengths)),
                length(sum(gaps.lengths) // len(gaps.lengths)),
                length(max(gaps.lengths)),
            ]
            for cause, gaps in rows
        ],
        remark=_("Gaps of at least 10 s; a gap that goes on after midnight is one gap."),
        empty=_("There was no gap of 10 s or more."),
    )
