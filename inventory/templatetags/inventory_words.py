"""Words of the inventory for templates."""

from __future__ import annotations

from django import template

from inventory import words

register = template.Library()


@register.filter
def step_name(verb: str) -> str:
    """A step as people call it."""
    return words.step_name(verb)


@register.filter
def schedule_hours(hours: object) -> list[str]:
    """Hours of a schedule as lines: the weekday and its spans."""
    return words.hours_lines(hours)
