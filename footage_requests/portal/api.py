"""Requests by the university portal over the REST API.

A token with the scope `portal` acts for the person who is then the filer. Every call about requests names
in `On-Behalf-Of` for whom the portal asks: an opaque word, kept as a keyed hash only. What another person
of the portal filed, or another token's person, is not there (404).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import django_filters as filters
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import acting, caller
from accounts.idempotency import idempotent, parameter
from accounts.models import ApiToken
from core.api import LARGEST_BODY, READ, Access, Conflict, Door, Listing
from core.strict import YesFilter
from inventory.models import Building

from .. import permissions, said
from ..casework import arriving, attachments, questions
from ..casework.facts import kinds_for
from ..errors import Refused
from ..footage.store import NoSpace
from ..models import FootageRequest, RequesterKind
from . import whose
from .rows import (
    ChoicesRow,
    CompletingSerializer,
    FilingSerializer,
    PaperRow,
    PaperSerializer,
    RequestRow,
    WithdrawingSerializer,
    building_codes,
)

HEADER = "On-Behalf-Of"
SCOPE = "portal"
ACCESS = {READ: Access(SCOPE, permissions.can_file)}
_OPAQUE = re.compile(r"[\x21-\x7e]{1,128}")
_ON_BEHALF_OF = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": r"^[!-~]{1,128}$"},
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "For whom the portal asks: its own opaque word for the person, always the same, never a name or an "
        "identity number. 1 to 128 printable ASCII characters."
    ),
)
_WRITES = [_ON_BEHALF_OF, parameter(required=False)]


def need_token(request: Request) -> None:
    """A signed-in browser has the pages; the portal's addresses are for its program."""
    if not isinstance(request.auth, ApiToken):
        raise PermissionDenied(_("The portal's calls need a token."), "token_needed")


class PaperParser(MultiPartParser):
    """One paper and its few fields; a larger body is not read."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if int(length) > attachments.LARGEST_FILE + LARGEST_BODY:
            raise ParseError(_("The body is too large."))
        return super().parse(stream, media_type, parser_context)


class RequestFilters(filters.FilterSet):
    open = YesFilter(method="by_open")

    class Meta:
        model = FootageRequest
        fields: list[str] = []

    def by_open(self, queryset: QuerySet[Any], _name: str, value: bool | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        open_states = {"status__in": FootageRequest.OPEN}
        return queryset.filter(**open_states) if value else queryset.exclude(**open_states)


@extend_schema_view(
    list=extend_schema(parameters=[_ON_BEHALF_OF]),
    retrieve=extend_schema(parameters=[_ON_BEHALF_OF]),
)
class PortalRequests(Listing):
    """The requests that one person of the portal filed: state in words, deadline, what is missing."""

    model = FootageRequest
    access = ACCESS
    serializer_class = RequestRow
    filterset_class = RequestFilters
    ordering_fields = ("-arrived_at",)
    lookup_field = "number"
    lookup_value_regex = "[A-Z]{1,4}-[0-9]{4}-[0-9]{5,9}"
    on_behalf_of = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        need_token(request)
        word = request.headers.get(HEADER, "")
        if not _OPAQUE.fullmatch(word):
            raise ValidationError(
                {HEADER: [_("Say for whom: 1 to 128 printable ASCII characters, without blanks.")]}
            )
        self.on_behalf_of = word

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, [HEADER])
        return response

    def rows(self, person: Any) -> QuerySet[Any]:
        own = (
            super()
            .rows(person)
            .filter(
                filer=person,
                door=FootageRequest.Door.PORTAL,
                on_behalf_of_hash=whose.recognise(person, self.on_behalf_of),
            )
        )
        others = FootageRequest.objects.filter(merged_into=OuterRef("pk")).exclude(
            on_behalf_of_hash=OuterRef("on_behalf_of_hash")
        )
        own = own.annotate(took_in_others=Exists(others))
        return own.select_related("kind", "building").prefetch_related(
            "attachments", "decisions__refusal_codes", "fees"
        )

    @extend_schema(
        parameters=[_ON_BEHALF_OF, parameter(required=True)],
        request=FilingSerializer,
        responses={201: RequestRow},
    )
    @idempotent(required=True, headers=[HEADER])
    @sensitive_variables()
    def create(self, request: Request) -> Response:
        """Files a request. From that moment its deadline runs, and the unit can keep the footage."""
        person = caller(request)
        facts = self._read(FilingSerializer, request)
        check_answers(facts["kind"], facts)
        national_id = facts.pop("national_id", "")
        with acting(request):
            row = arriving.file_request(
                by=person,
                door=FootageRequest.Door.PORTAL,
                facts=facts,
                national_id=national_id,
                on_behalf_of=self.on_behalf_of,
            )
        return self._answer(row, status.HTTP_201_CREATED)

    @extend_schema(parameters=_WRITES, request=CompletingSerializer, responses=RequestRow)
    @action(detail=True, methods=["post"])
    @idempotent(headers=[HEADER])
    @sensitive_variables()
    def complete(self, request: Request, number: str) -> Response:
        """Gives what the unit asked for; possible while the state is INFO_MISSING."""
        person = caller(request)
        row: FootageRequest = self.get_object()
        facts = self._read(CompletingSerializer, request)
        check_answers(row.kind, facts)
        message, national_id = facts.pop("message"), facts.pop("national_id", None)
        with transaction.atomic(), acting(request):
            if not arriving.locked(row).allows("complete"):
                raise Conflict(_("Nothing is asked for at present."), "nothing_missing")
            if "answers" in facts:
                facts["answers"] = {**row.answers, **facts["answers"]}
            if facts or national_id:
                arriving.edit(row, facts, by=person, national_id=national_id, because=message)
            arriving.complete(row, by=person, because=message)
        return self._answer(row)

    @extend_schema(parameters=_WRITES, request=WithdrawingSerializer, responses=RequestRow)
    @action(detail=True, methods=["post"])
    @idempotent(headers=[HEADER])
    def withdraw(self, request: Request, number: str) -> Response:
        """Takes the request back; possible until footage has been released."""
        row: FootageRequest = self.get_object()
        told = self._read(WithdrawingSerializer, request)
        because = told.get("because") or said.because("WITHDRAWN_BY_PORTAL")
        try:
            with acting(request):
                arriving.withdraw(row, by=caller(request), because=because)
        except Refused:
            # What the unit has done with it meanwhile is not for the portal.
            raise Conflict(_("It can no longer be withdrawn.")) from None
        return self._answer(row)

    @extend_schema(
        parameters=_WRITES,
        request={"multipart/form-data": PaperSerializer},
        responses={201: PaperRow},
    )
    @action(detail=True, methods=["post"], parser_classes=[PaperParser])
    @idempotent(headers=[HEADER])
    def papers(self, request: Request, number: str) -> Response:
        """Adds a paper, as multipart/form-data; possible until the request is decided."""
        row: FootageRequest = self.get_object()
        if row.status not in FootageRequest.BEFORE_DECISION:
            raise Conflict(_("The request is decided: papers are no longer taken."), "decided")
        told = self._read(PaperSerializer, request)
        file = told["file"]
        try:
            with acting(request):
                paper = attachments.add(
                    row,
                    file.name,
                    file.read(),
                    kind=told["kind"],
                    title=told.get("title", ""),
                    by=caller(request),
                )
        except NoSpace:
            raise Conflict(_("There is no space for papers at present."), "no_space") from None
        return Response(PaperRow(paper).data, status=status.HTTP_201_CREATED)

    def _read(self, reader: Any, request: Request) -> dict[str, Any]:
        asked = reader(data=request.data, context={"buildings": buildings_of(caller(request))})
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _answer(self, row: FootageRequest, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.rows(caller(self.request)).get(pk=row.pk)
        return Response(self.get_serializer(fresh).data, status=code)


def check_answers(kind: RequesterKind, facts: Mapping[str, Any]) -> None:
    """Raises ValidationError for an answer to a question that this kind is not asked."""
    known = {question.code for question in questions.of_kind(kind)}
    if unknown := sorted(set(facts.get("answers", ())) - known):
        words = {"code": unknown[0][:60], "known": ", ".join(sorted(known)) or "–"}
        raise ValidationError(
            {
                "answers": [
                    _("This kind has no question “%(code)s”. Its questions: %(known)s.") % words
                ]
            }
        )


def buildings_of(person: Any) -> QuerySet[Building]:
    """The buildings about which that person may file."""
    inside = person.scope(permissions.FILING).condition(site="site_id", building="pk")
    rows: QuerySet[Building] = Building.objects.filter(inside)
    return rows


class PortalChoices(Door):
    """What a form of the portal offers: kinds of requesters, what they must bring, and buildings."""

    access = ACCESS

    @extend_schema(operation_id="portal_choices", responses=ChoicesRow)
    def get(self, request: Request) -> Response:
        """Kinds and buildings, in the language of Accept-Language."""
        need_token(request)
        kinds = kinds_for(FootageRequest.Door.PORTAL).prefetch_related("bases", "questions")
        buildings = [
            {"code": code, "name": row.name, "site": row.site.name}
            for code, row in building_codes(buildings_of(caller(request))).items()
        ]
        return Response(ChoicesRow({"kinds": kinds, "buildings": buildings}).data)
