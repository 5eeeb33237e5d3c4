"""People of two shifts, and somebody of another building."""

from __future__ import annotations

import pytest

from accounts.models import Person
from tests.inventory import rows


@pytest.fixture
def leaver(db: None) -> Person:
    return rows.person("OPERATOR")


@pytest.fixture
def comer(db: None) -> Person:
    return rows.person("OPERATOR")
