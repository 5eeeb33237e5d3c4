"""Words of requests for templates."""

from __future__ import annotations

from django import template

from .. import deadlines
from ..models import RequesterKind

register = template.Library()


@register.filter
def deadline_words(kind: RequesterKind) -> str:
    """How long a kind of requester gives."""
    return deadlines.in_words(kind)
