"""A masked copy hides what was drawn, keeps its parent's hash, and is made once whatever happens."""

from __future__ import annotations

import datetime as dt
import io

import av
import numpy as np
import pytest
from django.utils import timezone

from audit.models import Entry
from core.jobs import Job
from core.tsi import day_bounds_ms, day_of, from_ms
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.exhibits import masking
from footage_requests.exhibits.exhibit_time import time_of
from footage_requests.exhibits.mask_shapes import MOST_SHAPES
from footage_requests.footage import store
from footage_requests.models import Exhibit, FixedMask, MaskPlan, Package
from tests.requests.case import exhibit_of, package_of
from tests.requests.films import film

LEFT = [[0, 0], [5000, 0], [5000, 10_000], [0, 10_000]]


def shape(points=LEFT, at=0, **fields):
    return {"name": "left", "keys": [{"at": at, "points": points}], **fields}


@pytest.fixture
def exhibit(campus):
    """A striped film of four seconds in a package that waits for its masks."""
    decision = campus.decide(campus.submitted(kind=campus.kind(masking="MANDATORY")))
    package = package_of(campus, decision)
    made = exhibit_of(package, film(4))
    package.take("need_masks", by="test")
    return made


def pictures(exhibit):
    with store.open_file(exhibit.file) as reader:
        data = b"".join(reader)
    with av.open(io.BytesIO(data), "r") as clip:
        return [frame.to_ndarray(format="gray").astype(int) for frame in clip.decode(video=0)]


def job_of(plan):
    return Job.objects.get(pk=plan.job_id)


def masked(campus, exhibit, data, **options):
    plan = masking.draw(exhibit, data, by=campus.operator, **options)
    result = masking.make_masked(plan)
    assert result is not None, job_of(plan).error
    return result


def fixed_mask(campus, exhibit, *, name="keypad", points=LEFT, **days):
    """An area of the exhibit's position that is masked whoever draws."""
    return FixedMask.objects.create(
        position=exhibit.line.item.position,
        name=name,
        points=points,
        document="decision 4",
        entered_by=campus.head,
        **{"starts_on": dt.date(2025, 1, 1), **days},
    )


def test_what_was_drawn_is_black_and_the_rest_is_as_it_was(campus, exhibit):
    """REL-11."""
    copy = masked(campus, exhibit, [shape()], style="SOLID")

    for before, after in zip(pictures(exhibit), pictures(copy), strict=True):
        assert after[:, :150].max() <= 20
        assert np.abs(after[:, 170:] - before[:, 170:]).mean() < 4


def test_blurring_takes_the_edge_away(campus, exhibit):
    copy = masked(campus, exhibit, [shape()])

    before, after = pictures(exhibit)[10], pictures(copy)[10]
    assert np.abs(np.diff(before[100, :150])).max() > 60
    assert np.abs(np.diff(after[100, 5:150])).max() < 15


def test_all_but_hides_everything_outside(campus, exhibit):
    copy = masked(campus, exhibit, [shape()], style="SOLID", is_inverse=True)

    assert pictures(copy)[3][:, 170:].max() <= 20
    assert pictures(copy)[3][:, :150].min() >= 60


def test_a_mask_holds_only_while_it_was_drawn(campus, exhibit):
    copy = masked(campus, exhibit, [shape(at=1000, until=2000)], style="SOLID")

    brightness = [picture[:, :150].max() for picture in pictures(copy)]
    assert [value <= 20 for value in brightness] == [False] * 5 + [True] * 5 + [False] * 10


def test_the_copy_keeps_its_parents_hash_and_all_its_pictures(campus, exhibit):
    """REL-7."""
    copy = masked(campus, exhibit, [shape()])

    assert copy.kind == Exhibit.Kind.MASKED
    assert copy.parent_sha256 == exhibit.file.sha256
    assert copy.facts["frames"] == len(pictures(exhibit)) == 20
    assert copy.facts["delivered"] == exhibit.facts["delivered"]
    assert store.measure_again(exhibit.file)
    entry = Entry.objects.get(action="exhibit.mask")
    assert exhibit.file.sha256 in entry.canon


def test_fixed_masks_come_by_themselves_and_cannot_be_left_out(campus, exhibit):
    fixed_mask(campus, exhibit)
    elsewhere = [[9000, 9000], [9900, 9000], [9900, 9900]]

    copy = masked(campus, exhibit, [shape(elsewhere, fixed=True)], style="SOLID")

    plan = MaskPlan.objects.get(result=copy)
    assert [entry["fixed"] for entry in plan.shapes] == [False, True]
    assert pictures(copy)[3][:, :150].max() <= 20


def test_all_but_never_uncovers_what_is_masked_for_good(campus, exhibit):
    """A fixed mask stays hidden inside the area that is left visible, and is no such area itself."""
    fixed_mask(campus, exhibit, points=[[2500, 0], [10_000, 0], [10_000, 10_000], [2500, 10_000]])

    copy = masked(campus, exhibit, [shape()], style="SOLID", is_inverse=True)

    picture = pictures(copy)[3]
    assert picture[:, :70].min() >= 60
    assert picture[:, 90:].max() <= 20


def test_fixed_masks_come_on_top_of_as_many_areas_as_may_be_drawn(campus, exhibit):
    fixed_mask(campus, exhibit)

    copy = masked(campus, exhibit, [shape()] * MOST_SHAPES, style="SOLID")

    assert len(MaskPlan.objects.get(result=copy).shapes) == MOST_SHAPES + 1


def test_a_fixed_mask_of_one_of_two_days_is_laid_over_both(campus, exhibit):
    """Across midnight nothing that is private on either day is shown."""
    day = day_of(from_ms(time_of(exhibit).delivered[0]))
    start, _end = day_bounds_ms(day)
    exhibit.facts["delivered"] = [start - 60_000, start + 60_000]
    began = fixed_mask(campus, exhibit, name="began", starts_on=day)
    ended = fixed_mask(campus, exhibit, name="ended", ends_on=day)
    fixed_mask(campus, exhibit, name="later", starts_on=day + dt.timedelta(days=1))

    assert {each.name for each in masking.fixed_shapes(exhibit)} == {began.name, ended.name}


def test_a_fixed_mask_of_another_time_is_not_laid_over(campus, exhibit):
    fixed_mask(campus, exhibit, name="scaffold", ends_on=dt.date(2025, 2, 1))

    assert masking.fixed_shapes(exhibit) == []


def test_new_masks_replace_the_copy_and_destroy_it(campus, exhibit):
    first = masked(campus, exhibit, [shape()])
    second = masked(campus, exhibit, [shape(), shape([[6000, 0], [7000, 0], [7000, 9000]])])

    first.refresh_from_db()
    first.file.refresh_from_db()
    assert first.replaced_at
    assert first.file.destroyed_at
    assert masking.missing_masks(exhibit.package) == []
    assert second.ident == "E1-M2"


def test_the_same_plan_made_twice_is_one_copy(campus, exhibit):
    plan = masking.draw(exhibit, [shape()], by=campus.operator)
    masking.make_masked(plan)
    plan.refresh_from_db()

    assert masking.make_masked(plan) is None
    assert exhibit.derived.count() == 1


def test_a_cancelled_copy_leaves_nothing(campus, exhibit):
    plan = masking.draw(exhibit, [shape()], by=campus.operator)
    job_of(plan).request_cancel()
    plan.refresh_from_db()

    assert masking.make_masked(plan) is None
    assert not exhibit.derived.exists()


def test_an_older_plan_that_ends_late_does_not_win(campus, exhibit):
    late = masking.draw(exhibit, [shape()], by=campus.operator)
    newer = masking.draw(exhibit, [shape(), shape()], by=campus.operator)
    masking.make_masked(newer)

    assert masking.make_masked(late) is None
    assert exhibit.derived.get(replaced_at=None).ident == "E1-M2"


def test_a_copy_whose_worker_died_is_started_again_three_times(campus, exhibit):
    """B8."""
    plan = masking.draw(exhibit, [shape()], by=campus.operator)
    for expected in (1, 1, 0, 0):
        plan.refresh_from_db()
        job_of(plan).start(10)
        Job.objects.filter(pk=job_of(plan).pk).update(
            moved_at=timezone.now() - dt.timedelta(hours=1)
        )
        assert masking.mend() == expected


def test_a_film_that_cannot_be_read_is_said_and_leaves_no_copy(campus, exhibit):
    """B19."""
    broken = exhibit_of(exhibit.package, b"<html>503</html>" * 100)
    plan = masking.draw(broken, [shape()], by=campus.operator)

    assert masking.make_masked(plan) is None
    assert job_of(plan).status == Job.Status.FAILED
    assert job_of(plan).error
    assert list(store.path_of(broken.file.uuid).parents[1].glob("scratch/*")) == []


@pytest.mark.parametrize("who", ["superior", "clerk", "head"])
def test_only_those_who_export_draw(campus, exhibit, who):
    with pytest.raises(NotThisPerson):
        masking.draw(exhibit, [shape()], by=getattr(campus, who))


@pytest.mark.parametrize(
    ("data", "options"),
    [([], {}), ([], {"is_inverse": True}), ([shape()], {"style": "x"}), ("x", {})],
)
def test_nothing_drawn_is_refused(campus, exhibit, data, options):
    with pytest.raises(Refused):
        masking.draw(exhibit, data, by=campus.operator, **options)
    assert not MaskPlan.objects.exists()


def test_a_package_is_offered_only_with_every_mask(campus, exhibit):
    package = exhibit.package
    with pytest.raises(Refused, match="E1"):
        masking.offer(package, by=campus.operator)

    masked(campus, exhibit, [shape()])
    masking.offer(package, by=campus.operator)
    assert package.status == Package.Status.VERIFYING
