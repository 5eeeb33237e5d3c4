"""Coverage, clocks, findings and checks in the REST API.

The same rows and rights as on the pages. Days are calendar days of Türkiye time; lengths are
milliseconds of true time; offsets are device minus true.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import acting, caller
from cameras import answers, filters, nights, permissions
from cameras.models import (
    ClockMeasurement,
    CoverageDay,
    CoverageRevision,
    Finding,
    PositionDay,
    Result,
    Run,
)
from cameras.tasks import work_due_checks
from core.api import READ, Access, Conflict, Door, Listing
from core.paging import Keyset
from core.strict import read_day, read_id, read_instant
from core.tsi import TSI, day_of, from_ms
from inventory.api import ChannelName, DeviceName, PositionName
from inventory.models import Device, Installation, Position

COVERAGE = {READ: Access("coverage:read", permissions.can_see_cameras)}
MOST_ASKED = 200


class Gap(serializers.Serializer[Any]):
    """A hole in the expected time, true time, with its cause."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    cause = serializers.CharField()


def _gaps(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "starts_at": from_ms(start).astimezone(TSI).isoformat(),
            "ends_at": from_ms(end).astimezone(TSI).isoformat(),
            "cause": str(cause),
        }
        for start, end, cause in rows
    ]


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


class CoverageSerializer(serializers.ModelSerializer[CoverageDay]):
    """What one channel recorded on one day."""

    channel = ChannelName()
    percent = serializers.FloatField(read_only=True, allow_null=True)
    lost_ms = serializers.IntegerField(read_only=True)

    class Meta:
        model = CoverageDay
        fields = ["id", "channel", "day", *FACTS, "is_provisional", "revision"]


class RevisionSerializer(serializers.ModelSerializer[CoverageRevision]):
    """A later, different answer about a day whose proof already stands."""

    percent = serializers.FloatField(read_only=True, allow_null=True)
    lost_ms = serializers.IntegerField(read_only=True)

    class Meta:
        model = CoverageRevision
        fields = ["number", *FACTS, "sha256"]


class CoverageDetail(CoverageSerializer):
    """With gaps (at most 2,000; `gap_count` has all), hashes and later answers."""

    gaps = serializers.SerializerMethodField()
    is_intact = serializers.BooleanField(read_only=True)
    run = serializers.CharField(source="run.slot", default=None, allow_null=True)
    run_root = serializers.CharField(source="run.coverage_root", default=None, allow_null=True)
    revisions = RevisionSerializer(many=True)

    class Meta(CoverageSerializer.Meta):
        fields = [
            *CoverageSerializer.Meta.fields,
            "gaps",
            "sha256",
            "is_intact",
            "run",
            "run_root",
            "revisions",
        ]

    @extend_schema_field(Gap(many=True))
    def get_gaps(self, row: CoverageDay) -> list[dict[str, Any]]:
        return _gaps(row.gaps)


class PositionDaySerializer(serializers.ModelSerializer[PositionDay]):
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
    time_base = serializers.CharField(allow_blank=True)
    clock_offset_ms = serializers.IntegerField(allow_null=True)
    clock_uncertainty_ms = serializers.IntegerField(allow_null=True)
    clock_method = serializers.CharField(allow_blank=True)
    expected_ms = serializers.IntegerField()
    recorded_ms = serializers.IntegerField()
    longest_gap_ms = serializers.IntegerField()
    gap_count = serializers.IntegerField()
    gaps = Gap(many=True)
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


class ClockSerializer(serializers.ModelSerializer[ClockMeasurement]):
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
            "reference_uncertainty_ms",
        ]


class FindingSerializer(serializers.ModelSerializer[Finding]):
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


class RunSerializer(serializers.ModelSerializer[Run]):
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


class Coverage(Listing):
    """What the recorders' own index said, per channel and day."""

    model = CoverageDay
    access = COVERAGE
    pagination_class = Keyset
    keyset_field = "day"
    filterset_class = filters.CoverageFilters

    def get_serializer_class(self) -> type[CoverageSerializer]:
        return CoverageSerializer if self.action == "list" else CoverageDetail

    def rows(self, person: Any) -> QuerySet[Any]:
        rows = super().rows(person).select_related("channel")
        if self.action == "list":
            # A day may have 2,000 gaps: they belong to the one row that somebody opens.
            return rows.defer("gaps", "canonical")
        return rows.select_related("run").prefetch_related("revisions")


class PositionDays(Listing):
    """The answer per position and day."""

    model = PositionDay
    access = COVERAGE
    pagination_class = Keyset
    keyset_field = "day"
    serializer_class = PositionDaySerializer
    filterset_class = filters.PositionDayFilters

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("position")


class Clocks(Listing):
    """Measured clock offsets."""

    model = ClockMeasurement
    access = COVERAGE
    pagination_class = Keyset
    keyset_field = "measured_at"
    serializer_class = ClockSerializer
    filterset_class = filters.ClockFilters

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("device")


class WasRecording(Door):
    """Was this position recording on that day, or at that moment?"""

    access = COVERAGE
    parameters = frozenset({"position", "day", "at"})

    @extend_schema(
        operation_id="was_recording",
        parameters=[
            OpenApiParameter("position", int, required=True, description="Id of the position."),
            OpenApiParameter("day", dt.date, description="The day; may be left out with `at`."),
            OpenApiParameter(
                "at", dt.datetime, description="A moment of true time, with its zone."
            ),
        ],
        responses=WasRecordingSerializer,
    )
    def get(self, request: Request) -> Response:
        number, day, at = self._asked(request)
        position = get_object_or_404(Position.objects.visible_to(caller(request)), pk=number)
        answer = answers.was_recording(position, day, at)
        evidence = [item.as_json() for item in answer.evidence]
        for proof in evidence:
            proof["gaps"] = _gaps(proof["gaps"])
        return Response(
            answer.as_json() | {"position": PositionName(position).data, "evidence": evidence}
        )

    @staticmethod
    def _asked(request: Request) -> tuple[int, dt.date, dt.datetime | None]:
        read: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, reader in (("position", read_id), ("day", read_day), ("at", read_instant)):
            text = request.query_params.get(name)
            try:
                read[name] = None if text is None else reader(text)
            except Refused as error:
                errors[name] = error.messages
        if not errors and read["position"] is None:
            errors["position"] = [_("Name a position.")]
        if not errors and read["day"] is None and read["at"] is None:
            errors["day"] = [_("Name a day or a moment.")]
        if not errors and read["day"] and read["at"] and day_of(read["at"]) != read["day"]:
            errors["at"] = [_("This moment is not on that day (Türkiye time).")]
        if errors:
            raise ValidationError(errors)
        return read["position"], read["day"] or day_of(read["at"]), read["at"]


class Findings(Listing):
    """What is wrong, since when, and until when it was."""

    model = Finding
    access = {
        READ: Access("findings:read", permissions.can_see_cameras),
        "acknowledge": Access("findings:write", permissions.can_acknowledge),
    }
    serializer_class = FindingSerializer
    filterset_class = filters.FindingFilters
    ordering_fields = ("-opened_at", "seen_at", "kind")

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return context
        person = caller(self.request)
        if not permissions.sees_everything(person):
            seen = Position.objects.visible_to(person).values_list("pk", flat=True)
            context["seen"] = set(seen.order_by())
        return context

    @extend_schema(request=Because, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Closes what happened once, after a person has looked into it."""
        row: Finding = self.get_object()
        words = Because(data=request.data)
        words.is_valid(raise_exception=True)
        if row.kind not in Finding.HAPPENED_ONCE:
            raise Conflict(_("This finding closes by itself when a check passes."))
        with acting(request):
            closed = row.acknowledge(by=caller(request), because=words.validated_data["because"])
        if not closed:
            raise Conflict(_("Somebody had closed it already."))
        return Response(self.get_serializer(row).data)


class Runs(Listing):
    """Checks: nights, missed nights, and those that somebody asked for."""

    model = Run
    access = {
        READ: Access("checks:read", permissions.can_see_cameras),
        "create": Access("checks:write", permissions.can_check_now),
        "cancel": Access("checks:write", permissions.can_check_now),
    }
    filterset_class = filters.RunFilters
    ordering_fields = ("-start_at", "day", "kind", "status")

    def get_serializer_class(self) -> type[RunSerializer]:
        return RunSerializer if self.action == "list" else RunDetail

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("asked_by")

    @extend_schema(request=AskSerializer, responses={201: RunDetail})
    def create(self, request: Request) -> Response:
        """Asks for a check now. The answer is the run; follow it by its id."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        devices, subject = self._devices(caller(request), asked.validated_data)
        with acting(request):
            run = nights.check_now(by=caller(request), devices=devices, subject=subject)
        work_due_checks.delay_on_commit()
        run.refresh_from_db()
        return Response(self.get_serializer(run).data, status=status.HTTP_201_CREATED)

    @staticmethod
    def _devices(person: Any, data: dict[str, Any]) -> tuple[list[Device] | None, str]:
        """The devices to ask (None: all), and words for what was asked."""
        visible = Device.objects.visible_to(person)
        if data.get("everything"):
            everything = permissions.sees_everything(person)
            return (None if everything else list(visible)), _("All devices")
        if "devices" in data:
            devices = list(visible.filter(pk__in=data["devices"]))
            if len(devices) != len(set(data["devices"])):
                raise Http404
            return devices, ", ".join(str(device) for device in devices)
        positions = list(Position.objects.visible_to(person).filter(pk__in=data["positions"]))
        if len(positions) != len(set(data["positions"])):
            raise Http404
        fitted = Installation.objects.at(timezone.now()).filter(position__in=positions)
        devices = list(
            {row.device_id: row.device for row in fitted.select_related("device")}.values()
        )
        if not devices:
            raise Conflict(_("No camera is fitted there."))
        return devices, ", ".join(position.name for position in positions)

    @extend_schema(request=None, responses=RunDetail)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stops asking; what was already answered stays."""
        run: Run = self.get_object()
        with acting(request):
            run.cancel(by=caller(request))
        return Response(self.get_serializer(run).data)
