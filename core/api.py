"""What every door of the REST API does: strict parameters, entity tags, small JSON bodies.

Who may call is judged by the permission class of the settings (`accounts.api.MayCall`), from the
`access` that a view declares; a view without it answers nobody.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import conditional_page
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers, viewsets
from rest_framework.exceptions import (
    APIException,
    ParseError,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.filters import OrderingFilter
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .paging import Pages
from .quick import Filtering

if TYPE_CHECKING:
    Rows = viewsets.ReadOnlyModelViewSet[Any]
else:  # generic for the type checker only
    Rows = viewsets.ReadOnlyModelViewSet

LARGEST_BODY = 64 * 1024
# Of the fields that are not known so many are told, and so much of each name.
_MOST_NAMES, _LONGEST_NAME = 10, 60
READ = "read"


@dataclass(frozen=True)
class Access:
    """What a caller needs: a token needs `scope`, and for the person `may(person)` must hold."""

    scope: str
    may: Callable[[Any], bool]


class Conflict(APIException):
    """The call is well formed and comes too late, or the row is not in a state for it. Means 409."""

    status_code = 409
    default_code = "too_late"
    default_detail = gettext_lazy("Too late.")


class SmallJSONParser(JSONParser):
    """JSON of at most LARGEST_BODY bytes; what cannot be read is a 400, however it was made."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise ParseError(_("The body is too large."))
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError(_("The body is nested too deeply.")) from None


class AlwaysJSON(BaseContentNegotiation):
    """There is one form of answers, so there is nothing to negotiate."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser of that media type, or None."""
        wanted = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class AllowedOrdering(OrderingFilter):
    """`?ordering=` with the columns that the view lists; anything else is a 400. Ties go by id."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> list[Any]:
        allowed = self._allowed(view)
        if not allowed:
            return []
        wanted = request.query_params.get(self.ordering_param)
        if wanted is not None and wanted not in allowed:
            words = {"codes": ", ".join(allowed)}
            raise ValidationError({"ordering": [_("Write one of: %(codes)s.") % words]})
        chosen = wanted or allowed[0]
        field, is_down = chosen.removeprefix("-"), chosen.startswith("-")
        by: Any = chosen
        if field in view.ordering_by:
            expression = view.ordering_by[field](field)
            by = expression.desc() if is_down else expression.asc()
        return [by, "-pk" if is_down else "pk"]

    @staticmethod
    def _allowed(view: Any) -> list[str]:
        """The columns in both directions; the first is the usual order."""
        return [
            name
            for field in view.ordering_fields
            for name in (field, field[1:] if field.startswith("-") else f"-{field}")
        ]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = self._allowed(view)
        if not names:
            return []
        return [
            {
                "name": "ordering",
                "in": "query",
                "required": False,
                "description": "Order of the rows.",
                "schema": {"type": "string", "enum": names, "default": names[0]},
            }
        ]


class StrictBody(serializers.Serializer[Any]):
    """What a call says. A field that it does not know is refused: a misspelt one would be lost unseen."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            words = _("There is no such field here.")
            raise ValidationError({name[:_LONGEST_NAME]: [words] for name in unknown[:_MOST_NAMES]})
        found: dict[str, Any] = super().to_internal_value(data)
        return found


class _StrictSchema(OpenApiSerializerExtension):
    """Says in the description that there are no other fields."""

    target_class = "core.api.StrictBody"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        made: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        return {**made, "additionalProperties": False}


@method_decorator(conditional_page, name="dispatch")
class Door(APIView):
    """One address of the API. `parameters` are the query parameters that it reads; others are a 400."""

    parser_classes: Any = [SmallJSONParser]
    content_negotiation_class: Any = AlwaysJSON
    access: ClassVar[Mapping[str, Access]] = {}
    parameters: ClassVar[frozenset[str]] = frozenset()

    def access_for(self, action: str | None) -> Access | None:
        """What the action needs; every action without its own row is reading."""
        return self.access.get(action or READ, self.access.get(READ))

    def known_parameters(self) -> frozenset[str]:
        return self.parameters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            self._check_body(request)
        known = self.known_parameters()
        for name, values in request.query_params.lists():
            if name not in known:
                raise ValidationError({name: [_("This parameter is not known here.")]})
            if len(values) > 1:
                raise ValidationError({name: [_("Written more than once.")]})
            if "\x00" in values[0]:
                raise ValidationError({name: [_("This is not text.")]})

    def _check_body(self, request: Request) -> None:
        """Raises for a body that would be taken for an empty one, or that this address does not read."""
        has_body = request.META.get("CONTENT_LENGTH") not in {None, "", "0"}
        if not has_body and request.headers.get("Transfer-Encoding"):
            # WSGI hands it on without its length, and Django reads nothing of it.
            raise ParseError(
                _(
                    "Send the body in one piece, with its Content-Length: a chunked body is not read."
                )
            )
        # Said here as well: DRF takes a form that some middleware has read for an empty body.
        if has_body and not self._parser(request):
            forms = ", ".join(parser.media_type for parser in self.get_parsers())
            words = _("Send the body as %(form)s, and say so in Content-Type.") % {"form": forms}
            raise UnsupportedMediaType(request.content_type, detail=words)

    def _parser(self, request: Request) -> Any:
        return self.get_content_negotiator().select_parser(request, self.get_parsers())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class Listing(Door, Rows):
    """A list and its rows, for reading. Subclasses say in `rows` where the reading starts."""

    model: ClassVar[type[Model]]
    filter_backends: Any = [Filtering, AllowedOrdering]
    pagination_class: Any = Pages
    lookup_value_regex = "[1-9][0-9]{0,17}"
    ordering_fields: ClassVar[tuple[str, ...]] = ()
    # In which order a field sorts that is not a plain value: core.sorting.
    ordering_by: ClassVar[Mapping[str, Callable[[str], Any]]] = {}

    def rows(self, person: Any) -> QuerySet[Any]:
        """What that person may see: the whole of it, before filters."""
        rows: Any = self.model._default_manager
        return rows.visible_to(person)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return self.model._default_manager.none()
        return self.rows(self.request.user)

    def known_parameters(self) -> frozenset[str]:
        if self.action != "list":
            return self.parameters
        known = set(self.pagination_class.parameters)
        if self.ordering_fields:
            known.add("ordering")
        filterset = getattr(self, "filterset_class", None)
        return frozenset(known | set(filterset.base_filters if filterset else ()))
