"""How long fetching takes, from what each recorder really gave: measured slice by slice, day by day (REL-14)."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import tsi
from inventory.models import ChannelAssignment, Device

from ..models import ExportPace, FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person

# Recorders are replaced and networks change: what is older says nothing about tomorrow.
COUNTED_DAYS = 90
AMOUNTS_MINUTES = (15, 60, 240, 1440)
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Pace:
    """What one recorder gave: footage in milliseconds against milliseconds that it took."""

    recorder: Device
    footage_ms: int
    took_ms: int
    bytes: int
    last_day: dt.date

    @property
    def factor(self) -> float:
        """How many times faster than the footage itself."""
        return self.footage_ms / max(1, self.took_ms)

    @property
    def bytes_of_an_hour(self) -> int:
        return round(self.bytes * _HOUR_MS / self.footage_ms)

    def seconds_for(self, footage_ms: int) -> int:
        """How long so much footage of this recorder takes, as it did until now."""
        return round(footage_ms * self.took_ms / self.footage_ms / 1000)

    @property
    def footage_words(self) -> str:
        """How much footage was measured."""
        return in_words(self.footage_ms // 1000)

    @property
    def times(self) -> list[str]:
        """For each of AMOUNTS_MINUTES, in words."""
        return [in_words(self.seconds_for(minutes * 60_000)) for minutes in AMOUNTS_MINUTES]


def table(person: Person) -> list[Pace]:
    """The recorders that this person may see, the slowest first. One query more than their list."""
    found = _paces(Device.objects.visible_to(person).recorders())
    return sorted(found.values(), key=lambda pace: pace.factor)


def _paces(recorders: Any) -> dict[int, Pace]:
    since = tsi.today() - dt.timedelta(days=COUNTED_DAYS)
    sums = (
        ExportPace.objects.filter(recorder__in=recorders, day__gte=since)
        .values("recorder")
        .annotate(f=Sum("footage_ms"), t=Sum("took_ms"), b=Sum("bytes"), d=Max("day"))
        .filter(f__gt=0)
    )
    rows = {row["recorder"]: row for row in sums}
    devices = Device.objects.in_bulk(list(rows))
    return {
        pk: Pace(devices[pk], row["f"], row["t"], row["b"], row["d"]) for pk, row in rows.items()
    }


def expected_seconds(recorder: Device, footage_ms: int) -> int | None:
    """How long so much footage took from this recorder until now; None before its first export."""
    found = _paces([recorder.pk]).get(recorder.pk)
    return found.seconds_for(footage_ms) if found else None


@dataclass(frozen=True)
class Estimate:
    """What fetching a request's included cameras will take; `unknown` names unmeasured recorders."""

    seconds: int | None
    unknown: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        said = []
        if self.seconds is not None:
            said.append(
                _("Fetching takes about %(time)s, as measured on these recorders.")
                % {"time": in_words(self.seconds)}
            )
        if self.unknown:
            said.append(
                _(
                    "How long fetching takes is not known: nothing has been exported from %(names)s yet."
                )
                % {"names": ", ".join(self.unknown)}
            )
        return " ".join(said)


def estimate(request: FootageRequest) -> Estimate:
    """Recorders work side by side, so the slowest one counts; slices of one recorder follow each other."""
    amounts: dict[int, int] = defaultdict(int)
    names: dict[int, str] = {}
    for recorder, name, footage_ms in _wanted(request):
        amounts[recorder] += footage_ms
        names[recorder] = name
    paces = _paces(list(amounts)) if amounts else {}
    seconds = [paces[pk].seconds_for(amount) for pk, amount in amounts.items() if pk in paces]
    unknown = sorted(name for pk, name in names.items() if pk not in paces)
    return Estimate(max(seconds, default=None), tuple(unknown))


def _wanted(request: FootageRequest) -> Iterable[tuple[int, str, int]]:
    """Recorder, its name and how much of it, for every included camera and channel."""
    items = [item for item in request.items.all() if item.is_included]
    if not items:
        return
    first = min(item.starts_at for item in items)
    last = max(item.ends_at for item in items)
    rows = (
        ChannelAssignment.objects.during(first, last)
        .filter(position__in=[item.position_id for item in items])
        .select_related("channel__recorder")
    )
    by_position = defaultdict(list)
    for row in rows:
        by_position[row.position_id].append(row)
    for item in items:
        for row in by_position[item.position_id]:
            start = max(item.starts_at, row.starts_at)
            end = min(item.ends_at, row.ends_at or item.ends_at)
            if start < end:
                recorder = row.channel.recorder
                yield recorder.pk, str(recorder), tsi.to_ms(end) - tsi.to_ms(start)


def in_words(seconds: int) -> str:
    """Rounded up: minutes up to three hours, because "1 h" would hide fifty-nine more."""
    if seconds < 120:
        return tsi.duration(max(1, seconds))
    minutes = math.ceil(seconds / 60)
    if minutes < 180:
        return ngettext("%(count)d min", "%(count)d min", minutes) % {"count": minutes}
    return tsi.duration(math.ceil(seconds / 3600) * 3600)
