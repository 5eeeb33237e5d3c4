"""Reports that are lists: the last seven days of every camera, and warranties that end."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from cameras.daily_sheets.sheet_words import recording_word
from cameras.days.coverage import Interval
from cameras.drawing.strips import length
from cameras.models import CoverageDay, PlaybackProof, PositionDay, Result
from cameras.reports.reports import Column, Period, Report, Section, Share, Value
from cameras.wording.mask_words import mask_words
from cameras.wording.names import addresses_of
from cameras.wording.reasons import not_checked
from core import tsi
from inventory.models import (
    ChannelAssignment,
    Contract,
    Device,
    Installation,
    Position,
    RecordingSchedule,
)
from inventory.schedules import expected_many

KNOWN = [Result.RECORDED, Result.PARTLY, Result.NOT_RECORDED]
LAST_DAYS = 7
SECOND_MS = 1000
RATE_DAYS = 60
"""Each night plays one channel in twenty: an older rate tells of other settings."""


def counted() -> Q:
    """Days whose recorded time is a share of an expected time: known, and not on motion only."""
    return Q(result__in=KNOWN, on_motion=False)


def with_motion(answers: Any) -> Any:
    """Adds `on_motion`: recording on motion has no percentage, nothing is missing between two motions."""
    day = OuterRef("day")
    schedules = RecordingSchedule.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day),
        position=OuterRef("position"),
        kind=RecordingSchedule.Kind.MOTION,
        valid_from__lte=day,
    )
    return answers.annotate(on_motion=Exists(schedules))


def last_days_report(person: Any, period: Period) -> Report:
    """One row per camera: share recorded, first and last recording, kept days against the goal (REC-5b)."""
    positions = list(
        Position.objects.visible_to(person)
        .filter(status=Position.Status.ACTIVE)
        .select_related("floor__building", "group")
        .order_by("floor__building__name", "code")
    )
    sums = _sums(positions, period)
    latest = dict(
        PositionDay.objects.filter(day=period.last, position__in=_ids(positions)).values_list(
            "position", "result"
        )
    )
    channels, newest = _channels(positions), _newest(positions, period)
    evidence = _Evidence(positions)
    rows = [
        _camera(
            row,
            sums.get(row.pk, {}),
            channels.get(row.pk),
            (latest.get(row.pk, ""), newest.get(row.pk)),
            period,
        )
        + evidence.of(row.pk)
        for row in positions
    ]
    return Report(
        form="LAST_DAYS",
        title=_("Recordings of the last days, one row per camera"),
        period=period.words,
        about=period.last,
        is_landscape=True,
        facts=[(_("Cameras"), len(rows)), (_("Days"), period.days)],
        sections=[
            Section(
                title=_("Cameras"),
                columns=_columns(),
                rows=rows,
                remark=_(
                    "The share is of the time for which recordings were expected, over the days whose "
                    "answer is known. Without a known day there is no share. The bit rate is that of the "
                    "recorded minute that was played back last. Masks are those that the camera itself puts over "
                    "its picture, as it said on the day in brackets."
                ),
                empty=_("There is no active camera."),
            )
        ],
    )


def _columns() -> list[Column]:
    return [
        Column(_("Building")),
        Column(_("Camera")),
        Column(_("Code")),
        Column(_("Recorded"), is_number=True),
        Column(_("Missing"), is_number=True),
        Column(_("Days known"), is_number=True),
        Column(_("Last day")),
        Column(_("Oldest recording")),
        Column(_("Newest recording")),
        Column(_("Days kept"), is_number=True),
        Column(_("Goal"), is_number=True),
        Column(_("Meets the goal")),
        Column(_("Bit rate (kbit/s)"), is_number=True),
        Column(_("Rate measured")),
        Column(_("Last picture")),
        Column(_("Mask")),
    ]


def _ids(positions: list[Position]) -> list[int]:
    return [row.pk for row in positions]


def _sums(positions: list[Position], period: Period) -> dict[int, dict[str, Any]]:
    answers = PositionDay.objects.filter(
        position__in=_ids(positions), day__range=(period.first, period.last)
    )
    rows = (
        with_motion(answers)
        .values("position")
        .annotate(
            expected=Sum("expected_ms", filter=counted()),
            recorded=Sum("recorded_ms", filter=counted()),
            known=Count("pk", filter=~Q(result=Result.UNKNOWN)),
            motion=Count("pk", filter=Q(on_motion=True)),
        )
    )
    return {row["position"]: row for row in rows}


def _channels(positions: list[Position]) -> dict[int, Any]:
    """The condition of the channel on which a position is recorded now."""
    rows = ChannelAssignment.objects.current().filter(position__in=_ids(positions))
    found = {}
    for row in rows.select_related("channel__condition"):
        found[row.position_id] = getattr(row.channel, "condition", None)
    return found


def _camera(
    row: Position,
    sums: dict[str, Any],
    condition: Any,
    last: tuple[str, dt.datetime | None],
    period: Period,
) -> list[Value]:
    latest, newest = last
    expected, recorded = sums.get("expected") or 0, sums.get("recorded") or 0
    held = condition.held_days if condition else None
    goal = row.group.retention_goal_days
    return [
        row.floor.building.name,
        row.name,
        row.code,
        Share(100 * recorded / expected) if expected else _no_share(sums),
        length(expected - recorded) if expected > recorded else None,
        f"{sums.get('known', 0)} / {period.days}",
        recording_word(latest) if latest else _("not asked"),
        condition.earliest_at if condition else None,
        newest,
        days_word(held),
        goal,
        meets(held, goal),
    ]


class _Evidence:
    """What recorded pictures themselves told: the rate of the minute played last, the last picture."""

    def __init__(self, positions: list[Position]) -> None:
        places = ChannelAssignment.objects.current().filter(position__in=_ids(positions))
        played = PlaybackProof.objects.filter(
            channel__assignments__in=places,
            bits_per_second__isnull=False,
            played_at__gte=tsi.at(tsi.today() - dt.timedelta(days=RATE_DAYS), 0),
        )
        self._rates = {
            position: (bits, played_at)
            for position, bits, played_at in played.order_by("played_at").values_list(
                "channel__assignments__position", "bits_per_second", "played_at"
            )
        }
        fitted = Installation.objects.current().filter(position__in=_ids(positions))
        told = fitted.values_list(
            "position",
            "lens_no",
            "device__last_picture__taken_at",
            *(f"device__condition__mask_{name}" for name in ("areas", "reason", "at")),
        )
        self._pictures: dict[int, dt.datetime | None] = {}
        self._masks: dict[int, str] = {}
        for position, lens_no, taken_at, *mask in told:
            self._pictures[position] = taken_at
            if lens_no == 1:
                self._masks[position] = _mask(*mask)

    def of(self, position_id: int) -> list[Value]:
        """The cells of the columns from the bit rate to the mask."""
        bits, played_at = self._rates.get(position_id, (None, None))
        return [
            None if bits is None else round(bits / 1000),
            tsi.day_of(played_at) if played_at else None,
            self._pictures.get(position_id),
            self._masks.get(position_id, not_checked()),
        ]


def _mask(areas: int | None, reason: str | None, at: dt.datetime | None) -> str:
    """Whether the camera masks parts of its picture, as it said last, with that day; else why nobody knows."""
    words = mask_words(areas, reason or "")
    return f"{words} ({tsi.day_text(tsi.day_of(at))})" if at else words


def _no_share(sums: dict[str, Any]) -> str | None:
    return _("on motion") if sums.get("motion") else None


def _newest(positions: list[Position], period: Period) -> dict[int, dt.datetime]:
    """The end of the newest recording of each position, from the newest day that holds any."""
    rows = (
        CoverageDay.objects.filter(
            channel__assignments__in=ChannelAssignment.objects.current().filter(
                position__in=_ids(positions)
            ),
            day__gte=period.first,
            recorded_ms__gt=0,
        )
        .order_by("day")
        .only("day", "asked_at", "asked_until", "is_provisional", "disputed_ms", "gaps", "doubts")
        .annotate(position=F("channel__assignments__position"))
    )
    last = {row.position: row for row in rows}
    expected = {day: expected_many(positions, day) for day in {row.day for row in last.values()}}
    return {
        position: tsi.from_ms(_end_of_newest(row, expected[row.day][position].spans_ms))
        for position, row in last.items()
    }


def _end_of_newest(row: CoverageDay, expected: Sequence[Interval]) -> int:
    """Where the newest recording of a day ends: before what is missing, in doubt or not expected at its end."""
    ends = [tsi.to_ms(row.known_until or row.asked_at), tsi.day_bounds_ms(row.day)[1]]
    end = min([*ends, *(end for _start, end in expected[-1:])])
    holes = [(start, until) for start, until, _cause in row.gaps]
    holes += [(start, until) for start, until in row.doubts or ()]
    for start, until in sorted(holes, reverse=True):
        if until >= end - SECOND_MS:
            end = min(end, start)
    return end


def days_word(held: Decimal | None) -> str | None:
    return None if held is None else number_format(held, 1)


def meets(held: Decimal | None, goal: int) -> str:
    """Kept as long as the goal; a day's rounding is forgiven, an unmeasured channel is not called good."""
    if held is None:
        return _("not measured")
    return _("yes") if held >= goal - Decimal("0.5") else _("no")


def warranty_report(person: Any, within_days: int) -> Report:
    """Devices whose warranty ends within the given days, and those whose ended not longer ago (duty 14)."""
    today = tsi.today()
    reach = dt.timedelta(days=within_days)
    devices = _with_warranty(person, today - reach, today + reach)
    places = _places([row for row, _ends in devices])
    kinds, states = dict(Device.Kind.choices), dict(Device.Status.choices)
    rows: list[list[Value]] = [
        [
            str(kinds[Device.Kind(row.kind)]),
            f"{row.maker} {row.model}".strip(),
            row.serial or None,
            row.asset_register_no or None,
            places.get(row.pk),
            str(states[Device.Status(row.status)]),
            row.purchased_on,
            ends,
            (ends - today).days,
        ]
        for row, ends in devices
    ]
    return Report(
        form="WARRANTY_LIST",
        title=_("Devices whose warranty ends"),
        period=Period(today - reach, today + reach).words,
        about=today,
        is_landscape=True,
        facts=[
            (_("Warranties that will end"), sum(1 for _row, ends in devices if ends >= today)),
            (_("Warranties that have ended"), sum(1 for _row, ends in devices if ends < today)),
        ],
        sections=[
            Section(
                title=_("Devices"),
                columns=[
                    Column(_("Kind")),
                    Column(_("Make and model")),
                    Column(_("Serial number")),
                    Column(_("Asset register no.")),
                    Column(_("Place")),
                    Column(_("State")),
                    Column(_("Purchased")),
                    Column(_("Warranty ends")),
                    Column(_("Days left"), is_number=True),
                ],
                rows=rows,
                remark=_("A negative number of days means that the warranty has ended."),
                empty=_("No warranty ends in this time."),
            )
        ],
    )


def _with_warranty(person: Any, first: dt.date, last: dt.date) -> list[tuple[Device, dt.date]]:
    """Devices with the later of their own warranty and that of a warranty contract, in the given days."""
    named = Max("contracts__last_day", filter=Q(contracts__kind=Contract.Kind.WARRANTY))
    near = Q(warranty_ends_on__range=(first, last)) | Q(contract_ends__range=(first, last))
    rows = (
        Device.objects.visible_to(person)
        .exclude(status__in=[Device.Status.SCRAPPED, Device.Status.REMOVED])
        .annotate(contract_ends=named)
        .filter(near)
    )
    ending = []
    for row in rows:
        ends = max(day for day in (row.warranty_ends_on, row.contract_ends) if day is not None)
        if first <= ends <= last:
            ending.append((row, ends))
    return sorted(ending, key=lambda pair: (pair[1], pair[0].pk))


def _places(devices: list[Device]) -> dict[int, str]:
    """Where each device hangs: the building and position of a camera, the address of a recorder."""
    ids = [row.pk for row in devices]
    places: dict[int, str] = defaultdict(str)
    places.update(addresses_of([row.pk for row in devices if row.kind == Device.Kind.RECORDER]))
    fitted = Installation.objects.current().filter(device__in=ids)
    for row in fitted.select_related("position__floor__building"):
        places[row.device_id] = f"{row.position.floor.building.name}, {row.position.name}"
    return places
