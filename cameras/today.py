"""What cameras add to Bugün: last night in one sentence and one band, and the lines of open findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q, QuerySet, Subquery, Window
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models import PositionDay, Run
from cameras.models.coverage import Result
from cameras.night.nights import night_begins
from cameras.night.watch import NightState, NightWord, state_of, sweeps_of, watched_day
from cameras.today_lines import finding_lines
from core import panels, tsi
from core.templatetags.page import whole
from core.text import sort_key
from inventory.models import Device, Position

MOST_SQUARES = 1_500
_ANY_PK = 987654321
WARRANTY_DAYS = 90
# A month before and a week before, the same line stands higher.
_URGENCY = {7: 34, 30: 60}


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _ENDING)
    panels.register("today", 10, "cameras/_last_night.html", last_night, _may)
    panels.register("today-side", 10, "cameras/_night_health.html", health, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_cameras(person)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    """Did the night run, what is wrong, what ends soon."""
    if not permissions.can_see_cameras(person):
        return
    state = state_of(_runs(), timezone.now())
    if state.is_alarm:
        yield panels.TodayLine(
            urgency=0,
            sentence=night_sentence(state),
            url=reverse("cameras:runs"),
            action_label=_("Open checks"),
            kind="night",
            key=str(state.day),
        )
    yield from finding_lines(person)
    yield from _ending_soon(person)


def _runs() -> list[Run]:
    """The runs that this page speaks of: over yesterday, running now, finished last. Asked once."""
    finished = Run.objects.filter(status=Run.Status.FINISHED).order_by("-finished_at")
    told = sweeps_of(watched_day(timezone.now())) | Q(status=Run.Status.RUNNING)
    told |= Q(pk=Subquery(finished.values("pk")[:1]))
    return panels.once("runs", lambda: list(Run.objects.filter(told)))


def _ending(person: Any) -> QuerySet[Any] | None:
    """When the first warranty ends, and how many do within 90, 30 and 7 days."""
    if not permissions.can_see_cameras(person):
        return None
    today = tsi.today()
    ending = (
        Device.objects.visible_to(person)
        .filter(warranty_ends_on__range=(today, today + dt.timedelta(days=WARRANTY_DAYS)))
        .exclude(status__in=[Device.Status.SCRAPPED, Device.Status.REMOVED])
    )
    within = (
        Window(Count("pk", filter=Q(warranty_ends_on__lte=today + dt.timedelta(days=days))))
        for days in (WARRANTY_DAYS, 30, 7)
    )
    return ending.order_by("warranty_ends_on", "pk").values_list("warranty_ends_on", *within)[:1]


_ENDING = panels.Question(_ending)


def _ending_soon(person: Any) -> Iterable[panels.TodayLine]:
    first = next(iter(_ENDING(person)), None)
    if first is None:
        return
    ends_on, count, in_a_month, in_a_week = first
    text = ngettext(
        "The warranty of %(count)d device ends within 90 days, the first on %(day)s",
        "The warranties of %(count)d devices end within 90 days, the first on %(day)s",
        count,
    )
    nearer = [(7, in_a_week), (30, in_a_month)]
    parts = [text % {"count": count, "day": tsi.day_text(ends_on)}]
    parts += [
        _("%(count)d within %(days)d days") % {"count": number, "days": days}
        for days, number in reversed(nearer)
        if number
    ]
    yield panels.TodayLine(
        urgency=next((_URGENCY[days] for days, number in nearer if number), 75),
        sentence="; ".join(parts),
        url=reverse("cameras:report_warranty"),
        action_label=_("Open the list"),
        kind="warranty",
        key="90",
    )


@dataclass
class BuildingSums:
    """The answers of one building for one day: how many of each result."""

    pk: int
    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def sums(rows: Any) -> tuple[list[BuildingSums], dt.datetime | None]:
    """The answers of one day summed by building, in the order of names, and the oldest evidence."""
    building = "position__floor__building"
    listed = rows.order_by().values_list(building, f"{building}__name", "result")
    return _added_up(listed.annotate(Count("pk"), Min("evidence_at")))


def _added_up(
    answers: Iterable[tuple[int, str, str, int, dt.datetime | None]],
) -> tuple[list[BuildingSums], dt.datetime | None]:
    found: dict[int, BuildingSums] = {}
    times = []
    for pk, name, result, count, evidence_at in answers:
        here = found.setdefault(pk, BuildingSums(pk, name, dict.fromkeys(Result.values, 0)))
        here.counts[result] += count
        times += [evidence_at] if evidence_at else []
    return sorted(found.values(), key=lambda row: sort_key(row.name)), min(times, default=None)


class Square(NamedTuple):
    """One camera of the band, as it comes out of the database."""

    building_id: int
    building: str
    code: str
    pk: int
    name: str
    result: str
    evidence_at: dt.datetime | None


def _squares(rows: Any) -> list[Square]:
    """The cameras of the band, one more than it may have when there are too many for it."""
    listed = rows.order_by().values_list(
        *("position__floor__building", "position__floor__building__name"),
        *("position__code", "position", "position__name", "result", "evidence_at"),
    )
    return [Square(*values) for values in listed[: MOST_SQUARES + 1]]


def last_night(request: PersonRequest, _row: Any) -> dict[str, Any]:
    """Yesterday's answers: the sentence, the sums, and a square per camera grouped by building."""
    day = tsi.today() - dt.timedelta(days=1)
    rows = PositionDay.objects.visible_to(request.user).filter(day=day)
    squares = _squares(rows)
    as_bars = len(squares) > MOST_SQUARES
    buildings, oldest = (
        sums(rows)
        if as_bars
        else _added_up((s.building_id, s.building, s.result, 1, s.evidence_at) for s in squares)
    )
    counts = {result: sum(row.counts[result] for row in buildings) for result in Result.values}
    not_asked = _not_asked(request.user, day) if buildings else 0
    counts[Result.UNKNOWN] += not_asked
    return {
        "day": day,
        "sentence": summary(counts),
        "counts": [(code, label, counts[code]) for code, label in Result.choices],
        "total": sum(counts.values()),
        "oldest": oldest,
        "buildings": bars(buildings) if as_bars else _band(squares),
        "as_bars": as_bars,
    }


def _not_asked(person: Any, day: dt.date) -> int:
    """Cameras in service without any answer, while no night has accounted for them: they are not fine."""
    if state_of(_runs(), timezone.now()).word in {NightWord.FINISHED, NightWord.RED}:
        return 0
    answered = PositionDay.objects.filter(day=day).values("position")
    in_service = Position.objects.visible_to(person).in_service_on(day)
    return in_service.exclude(pk__in=answered).count()


def summary(counts: dict[str, int]) -> str:
    """ "Yesterday 45 of 48 cameras were recorded in full; 2 had gaps, 1 could not be checked."""
    total = sum(counts.values())
    if not total:
        return _("Nobody has asked yet what was recorded yesterday.")
    text = ngettext(
        "Yesterday %(good)s of %(total)s camera was recorded in full",
        "Yesterday %(good)s of %(total)s cameras were recorded in full",
        total,
    ) % {"good": whole(counts[Result.RECORDED]), "total": whole(total)}
    rest = exceptions(counts)
    return f"{text}; {rest}." if rest else f"{text}."


def exceptions(counts: dict[str, int]) -> str:
    """ "2 had gaps, 1 could not be checked"; empty where every camera was recorded in full."""
    rest = []
    if counts[Result.PARTLY]:
        count = counts[Result.PARTLY]
        rest.append(
            ngettext("%(count)s had gaps", "%(count)s had gaps", count) % {"count": whole(count)}
        )
    if counts[Result.NOT_RECORDED]:
        rest.append(
            pgettext("cameras", "%(count)s not recorded")
            % {"count": whole(counts[Result.NOT_RECORDED])}
        )
    if counts[Result.UNKNOWN]:
        rest.append(_("%(count)s could not be checked") % {"count": whole(counts[Result.UNKNOWN])})
    if counts[Result.EXEMPT]:
        rest.append(_("%(count)s exempt") % {"count": whole(counts[Result.EXEMPT])})
    return ", ".join(rest)


def _band(squares: Iterable[Square]) -> list[dict[str, Any]]:
    # Said, addressed and drawn once each: there may be a thousand cameras, and only five results.
    labels = {code: str(label) for code, label in Result.choices}
    before, after = reverse("cameras:position", args=[_ANY_PK]).split(str(_ANY_PK))
    drawn = {
        result: render_to_string("components/_square.html", {"result": result})
        for result in Result.values
    }
    buildings: dict[int, dict[str, Any]] = {}
    for camera in sorted(squares, key=lambda square: square.code):
        title = f"{camera.name} · {labels[camera.result]}"
        found = buildings.setdefault(
            camera.building_id, {"pk": camera.building_id, "name": camera.building, "squares": []}
        )
        url = f"{before}{camera.pk}{after}"
        found["squares"].append(
            {"pk": camera.pk, "url": url, "title": title, "drawn": drawn[camera.result]}
        )
    return sorted(buildings.values(), key=lambda row: sort_key(row["name"]))


def bars(buildings: Iterable[BuildingSums]) -> list[dict[str, Any]]:
    """A bar per building: the shares of its answers in per cent, as places and widths."""
    shown = []
    for row in buildings:
        x, parts = 0.0, []
        for result, count in row.counts.items():
            width = 100 * count / row.total
            if count:
                part = {"result": result, "x": f"{x:.2f}", "width": f"{width:.2f}", "count": count}
                parts.append(part)
            x += width
        words = _("%(good)d of %(total)d recorded in full") % {
            "good": row.counts[Result.RECORDED],
            "total": row.total,
        }
        shown.append({"name": row.name, "pk": row.pk, "parts": parts, "words": words})
    return shown


def health(request: PersonRequest, _row: Any) -> dict[str, Any]:
    """The system itself: last run, next run, a check that is going on now."""
    runs = _runs()
    finished = [(run.finished_at, run) for run in runs if run.status == Run.Status.FINISHED]
    running = [(run.started_at, run) for run in runs if run.status == Run.Status.RUNNING]
    return {
        "sentence": night_sentence(state_of(runs, timezone.now())),
        "next_at": night_begins(tsi.today()),
        "last": _latest(finished),
        "running": _latest(running),
        "may_check": permissions.can_check_now(request.user),
    }


def _latest(runs: Iterable[tuple[dt.datetime | None, Run]]) -> Run | None:
    timed = [(at, run.pk, run) for at, run in runs if at is not None]
    return max(timed)[2] if timed else None


def night_sentence(state: NightState) -> str:
    """The state of last night's check in one sentence."""
    words = {"day": tsi.day_text(state.day), "why": state.run.red_because if state.run else ""}
    if state.word is NightWord.FINISHED:
        return _("Last night's check has finished.")
    if state.word is NightWord.RED:
        return _("Last night's check is red: %(why)s") % words
    if state.word is NightWord.RUNNING:
        return _("The check of %(day)s is running.") % words
    if state.word is NightWord.NOT_YET:
        return _("The check of %(day)s has not begun yet.") % words
    if state.run and state.run.status == Run.Status.RUNNING:
        return _("The check of %(day)s did not run in time; it is running now.") % words
    return _("The check of %(day)s did not run.") % words
