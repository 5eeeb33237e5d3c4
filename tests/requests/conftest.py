from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from footage_requests.sealing import keys
from tests.requests.case import Campus


@pytest.fixture
def campus(db: None, settings, tmp_path) -> Campus:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    return Campus()


@pytest.fixture(scope="session")
def evidence_key() -> keys.EvidenceKey:
    """The unit's key, made once: a good prime takes time."""
    with tempfile.TemporaryDirectory() as folder:
        return keys.make(Path(folder), None, organisation="Unit")


@pytest.fixture(scope="session")
def foreign_key() -> keys.EvidenceKey:
    """Somebody else's key under exactly the same names."""
    with tempfile.TemporaryDirectory() as folder:
        return keys.make(Path(folder), None, organisation="Unit")
