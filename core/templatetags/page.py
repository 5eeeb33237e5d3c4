"""Template tags that every page uses: icons, query strings, ages, times in TSİ, shares in per cent."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import tsi
from core.text import tr_upper

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite; decoration only, so hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#icon-{}"/></svg>',
        extra,
        static("vendor/icons/sprite.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The page's own query string with some values changed; None takes one out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    text = query.urlencode()
    return f"?{text}" if text else "?"


@register.filter
def age(instant: dt.datetime | None) -> str:
    """ "4 min ago"; the one form in which pages say how old something is."""
    return tsi.age(instant or None)


@register.filter
def lasting(milliseconds: int | None) -> str:
    """A length in words: "4 min 10 s"."""
    return tsi.duration((milliseconds or 0) // 1000)


@register.filter
def whole(value: int) -> str:
    """A count as people write it: "12,345", in Turkish "12.345"."""
    return str(number_format(value, 0, force_grouping=True))


@register.filter
def percent(value: float | None, places: int = 2) -> str:
    """ "93.14%", in Turkish "%93,14". Rounded down: 99.999 is not all."""
    if value is None:
        return "–"
    factor = 10**places
    # The small addend keeps 93.14 from becoming 93.13 through its binary form.
    number = math.floor(value * factor + 1e-6) / factor
    return _("%(number)s%%") % {"number": number_format(number, places)}


@register.filter
def capital(text: object) -> str:
    """The first letter large, by the rules of the page's language: "istenen" gives "İstenen" in Turkish."""
    words = str(text)
    is_turkish = (get_language() or "").startswith("tr")
    return (tr_upper(words[:1]) if is_turkish else words[:1].upper()) + words[1:]
