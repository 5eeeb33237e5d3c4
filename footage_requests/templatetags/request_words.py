"""Words of requests for templates: periods, and the two clocks of a case."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.page import icon

from ..casework import deadlines
from ..casework.clocks import Clock
from ..casework.deadlines import Remaining
from ..models import RequesterKind
from ..said import read

register = template.Library()

_MARKS = {"good": "shield-check", "unknown": "zoom-question", "bad": "alert-triangle"}


@register.filter
def deadline_words(kind: RequesterKind) -> str:
    """How long a kind of requester gives."""
    return deadlines.in_words(kind)


@register.filter
def said(stored: object) -> str:
    """A stored sentence in the reader's language."""
    return read(stored)


@register.simple_tag
def footage_clock(clock: Clock | None) -> SafeString:
    """How long the footage lasts, as mark and words; a tag, because a board shows hundreds."""
    if clock is None:
        return SafeString()
    return _shown(clock.level, _MARKS.get(clock.level, "clock"), clock.words)


@register.simple_tag
def answer_clock(answer: Remaining | None) -> SafeString:
    """How long there is to answer, as mark and words."""
    if answer is None:
        return SafeString()
    mark = "clock-exclamation" if answer.level == "late" else "calendar"
    return _shown(answer.level, mark, answer.words)


def _shown(level: str, mark: str, words: str) -> SafeString:
    return format_html(
        '<span class="clock clock-{}">{}<span>{}</span></span>', level, icon(mark), words
    )
