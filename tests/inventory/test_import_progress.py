"""How far the writing of an import is can be seen outside its transaction, and it can be stopped from there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Person
from core import job_news
from core.jobs import Job, JobCancelled
from inventory import importing
from inventory.importing import jobs
from inventory.models import Device, UploadedSheet
from tests.engine.engine import Broker

from .rows import network, person
from .sheets import cameras, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    broker = Broker(tmp_path_factory.mktemp("b"))
    broker.start()
    yield broker.url
    broker.kill()


@pytest.fixture
def upload() -> UploadedSheet:
    data = xlsx(cameras(1100, network=network("10.30.0.0/16").name))
    return UploadedSheet.objects.create(
        table="devices", file_name="a.xlsx", sha256="0", content=data, status="CHECKED",
        uploaded_by=person("UNIT_HEAD"),
    )  # fmt: skip


def begun(upload: UploadedSheet, by: Person) -> Job:
    job = jobs.queue(upload, jobs.WRITE, by)
    assert job.start()
    return job


def seen(job: Job) -> tuple[int, int]:
    """What a page shows of a job that it has just read."""
    shown = job_news.with_news(Job.objects.get(pk=job.pk))
    assert shown is not None
    return shown.done, shown.total


def test_rows_that_are_written_are_counted_where_everybody_sees_it(
    broker: str, upload: UploadedSheet, settings: Any
) -> None:
    settings.REDIS_URL = broker
    job = begun(upload, upload.uploaded_by)
    teller, told = job_news.Teller(job), []

    def within(done: int, total: int, message: str) -> None:
        teller(done, total, message)
        told.append(seen(job))
        # The row itself lies in the transaction: nothing of it may be needed.
        assert Job.objects.get(pk=job.pk).done == 0

    importing.carry_out(upload, upload.uploaded_by, within=within)

    assert told == [(0, 1100), (500, 1100), (1000, 1100), (1100, 1100)]
    job.finish()
    assert seen(job) == (0, 0), "a job that is over tells what its row tells"


def test_it_stops_in_the_middle_of_writing(
    broker: str, upload: UploadedSheet, settings: Any
) -> None:
    settings.REDIS_URL = broker
    job = begun(upload, upload.uploaded_by)
    teller, told = job_news.Teller(job), []

    def within(done: int, total: int, message: str) -> None:
        told.append(done)
        if done == 500:
            assert job_news.ask_to_stop(Job.objects.get(pk=job.pk))
            # As a second connection would leave it while a transaction holds the database.
            Job.objects.filter(pk=job.pk).update(cancel_requested=False)
        teller(done, total, message)

    with pytest.raises(JobCancelled):
        importing.carry_out(upload, upload.uploaded_by, within=within)

    assert told == [0, 500]
    assert Device.objects.count() == 0


def test_without_a_broker_the_rows_are_written_all_the_same(
    upload: UploadedSheet, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    job = begun(upload, upload.uploaded_by)

    with caplog.at_level(logging.WARNING, "core.job_news"):
        importing.carry_out(upload, upload.uploaded_by, within=job_news.Teller(job))

    assert Device.objects.count() == 1100
    assert len(caplog.records) == 1, "a broker that is away is asked once"
    assert seen(job) == (0, 0)
