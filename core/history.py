"""Every change of a row kept beside it (django-simple-history), at the price of one row more and no class more."""

from __future__ import annotations

from functools import cache
from typing import Any

from simple_history import models
from simple_history.manager import HistoryManager


class _Versions(HistoryManager):
    """The versions of a row. The library makes a class of them anew whenever somebody asks for them, which
    takes longer than to write the version.
    """

    @classmethod
    @cache
    def from_queryset(cls, queryset_class: Any, class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


class HistoricalRecords(models.HistoricalRecords):
    """What a model declares as its `history`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(history_manager=_Versions, **options)
