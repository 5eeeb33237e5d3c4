"""Input of lists, read strictly: an id, a day, an instant or a yes is itself or it is refused.

Nothing is guessed: a time without a zone, a day out of the calendar, an empty value and a value that is
repeated are errors of the caller (400). Days are ISO 8601 days of Türkiye time; instants are ISO 8601
with a zone.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .text import fold

# Outside these years the arithmetic of zones and of the databases overflows.
FIRST_YEAR, LAST_YEAR = 2000, 2099
LONGEST_SEARCH = 100
_ID = re.compile(r"[1-9][0-9]{0,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_id(text: str) -> int:
    """A row's id. Raises ValidationError."""
    if not _ID.fullmatch(text):
        raise ValidationError(_("Write a whole number from 1."))
    return int(text)


def read_day(text: str) -> dt.date:
    """A calendar day, 2026-11-22. Raises ValidationError."""
    try:
        day = dt.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(_("Write a day such as 2026-11-22."))
    return day


def read_instant(text: str) -> dt.datetime:
    """An aware instant, 2026-11-22T14:05:00+03:00. Raises ValidationError, also without a zone."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError(_("Write a time such as 2026-11-22T14:05:00+03:00.")) from None
    if instant.utcoffset() is None:
        raise ValidationError(_("This time has no zone: end it with Z or an offset like +03:00."))
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValidationError(_("Write a time such as 2026-11-22T14:05:00+03:00."))
    return instant


def read_yes(text: str) -> bool:
    """true or false. Raises ValidationError."""
    if text not in {"true", "false"}:
        raise ValidationError(_("Write true or false."))
    return text == "true"


class _Strict(forms.Field):
    """A field whose text is given to `read`; a missing one is None, an empty one is refused by it."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs["required"] = False
        # django-filter hands these to every field; a strict field reads in one way only.
        kwargs.pop("null_label", None)
        super().__init__(**kwargs)

    def read(self, text: str) -> Any:
        raise TypeError(f"{type(self).__name__} does not say how it reads.")

    def to_python(self, value: str | None) -> Any:
        return None if value is None else self.read(value)


class IdField(_Strict):
    def read(self, text: str) -> int:
        return read_id(text)


class DayField(_Strict):
    def read(self, text: str) -> dt.date:
        return read_day(text)


class InstantField(_Strict):
    def read(self, text: str) -> dt.datetime:
        return read_instant(text)


class YesField(_Strict):
    def read(self, text: str) -> bool:
        return read_yes(text)


class OneOfField(_Strict):
    """One code of a list; other codes are refused."""

    def __init__(self, *, codes: list[str], **kwargs: Any) -> None:
        self.codes = codes
        super().__init__(**kwargs)

    def read(self, text: str) -> str:
        if text not in self.codes:
            raise ValidationError(_("Write one of: %(codes)s.") % {"codes": ", ".join(self.codes)})
        return text


class IdFilter(django_filters.Filter):
    field_class = IdField


class DayFilter(django_filters.Filter):
    field_class = DayField


class InstantFilter(django_filters.Filter):
    field_class = InstantField


class YesFilter(django_filters.Filter):
    field_class = YesField


class OneOfFilter(django_filters.Filter):
    field_class = OneOfField


class WordFilter(django_filters.CharFilter):
    """A word of at most LONGEST_SEARCH characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=LONGEST_SEARCH, **kwargs)


class SearchFilter(WordFilter):
    """Every word must occur, by Turkish rules: "ışık" finds "IŞIK". Searches a folded text column."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in fold(value or "").split():
            qs = qs.filter(**{f"{self.field_name}__contains": word})
        return qs
