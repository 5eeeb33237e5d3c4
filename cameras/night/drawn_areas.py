"""How many private areas the unit has drawn for a position. The app that keeps them registers itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Provider = Callable[[Collection[int]], Mapping[int, int]]
_provider: list[Provider] = []


def register(provider: Provider) -> None:
    """Sets who answers `provider(position_ids)`; called once, when Django is ready."""
    _provider[:] = [provider]


def drawn_at(position_ids: Collection[int]) -> Mapping[int, int]:
    """The number of areas that hold today, by position; positions without any are left out."""
    return _provider[0](position_ids) if _provider else {}
