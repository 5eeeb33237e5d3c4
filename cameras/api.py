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
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import acting, caller
from accounts.idempotency import idempotent, parameter
from cameras import filters, permissions
from cameras.api_rows import (
    AskSerializer,
    Because,
    ClockSerializer,
    CoverageDetail,
    CoverageSerializer,
    FindingSerializer,
    PositionDaySerializer,
    RunDetail,
    RunSerializer,
    WasRecordingSerializer,
    gaps_of,
    spans_of,
)
from cameras.days import answers
from cameras.models import ClockMeasurement, CoverageDay, Finding, PositionDay, Run
from cameras.night import nights
from cameras.tasks import work_due_checks
from core.api import READ, Access, Conflict, Door, Listing
from core.paging import Keyset
from core.strict import read_day, read_id, read_instant
from core.tsi import day_of
from inventory.api import PositionName
from inventory.models import Device, Installation, Position

ONCE = [parameter(required=False)]
COVERAGE = {READ: Access("coverage:read", permissions.can_see_cameras)}


class Coverage(Listing):
    """What the recorders' own index said, per channel and day."""

    model = CoverageDay
    access = COVERAGE
    pagination_class = Keyset
    keyset = ("day", "channel_id")
    filterset_class = filters.CoverageFilters

    def get_serializer_class(self) -> type[CoverageSerializer]:
        return CoverageSerializer if self.action == "list" else CoverageDetail

    def rows(self, person: Any) -> QuerySet[Any]:
        # Not joined: the database would join a whole day's rows before it cuts the page out of them.
        rows = super().rows(person).prefetch_related("channel")
        if self.action == "list":
            # A day may have 2,000 gaps and doubts: they belong to the one row that somebody opens.
            return rows.defer("gaps", "doubts", "source_gaps", "canonical")
        return rows.select_related("run").prefetch_related("revisions")


class PositionDays(Listing):
    """The answer per position and day."""

    model = PositionDay
    access = COVERAGE
    pagination_class = Keyset
    keyset = ("day", "position_id")
    serializer_class = PositionDaySerializer
    filterset_class = filters.PositionDayFilters

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).prefetch_related("position")


class Clocks(Listing):
    """Measured clock offsets."""

    model = ClockMeasurement
    access = COVERAGE
    pagination_class = Keyset
    keyset = ("measured_at", "device_id")
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
            proof["gaps"] = gaps_of(proof["gaps"])
            proof["doubts"] = spans_of(proof["doubts"])
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

    @extend_schema(parameters=ONCE, request=Because, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    @idempotent()
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Closes what happened once, after a person has looked into it."""
        row: Finding = self.get_object()
        if not permissions.can_acknowledge(caller(request), row):
            raise PermissionDenied
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
        "cancel": Access("checks:write", permissions.can_cancel),
    }
    filterset_class = filters.RunFilters
    ordering_fields = ("-start_at", "day", "kind", "status")

    def get_serializer_class(self) -> type[RunSerializer]:
        return RunSerializer if self.action == "list" else RunDetail

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("asked_by")

    @extend_schema(parameters=ONCE, request=AskSerializer, responses={201: RunDetail})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Asks for a check now. The answer is the run; follow it by its id."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        devices, subject = self._devices(caller(request), asked.validated_data)
        if not all(permissions.can_check_now(caller(request), device) for device in devices or ()):
            raise PermissionDenied
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
            if permissions.checks_everything(person):
                return None, _("All devices")
            return list(visible.within(person.scope(permissions.CHECKING))), _("All devices")
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

    @extend_schema(parameters=ONCE, request=None, responses=RunDetail)
    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: str) -> Response:
        """Stops asking; what was already answered stays."""
        run: Run = self.get_object()
        if not permissions.can_cancel(caller(request), run):
            raise PermissionDenied
        with acting(request):
            run.cancel(by=caller(request))
        return Response(self.get_serializer(run).data)
