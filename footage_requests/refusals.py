"""Attempts that were refused because of who made them: they stand in the log, though nothing came of them (B1, B15).

A refusal rolls back what the attempt began, so its entry is written afterwards, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

import audit

from .errors import NotThisPerson
from .models import FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person
    from accounts.requests import PersonRequest

P = ParamSpec("P")
R = TypeVar("R")
ACTION = "access.refuse"


def are_noted(act: Callable[P, R]) -> Callable[P, R]:
    """For services `act(row, ..., by=person)` of a case: whoever may not do it is written down with the case."""

    @wraps(act)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except NotThisPerson as refused:
            # Some take the person by position.
            people = [each for each in args if _is_person(each)]
            by: Any = kwargs.get("by") or next(iter(people), None)
            if by is not None:
                _note(refused, by, _case_of(args[0]), act.__name__)
            raise

    return guarded


def note_at_door(request: PersonRequest, refused: PermissionDenied) -> None:
    """The same for what a page refuses before any service is asked."""
    match = request.resolver_match
    name = match.view_name if match is not None else ""
    _note(refused, request.user, ("page", name, request.path[:200]), name)


def _note(
    refused: PermissionDenied, by: Person, target: models.Model | tuple[str, str, str], tried: str
) -> None:
    is_broken = transaction.get_connection().in_atomic_block and transaction.get_rollback()
    if getattr(refused, "is_noted", False) or is_broken:
        return
    refused.is_noted = True  # type: ignore[attr-defined]
    with transaction.atomic():
        audit.record(ACTION, actor=by, target=target, because=str(refused), tried=tried)


def _is_person(value: object) -> bool:
    return isinstance(value, models.Model) and value._meta.label_lower == "accounts.person"


def _case_of(row: Any) -> Any:
    """The case to which a package, an exhibit, a record or a decision belongs."""
    if isinstance(row, FootageRequest):
        return row
    for name in ("request", "package"):
        if getattr(row, name, None) is not None:
            return _case_of(getattr(row, name))
    return row
