from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings

from footage_requests.sealing import keys
from tests.requests import sealing_rows
from tests.requests.case import Campus


@pytest.fixture
def campus(db: None, settings: Settings, tmp_path: Path) -> Campus:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    return Campus()


@pytest.fixture
def english() -> Iterator[None]:
    """Sentences are compared in the language in which they are written in the source."""
    with translation.override("en"):
        yield


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


@pytest.fixture
def sealing_key(
    evidence_key: keys.EvidenceKey, settings: Settings, tmp_path: Path
) -> keys.EvidenceKey:
    """The unit's key where the system looks for it."""
    settings.EVIDENCE_KEY_DIR = tmp_path / "evidence key"
    keys.keep(evidence_key, settings.EVIDENCE_KEY_DIR)
    return evidence_key


@pytest.fixture(scope="session")
def sealed_once(
    evidence_key: keys.EvidenceKey,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> sealing_rows.SealedOnce:
    """One package, sealed once for all tests that only look at its folder; its rows are rolled back."""
    place = tmp_path_factory.mktemp("sealed")
    keys.keep(evidence_key, place / "key")
    own = override_settings(
        EVIDENCE_DIR=place / "evidence", EVIDENCE_RESERVE_GB=0, EVIDENCE_KEY_DIR=place / "key"
    )
    with django_db_blocker.unblock(), own, transaction.atomic():
        made = sealing_rows.sealed_once(Campus(), place / "receiver")
        transaction.set_rollback(True)
    return made


@pytest.fixture
def folder(sealed_once: sealing_rows.SealedOnce, tmp_path: Path) -> Path:
    """The sealed folder as a receiver unpacked it, to be changed at will."""
    return Path(shutil.copytree(sealed_once.folder, tmp_path / sealed_once.folder.name))
