"""Rows of the API written quickly: plain values go out as they are, the rest through DRF's fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter, methodcaller
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.utils.timezone import get_current_timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.request import Request

M = TypeVar("M", bound=Model)
AnyField = serializers.Field[Any, Any, Any, Any]

# What JSON writes as it is. Codes of choices come out of the database as text.
_PLAIN = frozenset({str, int, bool, float, type(None)})


class Row(serializers.ModelSerializer[M]):
    """A serializer for reading only.

    DRF builds a field per column and call, and asks five questions per value; a page of 50 cameras has
    2,000 values. Here the fields are built once, and keep their say over everything that is no plain
    value: instants, days, nested rows, sums.
    """

    _plans: ClassVar[dict[type, list[tuple[str, Callable[[Any], Any], AnyField, bool]]]] = {}

    @classmethod
    def _plan(cls) -> list[tuple[str, Callable[[Any], Any], AnyField, bool]]:
        if cls not in Row._plans:
            # Of a serializer without a context: nothing of one call may reach the next.
            fields = cls()._readable_fields
            model = cls.Meta.model
            Row._plans[cls] = [
                (f.field_name or "", _reader(f, model), f, _is_usual(f)) for f in fields
            ]
        return Row._plans[cls]

    def to_representation(self, instance: M) -> dict[str, Any]:
        row = {}
        for name, value_of, field, is_usual in self._plan():
            if isinstance(field, serializers.SerializerMethodField):
                # The method of this serializer, which knows its call's context.
                row[name] = methodcaller(str(field.method_name), instance)(self)
                continue
            value = value_of(instance)
            if type(value) in _PLAIN:
                row[name] = value
            elif is_usual and type(value) is datetime and value.tzinfo:
                row[name] = _instant(value)
            else:
                row[name] = field.to_representation(value)
        return row


def _is_usual(field: AnyField) -> bool:
    """Whether the field writes instants in the usual form and zone."""
    return type(field) is serializers.DateTimeField and not {"format", "timezone"} & set(
        vars(field)
    )


def _instant(value: datetime) -> str:
    """An aware instant as DRF's DateTimeField writes it, in a third of the time."""
    text = value.astimezone(get_current_timezone()).isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def _reader(field: AnyField, model: type[Model]) -> Callable[[Any], Any]:
    """How the field's value is read: by its name, unless it is a key of another row, a path or a method."""
    source = str(field.source)
    own = type(field).get_attribute is serializers.Field.get_attribute
    first, *rest = source.split(".")
    if not own or not first.isidentifier() or callable(getattr(model, first, None)):
        return field.get_attribute
    # A path to another row may end before its time, where DRF has a say.
    return field.get_attribute if rest and not _leads_on(model, source) else attrgetter(source)


def _leads_on(model: type[Model], path: str) -> bool:
    """Whether the path goes through foreign keys that are never empty, to a column."""
    try:
        *keys, last = (part for part in path.split("."))
        for name in keys:
            key = model._meta.get_field(name)
            if not isinstance(key, ForeignKey) or key.null:
                return False
            model = key.related_model
        return isinstance(model._meta.get_field(last), Field)
    except FieldDoesNotExist:
        return False


class Filtering(DjangoFilterBackend):
    """Filters of the view's FilterSet; a call without any does not pay for building its form."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        filterset = self.get_filterset_class(view, queryset)
        wanted = set(filterset.base_filters if filterset else ()) & set(request.query_params)
        if not wanted:
            return queryset
        return super().filter_queryset(request, queryset, view)

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """A filter set with the filters that the call names: each is judged by itself."""
        kwargs = self.get_filterset_kwargs(request, queryset, view)
        filterset = self.get_filterset_class(view, queryset)
        names = frozenset(filterset.base_filters) & frozenset(request.query_params)
        return _only(filterset, names)(**kwargs)


@lru_cache(maxsize=256)
def _only(filterset: type[Any], names: frozenset[str]) -> type[Any]:
    kept = {name: each for name, each in filterset.base_filters.items() if name in names}
    made = type(filterset.__name__, (filterset,), {})
    made.base_filters = kept  # type: ignore[attr-defined]
    return made
