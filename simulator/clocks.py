"""How a simulated device's clock relates to true time.

All instants are integer milliseconds since 1970-01-01 UTC of the named time base. Two bases exist:
``UTC`` is what the device believes to be UTC; ``LOCAL`` is its wall clock, written as if that wall
clock showed Türkiye time (UTC+3 all year). Offset = device minus true.
"""

from __future__ import annotations

import calendar
import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TSI_MS = 3 * HOUR_MS


class Base(StrEnum):
    """Time base in which a device writes."""

    UTC = "UTC"
    LOCAL = "LOCAL"


class Zone(StrEnum):
    """What stands in the device's zone menu."""

    TRT = "TRT"  # UTC+3, no summer time: right
    GMT3_DST = "GMT3_DST"  # UTC+3 with summer time still ticked: an hour fast in summer
    GMT2_DST = "GMT2_DST"  # old "Athens, Istanbul": an hour slow in winter
    GMT2 = "GMT2"  # an hour slow all year
    DST_ALL_YEAR = "DST_ALL_YEAR"  # summer time that never ends: an hour fast all year
    UTC = "UTC"  # zone never set: wall clock three hours slow
    LOCAL_AS_UTC = "LOCAL_AS_UTC"  # UTCDateTime holds the local time: three hours fast


class ZoneShows(StrEnum):
    """Which of the two shown times is wrong when the zone menu is wrong."""

    LOCAL = "LOCAL"  # NTP keeps UTC right, the menu spoils the wall clock
    UTC = "UTC"  # somebody set the wall clock by hand, so UTC is spoilt
    BOTH = "BOTH"  # the device derives UTC from the spoilt wall clock


@dataclass(frozen=True)
class ZoneSetting:
    """The figures that a device shows about its zone."""

    utc_offset_ms: int
    posix: str
    daylight_saving: bool


_SETTINGS = {
    Zone.TRT: ZoneSetting(3 * HOUR_MS, "TRT-3", False),
    Zone.GMT3_DST: ZoneSetting(3 * HOUR_MS, "TRT-3TRST-4,M3.5.0/3,M10.5.0/4", True),
    Zone.GMT2_DST: ZoneSetting(2 * HOUR_MS, "EET-2EEST-3,M3.5.0/3,M10.5.0/4", True),
    Zone.GMT2: ZoneSetting(2 * HOUR_MS, "CST-2:00:00", False),
    Zone.DST_ALL_YEAR: ZoneSetting(
        4 * HOUR_MS, "CST-3:00:00DST01:00:00,M1.1.0/00:00:00,M12.5.0/23:00:00", True
    ),
    Zone.UTC: ZoneSetting(0, "UTC0", False),
    Zone.LOCAL_AS_UTC: ZoneSetting(3 * HOUR_MS, "TRT-3", False),
}


def _last_sunday_ms(year: int, month: int) -> int:
    """01:00 UTC of the last Sunday: the instant at which EU summer time starts or ends."""
    last = calendar.monthrange(year, month)[1]
    day = dt.datetime(year, month, last, 1, tzinfo=dt.UTC)
    day -= dt.timedelta(days=(day.weekday() + 1) % 7)
    return int(day.timestamp()) * 1000


def is_eu_summer(true_ms: int) -> bool:
    """Whether EU summer time holds at this true instant."""
    year = dt.datetime.fromtimestamp(true_ms / 1000, dt.UTC).year
    return _last_sunday_ms(year, 3) <= true_ms < _last_sunday_ms(year, 10)


def mix(*numbers: int) -> int:
    """Return a 64-bit figure that depends on all numbers: repeatable chance without a generator."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 29
        state = state * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 32
    return state


@dataclass
class SimClock:
    """True time to device time and back.

    `jumps` are (true instant, milliseconds added from then on); `resets` are (true instant, what the
    device's UTC showed at that instant): a battery that died. `jitter_ms` and `leap_ms` act on
    readings only, never on the stamps of recordings: jitter is repeatable per instant, a leap adds
    itself once per reading.
    """

    offset_ms: int = 0
    drift_s_per_day: float = 0.0
    drift_since_ms: int = 0
    zone: Zone = Zone.TRT
    zone_shows: ZoneShows = ZoneShows.LOCAL
    jumps: list[tuple[int, int]] = field(default_factory=list)
    resets: list[tuple[int, int]] = field(default_factory=list)
    jitter_ms: int = 0
    leap_ms: int = 0
    readings: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        self.rebuild()

    def rebuild(self) -> None:
        """Work out the straight pieces again; needed after a field was changed."""
        self._slope = 1.0 + self.drift_s_per_day / 86_400.0
        since = self.drift_since_ms
        self._starts: list[float] = [float("-inf")]
        self._pieces: list[tuple[int, int]] = [(since, since + self.offset_ms)]
        changes = [(at, "jump", by) for at, by in self.jumps]
        changes += [(at, "reset", shows) for at, shows in self.resets]
        for at, what, value in sorted(changes):
            shown = self._inner(at)
            self._pieces.append((at, shown + value if what == "jump" else value))
            self._starts.append(at)

    def _inner(self, true_ms: int) -> int:
        """Return the device's idea of UTC before any mistake in the zone menu."""
        start, shown = self._pieces[bisect_right(self._starts, true_ms) - 1]
        if self._slope == 1.0:
            return shown + true_ms - start
        return shown + round((true_ms - start) * self._slope)

    def _wall_error(self, true_ms: int) -> int:
        if self.zone is Zone.TRT or self.zone is Zone.LOCAL_AS_UTC:
            return 0
        if self.zone is Zone.GMT2:
            return -HOUR_MS
        if self.zone is Zone.DST_ALL_YEAR:
            return HOUR_MS
        if self.zone is Zone.UTC:
            return -TSI_MS
        summer = is_eu_summer(true_ms)
        if self.zone is Zone.GMT3_DST:
            return HOUR_MS if summer else 0
        return 0 if summer else -HOUR_MS

    def zone_error_ms(self, true_ms: int, base: Base) -> int:
        """Return what the zone menu adds to the shown time in this base."""
        if self.zone is Zone.LOCAL_AS_UTC:
            return TSI_MS if base is Base.UTC else 0
        error = self._wall_error(true_ms)
        if self.zone_shows is ZoneShows.BOTH:
            return error
        if self.zone_shows is ZoneShows.LOCAL:
            return error if base is Base.LOCAL else 0
        return -error if base is Base.UTC else 0

    def at(self, true_ms: int, base: Base = Base.UTC) -> int:
        """Return the stamp that the device writes at this true instant."""
        return self._inner(true_ms) + self.zone_error_ms(true_ms, base)

    def offset_at(self, true_ms: int, base: Base = Base.UTC) -> int:
        """Return device minus true at this true instant."""
        return self.at(true_ms, base) - true_ms

    def reading(self, true_ms: int, base: Base = Base.UTC) -> int:
        """Return what a call that asks for the time is told; counts as a reading."""
        shown = self.at(true_ms, base)
        if self.leap_ms:
            self.readings += 1
            shown += self.leap_ms * self.readings
        if self.jitter_ms:
            shown += mix(true_ms, 77) % (2 * self.jitter_ms + 1) - self.jitter_ms
        return shown

    def true_times(self, device_ms: int, base: Base = Base.UTC) -> list[int]:
        """Return every true instant at which the device showed this time, oldest first.

        Empty where a forward jump left the time out, two where a backward jump repeated it.
        """
        found: set[int] = set()
        for number, (start, shown) in enumerate(self._pieces):
            first = self._starts[number]
            last = self._starts[number + 1] if number + 1 < len(self._starts) else float("inf")
            for error in {0, HOUR_MS, -HOUR_MS, TSI_MS, -TSI_MS}:
                guess = start + round((device_ms - error - shown) / self._slope)
                if first <= guess < last and self.zone_error_ms(guess, base) == error:
                    found.add(guess)
        return sorted(found)

    def breaks_between(self, start_ms: int, end_ms: int, base: Base) -> list[int]:
        """Return the true instants in the span at which the shown time is not continuous."""
        found = {int(at) for at in self._starts[1:] if start_ms < at < end_ms}
        if self.zone in (Zone.GMT2_DST, Zone.GMT3_DST) and self.zone_error_matters(base):
            year = dt.datetime.fromtimestamp(start_ms / 1000, dt.UTC).year
            last = dt.datetime.fromtimestamp(end_ms / 1000, dt.UTC).year
            for each in range(year, last + 1):
                switches = (_last_sunday_ms(each, 3), _last_sunday_ms(each, 10))
                found.update(at for at in switches if start_ms < at < end_ms)
        return sorted(found)

    def zone_error_matters(self, base: Base) -> bool:
        """Whether a wrong zone menu shows in this base."""
        return self.zone_shows is ZoneShows.BOTH or self.zone_shows.value == base.value

    @property
    def setting(self) -> ZoneSetting:
        """What the device's zone menu holds."""
        return _SETTINGS[self.zone]
