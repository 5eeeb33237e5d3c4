"""Words for codes on the pages about devices: reasons, verdicts, offsets, findings, ages."""

from __future__ import annotations

import datetime as dt

from django import template

from cameras import strips
from cameras.finding_words import sentence
from cameras.models import ClockMeasurement, Finding
from cameras.reasons import word_for
from core import tsi
from inventory.models import Device

register = template.Library()


@register.filter
def reason_word(code: str) -> str:
    return word_for(code) if code else ""


@register.filter
def verdict_word(code: str) -> str:
    return word_for(code) if code else ""


@register.filter
def age_words(instant: dt.datetime | None) -> str:
    return tsi.age(instant or None)


@register.filter
def offset_words(offset_ms: int | None) -> str:
    return strips.offset_words(offset_ms)


@register.filter
def clock_words(row: ClockMeasurement) -> str:
    """The offset that people mean: of the wall clock where it is known."""
    offset = row.utc_offset_ms if row.offset_ms is None else row.offset_ms
    return strips.offset_words(offset, row.uncertainty_ms)


@register.filter
def seconds_words(milliseconds: int) -> str:
    return f"{milliseconds / 1000:+.1f} s"


@register.filter
def finding_sentence(row: Finding) -> str:
    return sentence(row)


@register.filter
def device_status(code: str) -> str:
    return str(dict(Device.Status.choices).get(code, code))
