"""Verification means watching: ends, edges of gaps and a share of the pictures, at a pace of people."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from footage_requests.errors import Refused
from footage_requests.exhibits import verifying
from footage_requests.exhibits.exhibit_time import ExhibitTime
from footage_requests.exhibits.watching import Watch, missing, plausible
from footage_requests.models import Package, Viewing
from footage_requests.release import giving_out, release_work
from tests.requests.case import exhibit_of, package_of

MINUTE = 60_000
START = 1_700_000_000_000


def times(length, *gaps):
    spans = tuple((START + a, START + b) for a, b in gaps)
    return ExhibitTime((START, START + length), (START, START + length), spans, (), 0, 0)


def seen(length, *watched, gaps=()):
    return Watch(times(length, *gaps), watched)


def test_both_ends_must_be_seen_whatever_the_share():
    in_the_middle = seen(10 * MINUTE, (10_000, 590_000))

    assert in_the_middle.percent > 90
    assert not in_the_middle.is_enough
    assert in_the_middle.unseen_marks == ((0, 5_000), (595_000, 600_000))
    assert seen(10 * MINUTE, (0, 400_000), (595_000, 600_000)).is_enough


def test_both_edges_of_a_gap_must_be_seen_and_its_blank_counts_for_nothing():
    gap = (2 * MINUTE, 6 * MINUTE)
    ends = ((0, 100_000), (590_000, 600_000))

    without = seen(10 * MINUTE, *ends, (6 * MINUTE + 30_000, 9 * MINUTE), gaps=[gap])
    assert without.unseen_marks == ((115_000, 120_000), (360_000, 365_000))
    with_edges = seen(10 * MINUTE, *ends, (114_000, 121_000), (355_000, 9 * MINUTE), gaps=[gap])
    assert with_edges.is_enough
    only_blank = seen(10 * MINUTE, (0, 5_000), (115_000, 365_000), (595_000, 600_000), gaps=[gap])
    assert (only_blank.unseen_marks, only_blank.seen_ms) == ((), 20_000)
    assert only_blank.lacks_ms > 0


def test_half_of_the_pictures_by_default_and_what_the_unit_sets(settings):
    ends = ((0, 20_000), (60_000, 80_000))

    assert not seen(2 * MINUTE, *ends, (115_000, 120_000)).is_enough
    settings.VERIFY_WATCH_PERCENT = 30
    assert seen(2 * MINUTE, *ends, (115_000, 120_000)).is_enough


def test_a_film_that_ends_a_moment_before_its_container_says_is_seen():
    assert seen(10 * MINUTE, (300, 598_500)).is_enough


def test_what_is_missing_of_a_span():
    assert missing((0, 10), [(2, 4), (6, 20)]) == [(0, 2), (4, 6)]
    assert missing((0, 10), [(0, 10)]) == []


def test_nobody_watches_faster_than_the_limit(settings):
    """A player that claims an hour after a minute is believed for the eight minutes it can have shown."""
    now = timezone.now()
    viewing = Viewing(opened_at=now - dt.timedelta(seconds=55), watched=[[0, 7 * MINUTE]])
    whole = [(0, 60 * MINUTE)]

    assert plausible(viewing, whole, 60 * MINUTE, now) == []
    assert plausible(viewing, [(7 * MINUTE, 8 * MINUTE)], 60 * MINUTE, now)
    settings.VERIFY_FASTEST = 70
    assert plausible(viewing, whole, 60 * MINUTE, now) == whole


@pytest.fixture
def long_exhibit(campus):
    """An exhibit of thirty minutes that waits for verification."""
    package = package_of(campus, campus.decide(campus.submitted()))
    made = exhibit_of(package, b"pictures" * 100, seconds=1800)
    package.take("offer", by="test")
    return made


def watch(exhibit, person, *spans):
    viewing = verifying.open_for_viewing(exhibit, "VERIFY", by=person)
    earlier = timezone.now() - dt.timedelta(hours=1)
    Viewing.objects.filter(pk=viewing.pk).update(opened_at=earlier)
    verifying.note_watched(viewing, spans)


def verify(exhibit, person, **more):
    verifying.verify(exhibit.package, {exhibit.ident: verifying.CHECKS}, by=person, **more)


def test_an_exception_is_taken_only_for_hours_and_never_for_the_ends(
    campus, long_exhibit, settings
):
    person = campus.second_operator
    watch(long_exhibit, person, (10_000, 20_000))
    with pytest.raises(Refused, match="E1"):
        verify(long_exhibit, person, unwatched_because="an empty car park at night")
    settings.VERIFY_EXCEPTION_MINUTES = 20
    with pytest.raises(Refused):
        verify(long_exhibit, person, unwatched_because="an empty car park at night")
    watch(long_exhibit, person, (0, 6_000), (1_794_000, 1_800_000))
    with pytest.raises(Refused):
        verify(long_exhibit, person, unwatched_because=" ")

    verify(long_exhibit, person, unwatched_because="an empty car park at night")

    package = Package.objects.get()
    assert (package.status, package.is_watched) == ("VERIFIED", False)
    assert package.unwatched_because == "an empty car park at night"


def test_only_what_this_person_played_counts(campus, long_exhibit):
    watch(long_exhibit, campus.second_operator, (0, 1_800_000))
    with pytest.raises(Refused):
        verify(long_exhibit, campus.head)
    verify(long_exhibit, campus.second_operator)
    assert Package.objects.get().is_watched


def test_the_database_takes_no_verification_without_watching_or_a_reason(campus, long_exhibit):
    rows = Package.objects.filter(pk=long_exhibit.package_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="VERIFIED", verifier=campus.second_operator)
    assert rows.update(
        status="VERIFIED", verifier=campus.second_operator, unwatched_because="too long"
    )


def test_what_was_approved_for_viewing_only_is_never_copied_or_handed_over(campus):
    """REL-23: the one path is verified, sealed, shown."""
    package = package_of(campus, campus.decide(campus.submitted(), "VIEWING"))
    exhibit_of(package, b"pictures" * 100)
    assert not Package(status="VERIFIED").allows("show")
    assert Package(status="SEALED").allows("show")
    with pytest.raises(Refused):
        giving_out.refuse_viewing_only(package)
    inner = package.exhibits.get().file
    Package.objects.filter(pk=package.pk).update(
        status="SEALED",
        verifier=campus.second_operator,
        is_watched=True,
        manifest_sha256="ab" * 32,
        inner_file=inner,
    )
    package.refresh_from_db()
    with pytest.raises(Refused):
        release_work.queue_copy(package, "Ali Veli", by=campus.deliverer)
