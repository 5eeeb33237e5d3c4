from __future__ import annotations

import pytest

from tests.sheets.rows import Campus


@pytest.fixture
def campus(db: None) -> Campus:
    return Campus()
