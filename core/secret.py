"""A password in memory: it prints as *** and refuses every road that would carry it away."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Wraps one plain secret. Only `reveal()` gives it back; repr, str, format and pickle do not."""

    __slots__ = ("_plain",)

    def __init__(self, plain: str) -> None:
        self._plain = plain

    def reveal(self) -> str:
        """The plain text. Call it where the bytes are put on the wire, nowhere else."""
        return self._plain

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._plain == self._plain

    def __hash__(self) -> int:
        return hash((Secret, self._plain))

    def __bool__(self) -> bool:
        return bool(self._plain)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is never pickled: pass the id of its row.")
