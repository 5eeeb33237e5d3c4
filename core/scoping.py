"""Who sees which rows: every read of a person starts at `visible_to(person)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M], Generic[M]):
    """Base of the managers of rows that people see. Forgetting `visible_to` fails at the first read."""

    def visible_to(self, person: Any) -> Self:
        """The rows that `person` may see."""
        raise TypeError(f"{type(self).__name__} does not say who may see {self.model.__name__}.")


@dataclass(frozen=True)
class Scope:
    """The part of the campus that a person's grants cover: everything, or some sites and buildings."""

    everything: bool = False
    site_ids: frozenset[int] = frozenset()
    building_ids: frozenset[int] = frozenset()

    def __or__(self, other: Scope) -> Scope:
        return Scope(
            self.everything or other.everything,
            self.site_ids | other.site_ids,
            self.building_ids | other.building_ids,
        )

    def __bool__(self) -> bool:
        return self.everything or bool(self.site_ids or self.building_ids)

    def covers(self, *, site_id: int | None, building_id: int | None) -> bool:
        """Whether one place lies inside. A place without a site is covered only by `everything`."""
        return self.everything or site_id in self.site_ids or building_id in self.building_ids

    def condition(self, *, site: str, building: str) -> Q:
        """The scope as a filter. `site` and `building` are the lookups that lead to their ids."""
        if self.everything:
            return Q()
        return Q(**{f"{site}__in": self.site_ids}) | Q(**{f"{building}__in": self.building_ids})
