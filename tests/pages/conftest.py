"""Pages are read in both languages, so the catalogues must be compiled."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils.translation import trans_real

from accounts.models import Person
from tests.inventory import rows


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    call_command("compile_catalogues")
    trans_real._translations.clear()  # type: ignore[attr-defined]


@pytest.fixture
def head(db: None) -> Person:
    """The unit head, who sees the whole campus."""
    return rows.person("UNIT_HEAD")
