"""What cameras add to Bugün: last night in one sentence and one band, and the lines of open findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models import PositionDay, Run
from cameras.models.coverage import Result
from cameras.nights import night_begins
from cameras.today_lines import finding_lines
from cameras.watch import NightState, NightWord, night_state
from core import panels, tsi
from core.text import sort_key
from inventory.models import Device, Position

MOST_SQUARES = 1_500
WARRANTY_DAYS = 90


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines)
    panels.register("today", 10, "cameras/_last_night.html", last_night, _may)
    panels.register("today-side", 10, "cameras/_night_health.html", health, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_cameras(person)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    """Did the night run, what is wrong, what ends soon."""
    if not permissions.can_see_cameras(person):
        return
    state = night_state(timezone.now())
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


def _ending_soon(person: Any) -> Iterable[panels.TodayLine]:
    today = tsi.today()
    ending = (
        Device.objects.visible_to(person)
        .filter(warranty_ends_on__range=(today, today + dt.timedelta(days=WARRANTY_DAYS)))
        .exclude(status__in=[Device.Status.SCRAPPED, Device.Status.REMOVED])
    )
    count = ending.count()
    if count:
        first = ending.order_by("warranty_ends_on").first()
        text = ngettext(
            "The warranty of %(count)d device ends within 90 days, the first on %(day)s",
            "The warranties of %(count)d devices end within 90 days, the first on %(day)s",
            count,
        ) % {"count": count, "day": tsi.day_text(first.warranty_ends_on) if first else ""}
        yield panels.TodayLine(
            urgency=75,
            sentence=text,
            url=reverse("cameras:device", args=[first.pk]) if first else "",
            action_label=_("Open device"),
            kind="warranty",
            key="90",
        )


def last_night(request: PersonRequest, _row: Any) -> dict[str, Any]:
    """Yesterday's answers: the sentence, the sums, and a square per camera grouped by building."""
    day = tsi.today() - dt.timedelta(days=1)
    rows = PositionDay.objects.visible_to(request.user).filter(day=day)
    counts = dict.fromkeys(Result.values, 0)
    counts.update(rows.values_list("result").annotate(count=Count("pk")))
    not_asked = _not_asked(request.user, day) if any(counts.values()) else 0
    counts[Result.UNKNOWN] += not_asked
    total = sum(counts.values())
    oldest = rows.exclude(evidence_at=None).order_by("evidence_at").first()
    return {
        "day": day,
        "sentence": summary(counts),
        "counts": [(code, label, counts[code]) for code, label in Result.choices],
        "total": total,
        "oldest": oldest.evidence_at if oldest else None,
        "buildings": _band(rows) if total <= MOST_SQUARES else bars(rows),
        "as_bars": total > MOST_SQUARES,
    }


def _not_asked(person: Any, day: dt.date) -> int:
    """Cameras in service without any answer, while no night has accounted for them: they are not fine."""
    if night_state(timezone.now()).word in {NightWord.FINISHED, NightWord.RED}:
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
        "Yesterday %(good)d of %(total)d camera was recorded in full",
        "Yesterday %(good)d of %(total)d cameras were recorded in full",
        total,
    ) % {"good": counts[Result.RECORDED], "total": total}
    rest = []
    if counts[Result.PARTLY]:
        count = counts[Result.PARTLY]
        rest.append(ngettext("%(count)d had gaps", "%(count)d had gaps", count) % {"count": count})
    if counts[Result.NOT_RECORDED]:
        rest.append(_("%(count)d not recorded") % {"count": counts[Result.NOT_RECORDED]})
    if counts[Result.UNKNOWN]:
        rest.append(_("%(count)d could not be checked") % {"count": counts[Result.UNKNOWN]})
    if counts[Result.EXEMPT]:
        rest.append(_("%(count)d exempt") % {"count": counts[Result.EXEMPT]})
    return f"{text}; {', '.join(rest)}." if rest else f"{text}."


def _band(rows: Any) -> list[dict[str, Any]]:
    labels = dict(Result.choices)
    buildings: dict[str, list[dict[str, Any]]] = {}
    listed = rows.order_by("position__floor__building__name", "position__code").values_list(
        "position", "position__name", "position__floor__building__name", "result"
    )
    for pk, name, building, result in listed:
        title = f"{name} · {labels[Result(result)]}"
        buildings.setdefault(building, []).append({"pk": pk, "title": title, "result": result})
    names = sorted(buildings, key=sort_key)
    return [{"name": name, "squares": buildings[name]} for name in names]


def bars(rows: Any) -> list[dict[str, Any]]:
    """A bar per building: the shares of its answers in per cent, as places and widths."""
    buildings: dict[tuple[str, int], dict[str, int]] = {}
    building = "position__floor__building"
    listed = rows.values_list(f"{building}__name", building, "result").annotate(n=Count("pk"))
    for name, pk, result, count in listed:
        buildings.setdefault((name, pk), dict.fromkeys(Result.values, 0))[result] = count
    bars = []
    for (name, pk), counts in sorted(buildings.items(), key=lambda item: sort_key(item[0][0])):
        total, x, parts = sum(counts.values()), 0.0, []
        for result in Result.values:
            width = 100 * counts[result] / total
            if counts[result]:
                parts.append(
                    {
                        "result": result,
                        "x": f"{x:.2f}",
                        "width": f"{width:.2f}",
                        "count": counts[result],
                    }
                )
            x += width
        words = _("%(good)d of %(total)d recorded in full") % {
            "good": counts[Result.RECORDED],
            "total": total,
        }
        bars.append({"name": name, "pk": pk, "parts": parts, "words": words})
    return bars


def health(request: PersonRequest, _row: Any) -> dict[str, Any]:
    """The system itself: last run, next run, a check that is going on now."""
    state = night_state(timezone.now())
    return {
        "sentence": night_sentence(state),
        "next_at": night_begins(tsi.today()),
        "last": Run.objects.filter(status=Run.Status.FINISHED).order_by("-finished_at").first(),
        "running": Run.objects.filter(status=Run.Status.RUNNING).order_by("-started_at").first(),
        "may_check": permissions.can_check_now(request.user),
    }


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
