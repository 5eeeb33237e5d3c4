"""The inventory in words: facts of a device, names of steps, history as sentences."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.steps import SteppedModel, not_now
from core.tsi import TSI

from .models import Device

STEP_NAMES: dict[str, Promise] = {
    "receive": gettext_lazy("Take into stock"),
    "start_commissioning": gettext_lazy("Start commissioning"),
    "put_in_service": gettext_lazy("Put in service"),
    "report_fault": gettext_lazy("Report a fault"),
    "repaired": gettext_lazy("Repaired on the spot"),
    "send_for_repair": gettext_lazy("Send for repair"),
    "return_from_repair": gettext_lazy("Back from repair"),
    "remove": gettext_lazy("Take out of service"),
    "scrap": gettext_lazy("Scrap"),
    "activate": gettext_lazy("Activate"),
    "close": gettext_lazy("Close"),
}
STEP_LEADS: dict[str, Promise] = {
    "put_in_service": gettext_lazy(
        "From that day on it counts in the nightly sum. The step is stamped “without commissioning proofs”."
    ),
    "report_fault": gettext_lazy("It stays in the nightly sum: a fault hides nothing."),
    "send_for_repair": gettext_lazy(
        "Its place stays open: without a substitute the position counts as not recorded."
    ),
    "remove": gettext_lazy("From that day on it no longer counts. Its history stays."),
    "scrap": gettext_lazy("This is final. The device stays in the inventory with its history."),
    "activate": gettext_lazy("From that day on recordings are expected here."),
    "close": gettext_lazy("From that day on nobody expects recordings here. The history stays."),
}


def step_name(verb: str) -> str:
    """A step as a button says it."""
    return str(STEP_NAMES.get(verb, verb))


def step_lead(row: SteppedModel, verb: str) -> str:
    """What will happen, before it is done."""
    becomes = row.STEPS[verb].becomes
    field: Any = row._meta.get_field("status")  # type: ignore[misc]  # subclasses declare it
    labels = dict(field.flatchoices)
    words = _("%(row)s: %(was)s → %(becomes)s.") % {
        "row": row,
        "was": labels.get(row.status, row.status),
        "becomes": labels.get(becomes, becomes),
    }
    lead = STEP_LEADS.get(verb)
    return f"{words} {lead}" if lead else words


def next_steps(row: SteppedModel) -> list[dict[str, str]]:
    """The steps that are possible now."""
    return [{"verb": verb, "name": step_name(verb)} for verb in row.STEPS if row.allows(verb)]


def blocked(row: SteppedModel, verb: str, address: str) -> dict[str, Any]:
    """For the page of a step: why it cannot be taken now and what can; `address` names such pages."""
    if row.allows(verb):
        return {}
    instead = [
        {"title": each["name"], "url": reverse(address, args=[row.pk, each["verb"]])}
        for each in next_steps(row)
    ]
    return {"why_not": not_now(row, step_name(verb)), "instead": instead}


def device_facts(row: Device) -> list[tuple[str, Any]]:
    """Label and value of what is known about a device, blank ones left out."""
    names = [
        "maker",
        "model",
        "serial",
        "mac",
        "firmware",
        "asset_register_no",
        "purpose",
        "purchased_on",
        "warranty_ends_on",
        "http_port",
        "rtsp_port",
    ]
    facts = [(_label(row, name), _shown(getattr(row, name))) for name in names]
    facts.append((_label(row, "protocol"), row.get_protocol_display()))
    facts.append((_("Audio is off"), _("yes") if row.audio_off else _("NO: it must be off")))
    facts.append(("TLS", _("yes") if row.tls else _("no")))
    return [(label, value) for label, value in facts if value]


def history_of(row: models.Model, most: int) -> list[dict[str, Any]]:
    """The field history, newest first: when, who, and what changed from what to what."""
    records = list(row.history.select_related("history_user").order_by("-history_date", "-history_id")[: most + 1])  # type: ignore[attr-defined]  # fmt: skip
    lines = []
    for newer, older in itertools.zip_longest(records, records[1:]):
        changes = _changes(newer, older) if older is not None else []
        if older is None and len(records) > most:
            break
        if older is None:
            text = _("entered")
        elif changes:
            text = "; ".join(changes)
        else:
            continue
        user = newer.history_user
        lines.append(
            {"at": newer.history_date, "who": user.full_name if user else "", "text": text}
        )
    return lines


def _changes(newer: Any, older: Any) -> list[str]:
    delta = newer.diff_against(older, foreign_keys_are_objs=True)
    words = []
    for change in delta.changes:
        field = newer.instance_type._meta.get_field(change.field)
        choices = dict(getattr(field, "flatchoices", None) or [])
        words.append(
            _("%(field)s: %(old)s → %(new)s")
            % {
                "field": _capital(column_name(field)),
                "old": choices.get(change.old, _shown(change.old) or "–"),
                "new": choices.get(change.new, _shown(change.new) or "–"),
            }
        )
    return words


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return value.astimezone(TSI).strftime("%d.%m.%Y %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%d.%m.%Y")
    return str(value)


def _label(row: models.Model, name: str) -> str:
    return _capital(column_name(row._meta.get_field(name)))


def column_name(column: Any) -> str:
    """How a column is called: by its own words, or, where it has none, by those of the rows it points to."""
    is_named = str(column.verbose_name) != column.name.replace("_", " ")
    if is_named or not column.is_relation:
        return str(column.verbose_name)
    return str(column.related_model._meta.verbose_name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def hours_lines(hours: Any) -> list[str]:
    """ "Monday 08:00–18:00" for each weekday of a schedule's hours, in the reader's language."""
    if not isinstance(hours, dict):
        return []
    lines = []
    for number in sorted(hours):
        spans = ", ".join(f"{start}–{end}" for start, end in hours[number])
        lines.append(f"{WEEKDAYS[int(number)]} {spans}")
    return lines
