"""What was recorded: one row per channel and day, its later answers, and the answer per position."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from cameras.days import coverage
from cameras.days.coverage import Interval
from inventory.models import Channel, Position

from .runs import Run
from .scopes import ChannelScoped, PositionScoped


class Result(models.TextChoices):
    RECORDED = "RECORDED", _("Recorded")
    PARTLY = "PARTLY", _("Partly recorded")
    NOT_RECORDED = "NOT_RECORDED", _("Not recorded")
    UNKNOWN = "UNKNOWN", _("Could not check")
    EXEMPT = "EXEMPT", _("Exempt")


class CoverageFacts(models.Model):
    """What an index said about one channel and day, in true time, milliseconds.

    `gaps` is [[start_ms, end_ms, cause], ...] since 1970 UTC, at most 2,000; `gap_count`, `lost_ms` and
    `longest_gap_ms` count all of them. `disputed_ms` is time of which it is not known whether it was
    recorded, `doubts` says where it lies, [[start_ms, end_ms], ...], at most 2,000; null = not told. Where
    two sources disagree, `source_gaps` is what each of them lacks, {source: [[start_ms, end_ms], ...]}, at
    most 500 each. `unseen_cut_ms` is the length up to which a power cut of the recorder could have gone
    unseen; null = it would have been seen. The offset is device minus true at noon of the day; `null` means
    that it was not known.
    """

    expected_ms = models.BigIntegerField(default=0)
    recorded_ms = models.BigIntegerField(default=0)
    disputed_ms = models.BigIntegerField(default=0)
    longest_gap_ms = models.BigIntegerField(default=0)
    gap_count = models.PositiveIntegerField(default=0)
    gaps = models.JSONField(default=list)
    result = models.CharField(max_length=12, choices=Result)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)
    second_source = models.CharField(max_length=20, blank=True)
    second_recorded_ms = models.BigIntegerField(null=True, blank=True)
    source_gaps = models.JSONField(null=True, blank=True)
    doubts = models.JSONField(null=True, blank=True)
    unseen_cut_ms = models.BigIntegerField(null=True, blank=True)
    time_base = models.CharField(max_length=12, blank=True)
    offset_ms = models.BigIntegerField(null=True, blank=True)
    offset_uncertainty_ms = models.BigIntegerField(null=True, blank=True)
    offset_method = models.CharField(max_length=30, blank=True)
    asked_at = models.DateTimeField(help_text=_("True time at which the device was asked."))
    is_complete = models.BooleanField(default=False)
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        abstract = True

    @property
    def lost_ms(self) -> int:
        """Expected time for which nothing was recorded, every short hole included."""
        return max(0, self.expected_ms - self.recorded_ms)

    @property
    def percent(self) -> float | None:
        """Share of the expected time, or None where a percentage means nothing."""
        if not self.expected_ms or self.result in {Result.UNKNOWN, Result.EXEMPT}:
            return None
        return 100 * self.recorded_ms / self.expected_ms

    @property
    def known_until(self) -> datetime | None:
        """Up to which true time the row knows anything; None = the whole day."""
        return None

    @property
    def tells_doubts(self) -> bool:
        """Whether it is known where all of the doubted time lies."""
        listed_ms = sum(end - start for start, end in self.doubts or ())
        return listed_ms >= self.disputed_ms

    def doubted_of(self, spans: Sequence[Interval]) -> list[Interval]:
        """What of these spans (merged) is in doubt: all of them where the row does not say which part is."""
        if not self.tells_doubts:
            return list(spans)
        return coverage.clip(list(spans), [(start, end) for start, end in self.doubts or ()])

    def is_intact(self) -> bool:
        """Whether the canonical text still has its recorded leaf hash (RFC 6962)."""
        leaf = hashlib.sha256(b"\x00" + self.canonical.encode()).hexdigest()
        return leaf == self.sha256


class CoverageDay(CoverageFacts):
    """The proof for one channel and one calendar day (Türkiye time).

    The first full answer stays for ever; a provisional row ("today so far") or one without an answer may
    be replaced. Rows are kept for years after the footage has gone. The newest two minutes of a day that is
    not over are never asked, because they are not in the index yet: nothing after `asked_until` is known.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="coverage_days")
    day = models.DateField()
    is_provisional = models.BooleanField(default=False)
    asked_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("Of a day that is not over: up to which true time was asked."),
    )
    revision = models.PositiveSmallIntegerField(default=0)

    objects = ChannelScoped.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "day"], name="cameras_one_proof_a_day"),
            models.CheckConstraint(
                condition=~models.Q(result="UNKNOWN") | ~models.Q(reason=""),
                name="cameras_unknown_day_has_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(result="RECORDED") | ~models.Q(source=""),
                name="cameras_recorded_day_has_source",
            ),
        ]
        indexes = [models.Index(fields=["day", "result"])]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day} {self.result}"

    @property
    def known_until(self) -> datetime | None:
        """Up to which true time the row knows anything; None = the whole day."""
        return (self.asked_until or self.asked_at) if self.is_provisional else None

    @property
    def is_proof(self) -> bool:
        """A full answer about a day that is over: it is never written over."""
        return self.is_complete and not self.is_provisional


class CoverageRevision(CoverageFacts):
    """A later, different answer about a day whose proof already stands. Appended, never changed."""

    coverage_day = models.ForeignKey(
        CoverageDay, on_delete=models.PROTECT, related_name="revisions"
    )
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["coverage_day", "number"], name="cameras_revision_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.coverage_day_id}/{self.number}"


class PositionDay(models.Model):
    """The answer per position and day: the union over its channels. The sum rule counts these rows."""

    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    result = models.CharField(max_length=12, choices=Result)
    reason = models.CharField(max_length=40, blank=True)
    expected_ms = models.BigIntegerField(default=0)
    recorded_ms = models.BigIntegerField(default=0)
    longest_gap_ms = models.BigIntegerField(default=0)
    gap_count = models.PositiveIntegerField(default=0)
    is_provisional = models.BooleanField(default=False)
    evidence_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = PositionScoped.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position", "day"], name="cameras_one_answer_a_day"),
            models.CheckConstraint(
                condition=~models.Q(result="UNKNOWN") | ~models.Q(reason=""),
                name="cameras_unknown_position_has_reason",
            ),
            # Green is impossible without evidence.
            models.CheckConstraint(
                condition=~models.Q(result__in=["RECORDED", "PARTLY"])
                | models.Q(evidence_at__isnull=False),
                name="cameras_recorded_has_evidence",
            ),
        ]
        indexes = [models.Index(fields=["day", "result"])]

    def __str__(self) -> str:
        return f"{self.position_id} {self.day} {self.result}"

    @property
    def percent(self) -> float | None:
        if not self.expected_ms or self.result in {Result.UNKNOWN, Result.EXEMPT}:
            return None
        return 100 * self.recorded_ms / self.expected_ms

    @classmethod
    def tally(cls, day: Any, positions: Any = None) -> dict[str, int]:
        """Number of positions per result on a day; of these positions only, where they are given."""
        here = cls.objects.filter(day=day)
        if positions is not None:
            here = here.filter(position__in=positions.values("pk"))
        rows = here.values_list("result").annotate(n=models.Count("pk"))
        return {**dict.fromkeys(Result.values, 0), **dict(rows)}
