"""Entries in words. Apps register a sentence per action in AppConfig.ready(); others are spelled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from .models import Entry

_sentences: dict[str, Any] = {}
_parts: dict[str, Any] = {}


def register(sentences: Mapping[str, Any]) -> None:
    """`{"device.scrap": _("%(actor)s scrapped %(object)s")}`, lazily translated."""
    _sentences.update(sentences)


def register_parts(names: Mapping[str, Any]) -> None:
    """`{"deadlines": _("watch over deadlines")}`: how a part of the system is called on pages."""
    _parts.update(names)


def sentence(entry: Entry) -> str:
    """Who did what to which object."""
    is_part = entry.actor_role == "system"
    actor = str(_parts.get(entry.actor_name, entry.actor_name)) if is_part else entry.actor_name
    names = {"actor": actor, "object": entry.object_name}
    known = _sentences.get(entry.action)
    if known is not None:
        # Without an object the sentence ends before it.
        return (str(known) % names).rstrip(" :")
    names["action"] = entry.action.replace("_", " ").replace(".", ": ", 1)
    if entry.object_name:
        return _("%(actor)s — %(action)s — %(object)s") % names
    return _("%(actor)s — %(action)s") % names
