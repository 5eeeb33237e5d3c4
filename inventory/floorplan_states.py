"""How the cameras on a plan are doing. The app that knows registers itself; the inventory knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import Person


@dataclass(frozen=True)
class State:
    """One position's result: a code of components/_state.html ("" = nobody asked) and its word."""

    result: str
    words: str


@dataclass(frozen=True)
class States:
    """Results by position id; `about` says in words what and which day they are about."""

    about: str = ""
    results: Mapping[int, State] = field(default_factory=dict)


Provider = Callable[["Person", Collection[int]], States]
_provider: list[Provider] = []


def register(provider: Provider) -> None:
    """Sets who answers `provider(person, position_ids)`; called once, when Django is ready."""
    _provider[:] = [provider]


def states_of(person: Person, position_ids: Collection[int]) -> States:
    """The states of those positions as far as that person may see them."""
    return _provider[0](person, position_ids) if _provider else States()
