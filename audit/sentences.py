"""Entries in words. Apps register a sentence per action in AppConfig.ready(); others are spelled out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from .models import Entry

_sentences: dict[str, Any] = {}
_parts: dict[str, Any] = {}
_names: dict[str, Callable[[Iterable[str]], Mapping[str, str]]] = {}
_reasons: list[Callable[[Entry], str]] = []


def register(sentences: Mapping[str, Any]) -> None:
    """`{"device.scrap": _("%(actor)s scrapped %(object)s")}`, lazily translated."""
    _sentences.update(sentences)


def register_parts(names: Mapping[str, Any]) -> None:
    """`{"deadlines": _("watch over deadlines")}`: how a part of the system is called on pages."""
    _parts.update(names)


def register_names(
    object_type: str, names_of: Callable[[Iterable[str]], Mapping[str, str]]
) -> None:
    """How objects of a type are called on pages, by id, where the name that was sealed is a technical one."""
    _names[object_type] = names_of


def named_types() -> Iterable[tuple[str, Callable[[Iterable[str]], Mapping[str, str]]]]:
    """The types whose objects have other names on pages than in the log, each with what tells them."""
    return _names.items()


def parts() -> Iterable[tuple[str, str]]:
    """Codes of parts of the system and of roles, each with its name on pages."""
    return ((code, str(name)) for code, name in _parts.items())


def register_reason(words_of: Callable[[Entry], str]) -> None:
    """Words for reasons that programs wrote as a code; "" for entries that are none of the caller's."""
    _reasons.append(words_of)


def rename(entries: Iterable[Entry]) -> None:
    """Gives the loaded entries the names by which people know their objects; what was sealed stays."""
    about: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.object_type in _names:
            about.setdefault(entry.object_type, []).append(entry)
    for object_type, found in about.items():
        names = _names[object_type]({entry.object_id for entry in found})
        for entry in found:
            entry.object_name = names.get(entry.object_id, entry.object_name)


def reason(entry: Entry) -> str:
    """Why, in the reader's language where a program wrote it, else as the person wrote it."""
    words = (words_of(entry) for words_of in _reasons)
    return next(filter(None, words), entry.because)


def actor(entry: Entry) -> str:
    """Who it was: a person's name, or that of a part of the system as people call it."""
    if entry.actor_role != "system":
        return entry.actor_name
    return str(_parts.get(entry.actor_name, entry.actor_name))


def roles(entry: Entry) -> str:
    """As what the actor acted, in words; the entry keeps the codes of the roles held then."""
    return ", ".join(str(_parts.get(code, code)) for code in entry.actor_role.split())


def sentence(entry: Entry) -> str:
    """Who did what to which object."""
    names = {"actor": actor(entry), "object": entry.object_name}
    known = _sentences.get(entry.action)
    if known is not None:
        # Without an object the sentence ends before it.
        return (str(known) % names).rstrip(" :")
    names["action"] = entry.action.replace("_", " ").replace(".", ": ", 1)
    if entry.object_name:
        return _("%(actor)s — %(action)s — %(object)s") % names
    return _("%(actor)s — %(action)s") % names
