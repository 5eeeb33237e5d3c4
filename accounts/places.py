"""Names of the places for which a role can be granted. The inventory registers who lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .models import Place

Lister = Callable[[], Iterable[tuple[Place, str]]]
_listers: list[Lister] = []


def register(lister: Lister) -> None:
    """Adds a function that lists places with their names. Called in AppConfig.ready()."""
    if lister not in _listers:
        _listers.append(lister)


def listed() -> list[tuple[Place, str]]:
    """Every place with its name."""
    return [entry for lister in _listers for entry in lister()]


def names() -> dict[Place, str]:
    return dict(listed())
