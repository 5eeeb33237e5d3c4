"""docs/acceptance.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
TABLE = TESTS.parent / "docs" / "acceptance.md"


def test_every_test_of_the_table_exists():
    named = re.findall(r"([a-z_]+/test_\w+\.py)::(test_\w+)", TABLE.read_text())

    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"^\s*(async )?def {name}\(", (TESTS / path).read_text(), re.M)
    ]

    assert len(named) > 50
    assert missing == []
