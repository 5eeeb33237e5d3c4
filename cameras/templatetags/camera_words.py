"""Words for codes on the pages about devices: reasons, verdicts, offsets."""

from __future__ import annotations

from django import template

from cameras.drawing import strips
from cameras.models import ClockMeasurement, DeviceCondition, ViewCheck
from cameras.wording import evidence_words
from cameras.wording.mask_words import mask_words
from cameras.wording.names import model_of
from cameras.wording.reasons import word_for
from cameras.wording.view_words import view_sentence, view_state
from inventory.models import Device

register = template.Library()


@register.filter
def reason_word(code: str) -> str:
    return word_for(code) if code else ""


@register.filter
def verdict_word(code: str) -> str:
    return word_for(code) if code else ""


@register.filter
def offset_words(offset_ms: int | None) -> str:
    return strips.offset_words(offset_ms)


@register.filter
def clock_words(row: ClockMeasurement) -> str:
    """The offset that people mean: of the wall clock where it is known."""
    offset = row.utc_offset_ms if row.offset_ms is None else row.offset_ms
    return strips.offset_words(offset, row.uncertainty_ms)


@register.filter
def clock_sentence(row: ClockMeasurement) -> str:
    """What the offset means for somebody who looks at the picture's own time."""
    return evidence_words.clock_sentence(row)


@register.filter
def drift_words(milliseconds: int) -> str:
    """ "gains 4.2 s a day"."""
    return evidence_words.drift_words(milliseconds)


@register.filter
def masks(row: DeviceCondition | None) -> str:
    """Whether a camera masks parts of its picture, as far as it was told."""
    return mask_words(row.mask_areas, row.mask_reason) if row else mask_words(None, "")


@register.filter
def view_told(row: ViewCheck) -> str:
    """How the last picture compares with the reference picture."""
    return view_sentence(row)


@register.filter
def view_result(row: ViewCheck) -> str:
    """The result whose colour and icon the comparison has."""
    return view_state(row)


@register.filter
def device_status(code: str) -> str:
    return str(dict(Device.Status.choices).get(code, code))


@register.filter
def short(device: Device) -> str:
    """Maker and model; the serial number stands where it matters."""
    return model_of(device)
