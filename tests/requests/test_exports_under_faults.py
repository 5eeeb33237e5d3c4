"""Exports whose worker is killed, whose disk fills up, and many exports at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
from collections import Counter
from shutil import disk_usage
from typing import Any

import pytest
from django.utils import timezone, translation

from footage_requests import hold_tasks, said
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import assembling, exporting, fetch_work, part_claims, store
from footage_requests.footage.fetching import USUAL_BYTES_PER_MS
from footage_requests.footage.viewing_copies import TranscodingFailed
from footage_requests.holds import holding
from footage_requests.models import ExportSlice, HoldPart, Package
from footage_requests.models.holds import Part
from inventory.models import Channel
from tests.inventory import rows
from tests.requests.case import Campus
from tests.requests.recorded import export_all, fetch_all, recorded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 1
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    settings.NTP_SERVERS = []


class Killed(BaseException):
    """Stands for kill -9: nothing behind it runs but what the system itself undoes."""


STEPS = {
    "while the recorder is opened": "footage_requests.footage.fetching.ensure_space",
    "before the slice has a row": "footage_requests.footage.fetch_work.delivered",
    "before the exhibit is written": "footage_requests.footage.assembling.film_of",
    "before the exhibit is checked": "footage_requests.footage.assembling.check_playable",
    "before the package is handed on": "footage_requests.footage.assembling._hand_on",
    "before the slices are destroyed": "footage_requests.footage.exporting.tidy",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_a_step_is_followed_by_one_that_finishes(step, monkeypatch):
    """B8: nothing half-written has a final name, and the next worker ends what was begun."""

    def die(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with recorded() as campus:
        package = exporting.start_export(campus.approved(seconds=5), campus.operator)
        with monkeypatch.context() as patched:
            patched.setattr(STEPS[step], die)
            with contextlib.suppress(Killed):
                export_all()
        # The dead worker's leases run out.
        ExportSlice.objects.filter(state=Part.State.CLAIMED).update(lease_until=timezone.now())
        ExportSlice.objects.filter(state=Part.State.WAITING).update(due_at=timezone.now())
        Package.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        export_all()
    package.refresh_from_db()
    assert package.status == Package.Status.VERIFYING
    exhibit = package.exhibits.get()
    assert exhibit.facts["gaps"] == []
    assert store.measure_again(exhibit.file)
    exporting.tidy_all()
    assert {part.file.part_of for part in package.slices.all()} == {exhibit.file}


def test_a_piece_whose_worker_died_comes_back_when_its_lease_runs_out():
    with recorded() as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        part = part_claims.claim_next()
        assert part is not None
        assert part_claims.claim_next() is None
        assert fetch_all() == 0
        HoldPart.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        assert fetch_all() == 1
        # The first worker was only slow: what it brings now is not taken.
        assert not part_claims.mine(part).update(state=Part.State.DONE)
    assert hold.parts.get().state == "DONE"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_full_disk_fails_loudly_and_leaves_nothing_behind(share, monkeypatch, tmp_path):
    """B9: at any place of the file; the partial file goes, and with space it is fetched again."""
    written = 0
    limit = round(share * 250_000)
    real = store.StoreWriter.write

    def write(self: store.StoreWriter, data: bytes) -> int:
        nonlocal written
        written += len(data)
        if written > limit:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    with recorded() as campus:
        package = exporting.start_export(campus.approved(seconds=10), campus.operator)
        with monkeypatch.context() as patched:
            patched.setattr(store.StoreWriter, "write", write)
            fetch_all()
        part = package.slices.get()
        assert part.failure == "NO_SPACE"
        left = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
        assert left == []
        package.slices.update(due_at=timezone.now())
        assert export_all() == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (store.NoSpace(), "too little free space"),
        (OSError(errno.ENOSPC, "full"), "too little free space"),
        (OSError(errno.EDQUOT, "quota"), "too little free space"),
        (OSError(errno.EROFS, "read-only"), "cannot be written"),
        (PermissionError(errno.EACCES, "wrong owner"), "cannot be written"),
        (TranscodingFailed("E01"), "viewing copy"),
    ],
)
def test_a_store_that_is_full_read_only_or_somebody_elses_is_told_apart(error, told):
    """B9: quota, read-only and wrong owner beside a full disk; what is not the disk is not called so."""
    with translation.override("en"):
        assert told in said.read(assembling.why_not(error))


def test_an_export_that_cannot_fit_is_refused_before_it_begins(settings, monkeypatch, tmp_path):
    """B9: the space is asked for before the first byte, 2.2 times what is expected."""
    with recorded() as campus:
        decision = campus.approved(seconds=10)
        expected = 10_000 * USUAL_BYTES_PER_MS
        for share, fits in ((2.1, False), (2.3, True)):
            free = disk_usage(tmp_path)._replace(free=round(share * expected))
            monkeypatch.setattr("shutil.disk_usage", lambda _folder, free=free: free)
            with contextlib.nullcontext() if fits else pytest.raises(Refused):
                exporting.start_export(decision, campus.operator)
    assert Package.objects.count() == 1


def test_the_reserve_stops_a_hold_and_says_why(settings):
    with recorded() as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        settings.EVIDENCE_RESERVE_GB = 10**6
        fetch_all()
    assert hold.parts.get().failure == "NO_SPACE"


def many(campus: Campus, recorders: int, exports: int, slices: int) -> list[Package]:
    """Packages by rows, spread over recorders."""
    now = timezone.now()
    channels = [
        Channel.objects.create(recorder=rows.device("RECORDER"), number=1) for _ in range(recorders)
    ]
    packages = []
    for number in range(exports):
        decision = campus.decide(campus.submitted())
        package = Package.objects.create(
            number=f"REL-{number}",
            request=decision.request,
            decision=decision,
            filer=campus.clerk,
            approver=campus.superior,
            exporter=campus.operator,
        )
        ExportSlice.objects.bulk_create(
            ExportSlice(
                package=package,
                line=decision.lines.all()[0],
                channel=channels[number % recorders],
                starts_at=now + turn * dt.timedelta(minutes=5),
                ends_at=now + (turn + 1) * dt.timedelta(minutes=5),
                turn=turn,
            )
            for turn in range(slices if number else 20 * slices)
        )
        packages.append(package)
    return packages


def test_fifty_exports_from_ten_recorders_keep_the_limits_and_none_starves(campus, settings):
    """Per-recorder limits hold at every moment; a long export never keeps the short ones waiting."""
    packages = many(campus, recorders=10, exports=50, slices=2)
    claimed: list[Any] = []
    finished: list[int] = []
    while True:
        part = part_claims.claim_next()
        if part is not None:
            claimed.append(part)
            busy = Counter(part_claims.recorder_of(each).pk for each in claimed)
            assert max(busy.values()) <= settings.FETCHES_PER_RECORDER
            continue
        if not claimed:
            break
        done = claimed.pop(0)
        part_claims.mine(done).update(state=Part.State.EMPTY)
        if not done.package.slices.filter(state__in=exporting.UNFINISHED).exists():
            finished.append(done.package_id)
    assert sorted(finished) == sorted(package.pk for package in packages)
    assert finished[-1] == packages[0].pk


def test_holds_go_before_exports_of_the_same_turn(campus):
    packages = many(campus, recorders=1, exports=1, slices=1)
    channel = packages[0].slices.all()[0].channel
    request = campus.submitted()
    hold = request.holds.create(
        item=request.items.get(),
        channel=channel,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        reason="test",
    )
    HoldPart.objects.create(hold=hold, starts_at=request.starts_at, ends_at=request.ends_at)
    first = part_claims.claim_next()
    assert isinstance(first, HoldPart)


def test_one_worker_leaves_the_second_place_of_a_recorder_to_another(campus):
    many(campus, recorders=1, exports=1, slices=1)
    first = part_claims.claim_next()
    assert first is not None
    busy = {part_claims.recorder_of(first).pk}
    assert part_claims.claim_next(busy) is None
    assert part_claims.claim_next() is not None


def test_a_failed_piece_stops_the_export_until_a_person_decides():
    """A piece that cannot be fetched is never left out silently."""
    with recorded() as campus:
        package = exporting.start_export(campus.approved(seconds=5), campus.operator)
        package.slices.update(state=Part.State.FAILED, failure="NOT_SUPPORTED")
        assert export_all() == 0
        package.refresh_from_db()
        assert package.failure
        with pytest.raises(Refused):
            exporting.go_without(package, by=campus.operator, because=" ")
        with pytest.raises(NotThisPerson):
            # Who leaves something out must not be the one who verifies what is there.
            exporting.go_without(package, by=campus.second_operator, because="never recorded")
        assert exporting.retry_failed(package, by=campus.operator) == 1
        assert export_all() == 1
    package.refresh_from_db()
    assert package.failure == ""


def test_a_decision_that_was_voided_meanwhile_stops_its_export():
    """B5: edited after the approval: nothing leaves."""
    with recorded() as campus:
        decision = campus.approved(seconds=5)
        package = exporting.start_export(decision, campus.operator)
        fetch_all()
        decision.voided_at = timezone.now()
        decision.save()
        assert export_all() == 0
    package.refresh_from_db()
    assert package.status == Package.Status.CANCELLED
    assert not package.exhibits.exists()


def test_settled_is_told_once_for_each_piece():
    told: list[Any] = []
    with recorded() as campus:
        holding.hold_request(campus.ask(), campus.clerk)
        fetch_work.work(told.append, seconds=600)
    assert len(told) == 1
    hold_tasks.settled(told[0])
    assert told[0].hold.status in {"REQUESTED", "HELD"}


def test_a_recorder_that_never_opens_is_too_slow_and_no_fault_of_the_store(monkeypatch):
    """A TimeoutError is an OSError, as a fault of the disk is."""
    monkeypatch.setattr("footage_requests.footage.fetching.OPEN_SECONDS", 0.0)
    with recorded() as campus:
        package = exporting.start_export(campus.approved(seconds=5), campus.operator)
        fetch_all()
    assert package.slices.get().failure == "TOO_SLOW"
