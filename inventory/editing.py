"""Saving what people edit: the second of two is told, and every change is audited with before and after.

A form carries what its reader saw (`seen`, signed). Saving locks the row, compares, and refuses with what
has changed since; the refused form carries the new state, so that saving again is a decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import models
from django.utils.translation import gettext as _

import audit

from .words import column_name

if TYPE_CHECKING:
    from accounts.models import Person

_SALT = "inventory.seen"
State = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One field that somebody else changed meanwhile, in words."""

    label: str
    was: str
    now: str


def state_of(row: models.Model, names: Iterable[str]) -> State:
    """The plain values of those fields of a stored row; a new row has none."""
    if row.pk is None:
        return {}
    return {name: _plain(_value(row, name)) for name in names}


def sealed(state: State) -> str:
    """The state for a hidden field."""
    return signing.dumps(state, salt=_SALT, compress=True)


def differences(row: models.Model, seen: str, now: State) -> list[Difference]:
    """What differs between what the form showed and what is stored. A broken seal is everything."""
    try:
        before = signing.loads(seen, salt=_SALT)
    except signing.BadSignature:
        before = {}
    return [
        Difference(_label(row, name), _shown(row, name, before.get(name)), _shown(row, name, value))
        for name, value in now.items()
        if before.get(name) != value
    ]


def last_editor(row: models.Model) -> str:
    """Who changed the row last, from its field history; "" when unknown."""
    latest = row.history.select_related("history_user").first()  # type: ignore[attr-defined]
    return latest.history_user.full_name if latest and latest.history_user else ""


def record(
    action: str,
    row: models.Model,
    *,
    by: Person | str,
    before: State,
    after: State,
    because: str = "",
) -> None:
    """The audit entry of an edit: only the fields that changed. Nothing changed, nothing is written."""
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if not changed:
        return
    audit.record(
        action,
        actor=by,
        target=row,
        because=because,
        before={name: before.get(name) for name in sorted(changed)} if before else None,
        after={name: after.get(name) for name in sorted(changed)},
    )


def _value(row: models.Model, name: str) -> Any:
    field = row._meta.get_field(name)
    if field.many_to_many:
        return sorted(getattr(row, name).values_list("pk", flat=True))
    return getattr(row, field.attname)  # type: ignore[union-attr]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return value


def _label(row: models.Model, name: str) -> str:
    label = column_name(row._meta.get_field(name))
    return label[:1].upper() + label[1:]


def _shown(row: models.Model, name: str, value: Any) -> str:
    """A stored value in words: choices by their label, related rows by their name."""
    if value is None or value == "" or value == []:
        return "–"
    field = row._meta.get_field(name)
    if field.many_to_many:
        return str(len(value))
    if field.is_relation:
        related: Any = field.related_model
        return str(related._base_manager.filter(pk=value).first() or value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices: Mapping[Any, Any] = dict(getattr(field, "flatchoices", None) or [])
    return str(choices.get(value, value))
