"""Rows of the API written quickly: plain values go out as they are, the rest through DRF's fields."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter, methodcaller
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
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

    _plans: ClassVar[dict[type, list[tuple[str, Callable[[Any], Any], AnyField]]]] = {}

    @classmethod
    def _plan(cls) -> list[tuple[str, Callable[[Any], Any], AnyField]]:
        if cls not in Row._plans:
            # Of a serializer without a context: nothing of one call may reach the next.
            fields = cls()._readable_fields
            model = cls.Meta.model
            Row._plans[cls] = [(f.field_name or "", _reader(f, model), f) for f in fields]
        return Row._plans[cls]

    def to_representation(self, instance: M) -> dict[str, Any]:
        row = {}
        for name, value_of, field in self._plan():
            if isinstance(field, serializers.SerializerMethodField):
                # The method of this serializer, which knows its call's context.
                row[name] = methodcaller(str(field.method_name), instance)(self)
                continue
            value = value_of(instance)
            row[name] = value if type(value) in _PLAIN else field.to_representation(value)
        return row


def _reader(field: AnyField, model: type[Model]) -> Callable[[Any], Any]:
    """How the field's value is read: by its name, unless it is a key of another row, a path or a method."""
    source = str(field.source)
    own = type(field).get_attribute is serializers.Field.get_attribute
    simple = own and source.isidentifier() and not callable(getattr(model, source, None))
    return attrgetter(source) if simple else field.get_attribute


class Filtering(DjangoFilterBackend):
    """Filters of the view's FilterSet; a call without any does not pay for building its form."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        filterset = self.get_filterset_class(view, queryset)
        if filterset is None or not set(filterset.base_filters) & set(request.query_params):
            return queryset
        return super().filter_queryset(request, queryset, view)
