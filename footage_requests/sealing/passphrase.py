"""Passphrases of six Turkish words without Turkish letters: easy to write by hand, to say on the phone and to type.

The list is made of stems (`stems.txt`) in six forms each. Six words of it are at least 77 bits, chosen by the
operating system's random source. A passphrase is shown once and stored nowhere.
"""

from __future__ import annotations

import math
import secrets
from functools import cache
from pathlib import Path

WORDS = 6
SEPARATOR = "-"
_STEMS = Path(__file__).with_name("stems.txt")


@cache
def word_list() -> tuple[str, ...]:
    """All words, each once."""
    stems = _STEMS.read_text(encoding="ascii").split()
    return tuple(sorted({form for stem in stems for form in _forms(stem)}))


def _forms(stem: str) -> list[str]:
    """The stem alone, its plural, and "in", "from", "to", "in the plural" by vowel harmony."""
    last = next(letter for letter in reversed(stem) if letter in "aeiou")
    vowel = "a" if last in "aou" else "e"
    place = ("t" if stem[-1] in "fhkpst" else "d") + vowel
    many = f"{stem}l{vowel}r"
    return [stem, many, stem + place, f"{stem}{place}n", many + vowel, f"{many}d{vowel}"]


def bits() -> float:
    """How many bits a passphrase is worth."""
    return WORDS * math.log2(len(word_list()))


def new_passphrase() -> str:
    """Six words, such as `kalemler-ovada-defne-limandan-kitaplara-yolda`."""
    words = word_list()
    return SEPARATOR.join(secrets.choice(words) for _word in range(WORDS))
