"""Privacy masks in Dahua's settings: the covers of VideoWidget, and PrivacyMasking of newer firmware.

Both count channels from 0. Read only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from cameras.protocols.dahua.messages import is_true

# In this order: a cover that is on needs no second question.
SETTINGS = ("VideoWidget", "PrivacyMasking")

_MASK = re.compile(
    r"(?:VideoWidget\[(\d{1,5})\]\.Covers|PrivacyMasking\[(\d{1,5})\])"
    r"\[(\d{1,4})\]\.(EncodeBlend|Enable|Rect\[[0-3]\])$"
)


def read_masks(table: Mapping[str, str], number: int) -> int | None:
    """How many areas of a channel (1-based) are covered; None where the table has no masks of it."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for key, value in table.items():
        match = _MASK.search(key)
        if match and int(match[1] or match[2]) == number - 1:
            rows[match[3]][match[4]] = value
    return sum(_covers(row) for row in rows.values()) if rows else None


def _covers(row: Mapping[str, str]) -> bool:
    """Whether the area is blended into the recorded picture (not only into the live one) and has a size."""
    if not is_true(row.get("EncodeBlend") or row.get("Enable", "")):
        return False
    left, top, right, bottom = (row.get(f"Rect[{n}]", "") for n in range(4))
    is_told = bool(left and top and right and bottom)
    return not is_told or (left != right and top != bottom)
