from __future__ import annotations

import pytest

from tests.requests.case import Campus


@pytest.fixture
def campus(db: None, settings, tmp_path) -> Campus:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    return Campus()
