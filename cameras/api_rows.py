"""Rows of coverage, clocks, findings and checks as the REST API writes them (serializers).

Days are calendar days of Türkiye time; lengths are milliseconds of true time; offsets are device minus
true. Instants are ISO 8601 with their zone.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cameras.models import (
    ClockMeasurement,
    CoverageDay,
    CoverageRevision,
    Finding,
    PositionDay,
    Result,
    Run,
)
from cameras.models.coverage import CoverageFacts
from core.quick import Row
from core.tsi import TSI, from_ms
from inventory.api import ChannelName, DeviceName, PositionName

MOST_ASKED = 200


class Span(serializers.Serializer[Any]):
    """A span of true time, without its end."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class Gap(Span):
    """A hole in the expected time, with its cause."""

    cause = serializers.CharField()


def gaps_of(rows: list[list[Any]]) -> list[dict[str, Any]]:
    """Stored gaps, milliseconds since 1970 UTC, as instants of Türkiye time."""
    return [{**_span(start, end), "cause": str(cause)} for start, end, cause in rows]


def spans_of(rows: list[list[int]]) -> list[dict[str, str]]:
    """Stored spans, milliseconds since 1970 UTC, as instants of Türkiye time."""
    return [_span(start, end) for start, end in rows]


def _span(start_ms: int, end_ms: int) -> dict[str, str]:
    return {
        "starts_at": from_ms(start_ms).astimezone(TSI).isoformat(),
        "ends_at": from_ms(end_ms).astimezone(TSI).isoformat(),
    }


FACTS = [
    "result",
    "reason",
    "percent",
    "expected_ms",
    "recorded_ms",
    "lost_ms",
    "longest_gap_ms",
    "gap_count",
    "disputed_ms",
    "unseen_cut_ms",
    "source",
    "second_source",
    "second_recorded_ms",
    "time_base",
    "offset_ms",
    "offset_uncertainty_ms",
    "offset_method",
    "asked_at",
    "is_complete",
]


class _Facts(Row[Any]):
    """What both a day's proof and a later answer about it tell."""

    percent = serializers.FloatField(read_only=True, allow_null=True)
    lost_ms = serializers.IntegerField(read_only=True)
    disputed_ms = serializers.IntegerField(
        read_only=True, help_text="Time of which it is not known whether it was recorded."
    )
    unseen_cut_ms = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="A power cut of the recorder up to this length could have gone unseen in its index; "
        "null: it would have been seen.",
    )


class _Doubts(serializers.Serializer[Any]):
    """Where the doubted time of a day lies."""

    doubts = serializers.SerializerMethodField()

    @extend_schema_field(
        Span(
            many=True,
            allow_null=True,
            help_text="Where `disputed_ms` lies, at most 2,000 spans; null: that was not told.",
        )
    )
    def get_doubts(self, row: CoverageFacts) -> list[dict[str, str]] | None:
        return None if row.doubts is None else spans_of(row.doubts)


class CoverageSerializer(_Facts):
    """What one channel recorded on one day."""

    channel = ChannelName()

    class Meta:
        model = CoverageDay
        fields = ["id", "channel", "day", *FACTS, "is_provisional", "asked_until", "revision"]


class RevisionSerializer(_Doubts, _Facts):
    """A later, different answer about a day whose proof already stands."""

    class Meta:
        model = CoverageRevision
        fields = ["number", *FACTS, "doubts", "sha256"]


class CoverageDetail(_Doubts, CoverageSerializer):
    """With gaps (at most 2,000; `gap_count` has all), doubts, hashes and later answers."""

    gaps = serializers.SerializerMethodField()
    is_intact = serializers.BooleanField(read_only=True)
    run = serializers.CharField(source="run.slot", default=None, allow_null=True)
    run_root = serializers.CharField(source="run.coverage_root", default=None, allow_null=True)
    revisions = RevisionSerializer(many=True)

    class Meta(CoverageSerializer.Meta):
        fields = [
            *CoverageSerializer.Meta.fields,
            "gaps",
            "doubts",
            "sha256",
            "is_intact",
            "run",
            "run_root",
            "revisions",
        ]

    @extend_schema_field(Gap(many=True))
    def get_gaps(self, row: CoverageDay) -> list[dict[str, Any]]:
        return gaps_of(row.gaps)


class PositionDaySerializer(Row[PositionDay]):
    """The answer for one position and day: the union over its channels."""

    position = PositionName()
    percent = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = PositionDay
        fields = [
            "id",
            "position",
            "day",
            "result",
            "reason",
            "percent",
            "expected_ms",
            "recorded_ms",
            "longest_gap_ms",
            "gap_count",
            "is_provisional",
            "evidence_at",
        ]


class EvidenceSerializer(serializers.Serializer[Any]):
    """One channel's proof for that day."""

    channel = serializers.CharField()
    result = serializers.ChoiceField(Result.choices)
    reason = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a name of DRF's
    second_source = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()
    known_until = serializers.DateTimeField(allow_null=True)
    time_base = serializers.CharField(allow_blank=True)
    clock_offset_ms = serializers.IntegerField(allow_null=True)
    clock_uncertainty_ms = serializers.IntegerField(allow_null=True)
    clock_method = serializers.CharField(allow_blank=True)
    expected_ms = serializers.IntegerField()
    recorded_ms = serializers.IntegerField()
    longest_gap_ms = serializers.IntegerField()
    gap_count = serializers.IntegerField()
    gaps = Gap(many=True)
    doubts = Span(many=True, help_text="Time of which it is not known whether it was recorded.")
    unseen_cut_ms = serializers.IntegerField(
        allow_null=True,
        help_text="A power cut up to this length could have gone unseen; null: it would have been seen.",
    )
    provisional = serializers.BooleanField()
    revisions = serializers.IntegerField()
    sha256 = serializers.CharField()
    intact = serializers.BooleanField()
    run = serializers.CharField(allow_null=True)
    run_root = serializers.CharField(allow_null=True)


class WasRecordingSerializer(serializers.Serializer[Any]):
    """`result` is the day's; `at_moment` is of the moment, where one was asked about."""

    position = PositionName()
    day = serializers.DateField()
    result = serializers.ChoiceField(Result.choices)
    reason = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)
    at_moment = serializers.ChoiceField(["YES", "NO", "UNKNOWN"], allow_null=True)
    evidence = EvidenceSerializer(many=True)


class ClockSerializer(Row[ClockMeasurement]):
    """One measured offset, device minus true: positive means that the device is ahead."""

    device = DeviceName()

    class Meta:
        model = ClockMeasurement
        fields = [
            "id",
            "device",
            "measured_at",
            "offset_ms",
            "utc_offset_ms",
            "uncertainty_ms",
            "round_trip_ms",
            "method",
            "verdict",
            "drift_ms_per_day",
            "zone",
            "daylight_saving",
            "uses_ntp",
            "reference",
            "is_reference_proven",
            "reference_offset_ms",
            "reference_uncertainty_ms",
        ]


class FindingSerializer(Row[Finding]):
    """`covers` are the ids of the positions that it explains and that this caller may see."""

    covers = serializers.SerializerMethodField()
    waits_for_person = serializers.SerializerMethodField()
    detail = serializers.DictField(read_only=True)

    class Meta:
        model = Finding
        fields = [
            "id",
            "kind",
            "subject_kind",
            "subject_id",
            "subject_name",
            "opened_at",
            "seen_at",
            "closed_at",
            "closed_because",
            "reason",
            "detail",
            "count",
            "covers",
            "waits_for_person",
        ]

    def get_covers(self, row: Finding) -> list[int]:
        seen: set[int] | None = self.context.get("seen")
        return [pk for pk in row.covers if seen is None or pk in seen]

    def get_waits_for_person(self, row: Finding) -> bool:
        return row.kind in Finding.HAPPENED_ONCE and row.closed_at is None


class Because(serializers.Serializer[Any]):
    because = serializers.CharField(max_length=200, help_text="What a person found out.")


class RunSerializer(Row[Run]):
    """One sweep over devices."""

    asked_by = serializers.CharField(source="asked_by.full_name", default=None, allow_null=True)
    counts = serializers.DictField(read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "kind",
            "day",
            "status",
            "start_at",
            "started_at",
            "finished_at",
            "asked_by",
            "subject",
            "counts",
            "is_red",
            "red_because",
            "coverage_rows",
            "coverage_root",
        ]


class RunDetail(RunSerializer):
    """With its progress."""

    checks_done = serializers.SerializerMethodField()
    checks = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "checks_done", "checks"]

    def get_checks_done(self, row: Run) -> int:
        return row.progress[0]

    def get_checks(self, row: Run) -> int:
        return row.progress[1]


class AskSerializer(serializers.Serializer[Any]):
    """What is to be checked now: exactly one of the three."""

    positions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        min_length=1,
        max_length=MOST_ASKED,
    )
    devices = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        min_length=1,
        max_length=MOST_ASKED,
    )
    everything = serializers.BooleanField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if sum(bool(value) for value in data.values()) != 1:
            raise serializers.ValidationError(_("Name positions, devices or everything."))
        return data
