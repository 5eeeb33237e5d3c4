"""Sealing that is killed leaves nothing half under a final name, and is simply done again (B8)."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from footage_requests import sealing
from footage_requests.footage import store
from footage_requests.models import EvidenceFile, Package
from footage_requests.sealing import Verdict, audit_extract, keys, packing, verify_folder
from footage_requests.sealing.zipping import StoredZip
from tests.engine.engine import SqliteDatabases, connected_to
from tests.requests import sealing_rows as rows
from tests.requests.case import Campus
from vault.sealed_files import SealedWriter

# (where a function is looked up, its name, before or after it): the process ends at that very moment.
STEPS: list[tuple[Any, str, bool]] = [
    (audit_extract, "extract", False),
    (packing, "_exhibit", True),
    (StoredZip, "add", False),
    (SealedWriter, "finish", True),
    (Package, "take", False),
    (Package, "take", True),
]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def case(tmp_path, settings, evidence_key, databases, django_db_blocker):
    """A verified package in a database file that several processes may open."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.EVIDENCE_KEY_DIR = tmp_path / "key"
    keys.keep(evidence_key, tmp_path / "key")
    with django_db_blocker.unblock(), connected_to(databases.new()):
        campus = Campus()
        yield campus, rows.verified(campus)


def seal_and_die(campus: Campus, package: Package, owner: Any, name: str, after: bool) -> None:
    """Runs in a child, of which nothing comes back: seals, and is killed at one moment."""
    real = getattr(owner, name)

    def killed(*args: Any, **kwargs: Any) -> Any:
        if after:
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)
    sealing.seal_package(package, campus.operator)


def in_a_child(work: Any) -> int:
    """The child's process id. It never comes back from `work`."""
    connections["default"].close()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def nothing_half_is_left(package: Package) -> None:
    package.refresh_from_db()
    if package.status == Package.Status.SEALED:
        assert package.inner_file is not None
        assert store.measure_again(package.inner_file)
        return
    assert package.status == Package.Status.VERIFIED
    assert package.inner_file is None
    assert not EvidenceFile.objects.filter(content_type="application/zip").exists()


def test_a_kill_at_every_step_loses_nothing_and_the_next_try_succeeds(case, tmp_path, evidence_key):
    campus, package = case
    for step in STEPS:
        _owner, name, _after = step
        child = in_a_child(lambda step=step: seal_and_die(campus, package, *step))
        _pid, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, name
        nothing_half_is_left(package)
        assert package.status == Package.Status.VERIFIED, name
    done = sealing.seal_package(package, campus.operator)
    folder = rows.unpacked(done, tmp_path / "out")
    verdict = verify_folder(folder, keys.fingerprint(evidence_key.authority)).verdict
    assert verdict == Verdict.VERIFIED
    leftovers_are_swept(done)


def test_kills_at_random_moments_lose_nothing(case):
    campus, package = case
    dice = random.Random(4)
    for _round in range(4):
        child = in_a_child(lambda: sealing.seal_package(package, campus.operator))
        time.sleep(dice.uniform(0.05, 2.5))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        nothing_half_is_left(package)
    sealing.seal_package(package, campus.operator)
    nothing_half_is_left(package)
    assert package.status == Package.Status.SEALED


def leftovers_are_swept(package: Package) -> None:
    """What killed workers left is noise without a key; after some hours it is gone."""
    assert package.inner_file is not None
    base = store.path_of(package.inner_file.uuid).parent.parent
    long_ago = time.time() - 24 * 3600
    for path in base.glob("??/*"):
        os.utime(path, (long_ago, long_ago))
    store.sweep_store()
    known = {store.path_of(file.uuid) for file in EvidenceFile.objects.all()}
    assert {Path(path) for path in base.glob("??/*")} == known
