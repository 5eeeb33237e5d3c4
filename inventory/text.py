"""Normal forms: MAC addresses, serial numbers, and text to search in."""

from __future__ import annotations

import re

from core.text import fold

# What people and devices write into the serial field when there is no serial.
PLACEHOLDERS = frozenset(
    {
        "",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "unkown",
        "yok",
        "bilinmiyor",
        "belirsiz",
        "default",
    }
    | {"test", "serial", "serialnumber", "sn", "tobefilledbyoem", "systemserialnumber", "notset"}
    | {"123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890"}
)
_SEPARATORS = re.compile(r"[\s\-_./:]+")


def normal_mac(text: str) -> str:
    """AA:BB:CC:DD:EE:FF out of any usual spelling; "" stays "". Raises ValueError for anything else."""
    digits = re.sub(r"[\s:.\-]", "", text).upper()
    if not digits:
        return ""
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        raise ValueError(f"{text!r} is not a MAC address.")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def serial_key(maker: str, serial: str) -> str:
    """What must be unique: maker and serial without case and outer blanks; "" when there is no serial.

    A placeholder ("N/A", "0", "yok", the same sign repeated) counts as no serial.
    """
    plain = "".join(serial.split()).casefold()
    bare = _SEPARATORS.sub("", plain)
    if bare in PLACEHOLDERS or len(set(bare)) <= 1:
        return ""
    return f"{' '.join(maker.split()).casefold()}|{plain}"


def search_text(*words: str) -> str:
    """The words folded for search, so that "ışık" finds "IŞIK"."""
    return fold(" ".join(word for word in words if word))
