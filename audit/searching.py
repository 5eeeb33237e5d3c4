"""Searching the log by the words that its page shows: names instead of sealed codes, in Turkish without accents.

Words are compared small and without marks, the dotless ı as i, as everywhere on pages; this app stands below
core and cannot ask it. What was sealed is found as well: it may stand on a paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import BooleanField, F, Func, Q

from . import sentences
from .models import Entry

_FROM, _TO = "İIıÇçĞğÖöŞşÜüÂâÎîÛû", "iiiccggoossuuaaiiuu"
_TABLE = str.maketrans(_FROM, _TO)
NAMES_AT_ONCE = 5000


class Shows(Func):
    """Whether a column shows the words, as `fold` compares them.

    SQLite folds nothing but English letters: there every letter of the words is looked for in all its shapes,
    which takes one pass over the text.
    """

    output_field = BooleanField()

    def __init__(self, column: str, words: str) -> None:
        super().__init__(F(column))
        self.words = fold(words)

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> Any:  # type: ignore[override]
        column, values = compiler.compile(self.source_expressions[0])
        # Values stay parameters; the signs are our own.
        if connection.vendor == "postgresql":
            folded = f"lower(translate({column}, '{_FROM}', '{_TO}'))"
            return f"(strpos({folded}, %s) > 0)", [*values, self.words]
        return f"({column} GLOB %s)", [*values, _glob(self.words)]


def _glob(folded: str) -> str:
    return f"*{''.join(map(_any_shape, folded))}*"


def _any_shape(sign: str) -> str:
    """A class of every sign that folds to this one; also what makes *, ? and [ stand for themselves."""
    if sign == "^":
        return sign
    marked = "".join(shape for shape, plain in zip(_FROM, _TO, strict=True) if plain == sign)
    return f"[{''.join(dict.fromkeys(f'{sign}{sign.upper()}{marked}'))}]"


def fold(text: str) -> str:
    """Small, without marks, one space between words: "IŞIK" and "ışık" give "isik"."""
    return " ".join(text.translate(_TABLE).lower().split())


def about(words: str) -> Q:
    """Entries about an object that is shown with these words, was sealed with them, or has this id."""
    wanted = fold(words)
    found = Q(Shows("object_name", words)) | Q(object_id=words.strip())
    for object_type, names_of in sentences.named_types():
        found |= Q(object_type=object_type, object_id__in=_named(wanted, object_type, names_of))
    return found


def by(words: str) -> Q:
    """Entries of an actor who is shown with these words, or has this id; parts of the system by their name too."""
    wanted = fold(words)
    parts = [code for code, name in sentences.parts() if wanted in fold(name)]
    return (
        Q(Shows("actor_name", words))
        | Q(actor_id=words.strip())
        | Q(actor_role="system", actor_name__in=parts)
    )


def _named(
    wanted: str, object_type: str, names_of: Callable[[Iterable[str]], Mapping[str, str]]
) -> list[str]:
    """The ids in the log of objects of a type whose name on pages has the words."""
    rows = Entry.objects.filter(object_type=object_type).order_by()
    ids = list(rows.values_list("object_id", flat=True).distinct())
    return [
        identity
        for first in range(0, len(ids), NAMES_AT_ONCE)
        for identity, name in names_of(ids[first : first + NAMES_AT_ONCE]).items()
        if wanted in fold(name)
    ]
