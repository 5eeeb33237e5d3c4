"""The REST API's addresses, and the one place where errors become answers.

400 malformed, 401 not signed in or a token that is not valid, 403 who you are, 404 not yours to see,
409 too late, 429 too often. The body of each is the same: status, code, detail, errors.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core import exceptions as django_errors
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, path, re_path, resolve
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import exception_handler

from accounts.api import MayCall
from accounts.requests import PersonRequest
from audit import AuditRefused
from cameras import api as cameras
from cameras.sheets_api import DailySheets
from control_room.api import ShiftNotes
from core.api import READ, Access, Door
from core.steps import InvalidTransition
from footage_requests.errors import ContentChanged
from footage_requests.portal import api as portal
from footage_requests.portal.counters import PublicCounters
from inventory import api as inventory
from inventory import floorplan_api as plans
from inventory.errors import Overlap

app_name = "api"


def answer_for(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception; None for a fault of ours, which stays a 500 with its trace in the log."""
    known = _as_api_error(error)
    response = exception_handler(known, context)
    if response is None:
        return None
    # What DRF makes of a database error inside a transaction must not hide who caused it.
    response.data = _body(known, response.status_code)
    return response


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, InvalidTransition):
        return _with_status(409, str(error), "too_late")
    if isinstance(error, Overlap):
        return _with_status(409, " ".join(error.messages), "overlap")
    if isinstance(error, ContentChanged):
        return _with_status(409, " ".join(error.messages), "changed")
    if isinstance(error, django_errors.ValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else error.messages
        return exceptions.ValidationError(fields)
    if isinstance(error, AuditRefused | django_errors.BadRequest):
        return exceptions.ParseError(str(error))
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, django_errors.PermissionDenied):
        return exceptions.PermissionDenied()
    return error


def _with_status(status: int, detail: str, code: str) -> exceptions.APIException:
    error = exceptions.APIException(detail, code)
    error.status_code = status
    return error


def _body(error: Exception, status: int) -> dict[str, Any]:
    detail: Any = getattr(error, "detail", "")
    body: dict[str, Any] = {"status": status, "code": "invalid", "detail": "", "errors": {}}
    if isinstance(detail, dict):
        body["errors"] = {_sendable(str(name)): _texts(value) for name, value in detail.items()}
        body["detail"] = _("Something in the call is malformed.")
    elif isinstance(detail, list):
        body["detail"] = " ".join(_texts(detail))
    else:
        body["code"] = getattr(detail, "code", "error")
        body["detail"] = str(detail)
    return body


def _texts(value: Any) -> list[str]:
    """Messages of one field; those of a list's items carry the item's number."""
    if isinstance(value, dict):
        return [
            f"{_sendable(str(name))}: {text}"
            for name, inner in value.items()
            for text in _texts(inner)
        ]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [_sendable(str(value))]


def _sendable(text: str) -> str:
    """Without halves of characters, which JSON can carry in and UTF-8 cannot carry out."""
    return text.encode("utf-8", "replace").decode()


ERROR = {
    "type": "object",
    "required": ["status", "code", "detail", "errors"],
    "properties": {
        "status": {"type": "integer", "description": "The HTTP status again."},
        "code": {"type": "string", "description": "A word for programs; it stays the same."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "object",
            "description": "What is wrong with which parameter or field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ANSWERS = {
    "400": "Malformed: a parameter, its value, or the body.",
    "401": "Not signed in, or a token that is not valid here.",
    "403": "This caller may not do it: a role, a scope, or a browser that wants to change something.",
    "404": "Not there, or not this caller's to see.",
    "405": "This address does not do that.",
    "409": "Too late, or not in a state for it.",
    "415": "The body has another form than this address reads.",
    "429": "Too often; Retry-After says when to call again, in seconds.",
}
_ONLY_POST = {"409", "415"}
_NOT_PUBLIC = {"401", "403", "404"}


def document_answers(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Hook of the schema: every operation can give the answers of this module."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for methods in result["paths"].values():
        for method, operation in methods.items():
            for status, words in ANSWERS.items():
                if status in _ONLY_POST and method != "post":
                    continue
                if status in _NOT_PUBLIC and not any(operation.get("security", ())):
                    continue
                answer: dict[str, Any] = {"description": words, "content": body}
                if status == "429":
                    seconds = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
                    answer["headers"] = {"Retry-After": seconds}
                operation["responses"].setdefault(status, answer)
            if method == "get":
                operation["responses"]["304"] = {
                    "description": "Unchanged since the entity tag given in If-None-Match."
                }
    return result


@cache
def description_in(language: str) -> dict[str, Any]:
    """The description is the same for everybody: half a second of work for each language and process."""
    with translation.override(language):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


class _Description(SchemaGenerator):
    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return description_in(translation.get_language())


class Schema(Door, SpectacularJSONAPIView):
    """The OpenAPI 3.1 description of this API; a token needs no scope for it."""

    generator_class = _Description
    access = {READ: Access("", lambda person: True)}
    permission_classes = [MayCall]

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)
        return response


@login_required
@require_safe
def docs(request: PersonRequest) -> HttpResponse:
    """The description as a page on which calls can be tried; everything on it is served by us."""
    return render(request, "api/docs.html")


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Every other address below the API's: programs get JSON as everywhere else."""
    error = exceptions.NotFound(_with_slash(request.path_info))
    return JsonResponse(_body(error, error.status_code), status=error.status_code)


def _with_slash(path: str) -> str | None:
    """A sentence where only the slash at the end is missing: no redirect carries a body along."""
    if path.endswith("/"):
        return None
    try:
        is_known = resolve(f"{path}/").func is not unknown
    except Resolver404:
        is_known = False
    return _("Addresses end with a slash: %(path)s/") % {"path": path} if is_known else None


router = SimpleRouter()
for prefix, view in (
    ("sites", inventory.Sites),
    ("buildings", inventory.Buildings),
    ("floors", inventory.Floors),
    ("positions", inventory.Positions),
    ("devices", inventory.Devices),
    ("channels", inventory.Channels),
    ("installations", inventory.Installations),
    ("channel-assignments", inventory.ChannelAssignments),
    ("floor-plans", plans.FloorPlans),
    ("plan-places", plans.PlanPlaces),
    ("coverage", cameras.Coverage),
    ("position-days", cameras.PositionDays),
    ("clock-measurements", cameras.Clocks),
    ("findings", cameras.Findings),
    ("daily-sheets", DailySheets),
    ("runs", cameras.Runs),
    ("shift-notes", ShiftNotes),
    ("portal/requests", portal.PortalRequests),
):
    router.register(prefix, view, basename=prefix.replace("/", "-"))

urlpatterns = [
    *router.urls,
    path("was-recording/", cameras.WasRecording.as_view(), name="was-recording"),
    path("portal/choices/", portal.PortalChoices.as_view(), name="portal-choices"),
    path("public/counters/", PublicCounters.as_view(), name="public-counters"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    re_path(r"", unknown, name="unknown"),
]
