"""Turkish text without ICU: casing, search folding, alphabetical order, and names told by devices."""

from __future__ import annotations

import re
import unicodedata

_ALPHABET = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET)}
# After the digits (which stay below 1000) and before every letter outside the alphabet.
_FIRST_LETTER, _AFTER_LETTERS = 1000, 2000
_LOWER = str.maketrans({"I": "ı", "İ": "i"})
_UPPER = str.maketrans({"i": "İ", "ı": "I"})
# For search only: who types "isik" means "ışık" as well.
_FOLD = str.maketrans("ıçğöşü", "icgosu")
# Marks that reorder or hide what follows them.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_RESERVED = re.compile(r'[\\/:*?"<>|%\x00-\x1f]+')
_WINDOWS_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def tr_lower(text: str) -> str:
    """Lower case by Turkish rules: I becomes ı, İ becomes i."""
    return unicodedata.normalize("NFC", text).translate(_LOWER).lower()


def tr_upper(text: str) -> str:
    """Upper case by Turkish rules: i becomes İ, ı becomes I."""
    return unicodedata.normalize("NFC", text).translate(_UPPER).upper()


def fold(text: str) -> str:
    """Form for searching: small, without marks, the dotless ı as i. "IŞIK" and "ışık" give "isik"."""
    plain = unicodedata.normalize("NFKD", tr_lower(text).translate(_FOLD))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def sort_key(text: str) -> tuple[tuple[int, ...], str]:
    """Key of the Turkish alphabet (c ç, g ğ, ı i, o ö, s ş, u ü); numbers inside count as numbers."""
    key: list[int] = []
    for part in re.findall(r"\d+|\D", tr_lower(text)):
        if part.isdecimal():
            digits = part.lstrip("0")
            # Length first: the order of numbers of any size without huge integers.
            key += [100 + min(len(digits), 800), *(int(digit) for digit in digits)]
        else:
            known = _RANK.get(part)
            if known is None:
                base = unicodedata.normalize("NFKD", part)[0]
                known = _RANK.get(base)
            if known is not None:
                key.append(_FIRST_LETTER + known)
            else:
                key.append(0 if part.isspace() else _AFTER_LETTERS + ord(part))
    return tuple(key), text


def clean_label(text: str, longest: int = 120) -> str:
    """A name told by a device, safe to show: one line, no control or direction marks, at most `longest`."""
    # Cut first: a megabyte must not be normalised.
    text = unicodedata.normalize("NFC", text[: longest * 8])
    text = _INVISIBLE.sub("", text)
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def safe_file_name(text: str, longest: int = 100) -> str:
    """A single file name without folders, reserved characters or leading dots; never empty."""
    name = _RESERVED.sub("_", clean_label(text, longest=longest * 2)).strip(" .")
    while len(name.encode()) > longest:
        name = name[:-1]
    name = name.rstrip(" .")
    if _WINDOWS_DEVICES.match(name):
        name = f"_{name}"
    return name or "_"
