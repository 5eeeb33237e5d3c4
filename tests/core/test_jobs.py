"""Long work shows its progress, survives a reload and stops when asked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from core.jobs import Job, JobCancelled

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="check", title="Check everything")


def test_progress_is_in_the_row(job):
    job.start(total=4)
    job.tick(1, "first")

    again = Job.objects.get(pk=job.pk)
    assert (again.status, again.done, again.percent, again.message) == (
        Job.Status.RUNNING, 1, 25, "first",
    )  # fmt: skip


def test_work_of_unknown_size_has_no_percent(job):
    job.start()
    job.tick(17)
    assert (job.done, job.percent) == (17, None)


def test_progress_never_passes_the_end(job):
    job.start(total=2)
    job.tick(3)
    assert job.percent == 100


def test_only_one_worker_starts_a_job(job):
    other = Job.objects.get(pk=job.pk)
    assert [job.start(), other.start()] == [True, False]


def test_a_waiting_job_is_cancelled_at_once(job):
    assert job.request_cancel()
    assert job.status == Job.Status.CANCELLED
    assert not job.start()


def test_a_running_job_stops_at_its_next_tick(job):
    job.start(total=10)
    job.tick(1)
    Job.objects.get(pk=job.pk).request_cancel()

    with pytest.raises(JobCancelled):
        job.tick(2)
    assert job.cancelled()
    assert Job.objects.get(pk=job.pk).is_finished


def test_a_late_worker_cannot_revive_an_ended_job(job):
    job.start(total=10)
    late = Job.objects.get(pk=job.pk)
    job.fail("The worker was lost.")

    assert not late.finish()
    with pytest.raises(JobCancelled):
        late.tick(5)
    assert Job.objects.get(pk=job.pk).status == Job.Status.FAILED


def test_a_finished_job_is_not_cancelled(job):
    job.start()
    job.finish("all done")
    assert not job.request_cancel()
    assert job.status == Job.Status.DONE


def test_people_see_their_own_jobs(job, django_user_model):
    assert not Job.objects.visible_to(AnonymousUser()).exists()
