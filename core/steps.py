"""Status changes by named steps: the guard in the UPDATE, the audit entry in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext as _

import audit
from audit.models import Entry


@dataclass(frozen=True, init=False)
class Step:
    """From which states a verb may start, and where it ends."""

    comes_from: frozenset[str]
    becomes: str

    def __init__(self, comes_from: Iterable[str], becomes: str) -> None:
        object.__setattr__(self, "comes_from", frozenset(comes_from))
        object.__setattr__(self, "becomes", becomes)


class InvalidTransition(Exception):
    """The row was no longer in a state from which the step may be taken. Means 409."""

    def __init__(self, step: str, row: models.Model) -> None:
        self.step = step
        self.row = row
        super().__init__(
            _("Too late: “%(step)s” is no longer possible for %(row)s.")
            % {"step": step, "row": row}
        )


def not_now(row: SteppedModel, title: object) -> str:
    """Why a step of that title cannot be taken, for the page that would offer it: the state of the row."""
    field: Any = row._meta.get_field("status")  # type: ignore[misc]  # subclasses declare it
    state = dict(field.flatchoices).get(row.status, row.status)
    return _("The state of %(row)s is “%(state)s”: “%(step)s” is not possible in it.") % {
        "row": row,
        "state": state,
        "step": title,
    }


class SteppedModel(models.Model):
    """A model whose `status` changes only by a step named in STEPS; every step is audited.

    Subclasses declare the `status` field and public methods that call `_take`. The audit action is
    "<model name in lower case>.<verb>".
    """

    STEPS: ClassVar[Mapping[str, Step]]
    status: Any  # the subclass declares the field

    class Meta:
        abstract = True

    def allows(self, step: str) -> bool:
        """Whether the step could be taken from the state this copy of the row was loaded in."""
        return self.status in self.STEPS[step].comes_from

    def _take(
        self,
        step: str,
        *,
        by: models.Model | str,
        because: str = "",
        facts: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Entry:
        """Takes the step, sets `changes` as well, and returns the audit entry.

        `by` is a person or the name of a part of the system. Raises InvalidTransition when the row is
        no longer in a state from which the step may start; then nothing was written.
        """
        rule = self.STEPS[step]
        changes["status"] = rule.becomes
        rows = type(self)._base_manager.filter(pk=self.pk, **{"status__in": rule.comes_from})
        with transaction.atomic():
            # Not the key: rows that point here may be made meanwhile, or two steps wait for each other.
            before = rows.select_for_update(no_key=True).values(*changes).first()
            # The WHERE clause is the lock: of two steps at once, one updates no row.
            if before is None or not rows.update(**changes):
                raise InvalidTransition(step, self)
            entry = audit.record(
                f"{self._meta.model_name}.{step}",
                actor=by,
                target=self,
                because=because,
                before=before,
                after=changes,
                **(facts or {}),
            )
        for name, value in changes.items():
            setattr(self, name, value)
        return entry

    _take.alters_data = True  # type: ignore[attr-defined]  # templates must not call it
