"""An import is a job: it tells how far it is, can be stopped, survives its worker, and writes all or nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import trans_real

from accounts.models import Person
from core.jobs import JobCancelled
from core.models import Job
from core.tsi import today
from inventory import importing, tasks
from inventory.importing import jobs
from inventory.models import Device, UploadedSheet

from .rows import network, person
from .sheets import cameras, with_part, xlsx

pytestmark = pytest.mark.django_db
IMPORT = "/inventory/import/devices/"


@pytest.fixture
def head(client: Client) -> Person:
    row = person("UNIT_HEAD")
    client.force_login(row)
    return row


def uploaded(client: Client, count: int = 3, net: str = "") -> UploadedSheet:
    data = xlsx(cameras(count, network=net or network("10.30.0.0/16").name))
    sent = client.post(IMPORT, {"file": SimpleUploadedFile("kameralar.xlsx", data)})
    assert sent.status_code == 302, sent.content
    return UploadedSheet.objects.latest("pk")


def page(client: Client, row: UploadedSheet) -> str:
    return client.get(reverse("inventory:import_result", args=[row.token])).content.decode()


def press(client: Client, row: UploadedSheet, button: str) -> None:
    url = reverse(f"inventory:import_{button}", args=[row.token])
    assert client.post(url).status_code == 302


def status(row: UploadedSheet) -> tuple[str, str]:
    row.refresh_from_db()
    job = jobs.latest(row)
    assert job is not None
    return row.status, job.status


def test_the_check_and_the_import_are_worked_by_a_worker(client: Client, head: Person) -> None:
    row = uploaded(client)
    assert status(row) == ("WAITING", "QUEUED")
    assert "<progress" in page(client, row)

    tasks.work_imports()
    assert status(row) == ("CHECKED", "DONE")
    press(client, row, "confirm")
    press(client, row, "confirm")  # pressed twice: one job
    assert Job.objects.filter(kind=jobs.WRITE).count() == 1
    assert Device.objects.count() == 0
    tasks.work_imports()

    assert status(row) == ("IMPORTED", "DONE")
    assert Device.objects.count() == 3
    assert "<progress" not in page(client, row)
    press(client, row, "confirm")
    tasks.work_imports()
    assert Device.objects.count() == 3


def test_progress_is_told_while_rows_are_checked(head: Person) -> None:
    data = xlsx(cameras(450, network=network("10.30.0.0/16").name))
    told: list[tuple[int, int]] = []

    importing.check(data, "devices", head, lambda done, total, _message: told.append((done, total)))

    assert told == [(0, 0), (0, 450), (200, 450), (400, 450)]


def test_a_check_that_waits_is_stopped_at_once(client: Client, head: Person) -> None:
    row = uploaded(client)

    press(client, row, "cancel")
    tasks.work_imports()

    assert status(row) == ("WAITING", "CANCELLED")
    assert "<progress" not in page(client, row)


def test_an_import_that_is_stopped_while_it_writes_leaves_nothing(head: Person) -> None:
    data = xlsx(cameras(3, network=network("10.30.0.0/16").name))
    row = UploadedSheet.objects.create(
        table="devices", file_name="a", sha256="0", content=data, status="CHECKED", uploaded_by=head
    )
    job = jobs.queue(row, jobs.WRITE, head)
    job.start()

    def after_the_first_rows(done: int, _total: int, _message: str) -> None:
        assert Device.objects.count() == done
        if done:
            job.request_cancel()
            job.stop_if_asked()

    with pytest.raises(JobCancelled):
        importing.carry_out(row, head, within=after_the_first_rows)

    row.refresh_from_db()
    assert (Device.objects.count(), row.status) == (0, "CHECKED")


def test_an_import_tells_at_the_end_what_it_did(client: Client, head: Person) -> None:
    Person.objects.filter(pk=head.pk).update(language="en")
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    tasks.work_imports()

    job = jobs.latest(row)
    assert job is not None
    assert "3 new, 0 changed, 0 unchanged" in job.message
    assert job.message in page(client, row)


def test_an_import_that_was_given_up_meanwhile_writes_nothing(client: Client, head: Person) -> None:
    """The page has said already that nothing was changed."""
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    job = jobs.latest(row)
    assert job is not None
    job.start()
    jobs.end_lost_jobs(timezone.now() + dt.timedelta(minutes=16))

    jobs._work(job)

    assert status(row) == ("CHECKED", "FAILED")
    assert Device.objects.count() == 0


def test_a_page_without_news_says_so(client: Client, head: Person) -> None:
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    assert "notice-unsure" not in page(client, row)
    job = jobs.latest(row)
    assert job is not None
    job.start()
    Job.objects.filter(pk=job.pk).update(moved_at=timezone.now() - dt.timedelta(minutes=2))

    assert "notice-unsure" in page(client, row)


def test_a_stopped_import_can_be_begun_again(client: Client, head: Person) -> None:
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    press(client, row, "cancel")
    assert status(row) == ("CHECKED", "CANCELLED")

    press(client, row, "confirm")
    tasks.work_imports()

    assert status(row) == ("IMPORTED", "DONE")


def test_an_import_whose_worker_was_killed_ends_and_can_be_begun_again(
    client: Client, head: Person
) -> None:
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    job = jobs.latest(row)
    assert job is not None
    assert job.start()

    jobs.end_lost_jobs(timezone.now() + dt.timedelta(minutes=14))
    assert status(row) == ("CHECKED", "RUNNING")
    jobs.end_lost_jobs(timezone.now() + dt.timedelta(minutes=16))
    assert status(row) == ("CHECKED", "FAILED")
    press(client, row, "confirm")
    tasks.work_imports()

    assert Device.objects.count() == 3


def test_a_role_that_ended_on_the_way_imports_nothing(client: Client, head: Person) -> None:
    row = uploaded(client)
    tasks.work_imports()
    press(client, row, "confirm")
    head.grants.update(ends_on=today())

    tasks.work_imports()

    assert status(row) == ("CHECKED", "FAILED")
    assert Device.objects.count() == 0


def test_a_bomb_is_refused_before_a_worker_sees_it(client: Client, head: Person) -> None:
    """F7."""
    good = xlsx(cameras(1))
    bomb = with_part(good, "xl/worksheets/sheet1.xml", b"<c>" + b"A" * 60_000_000)

    answer = client.post(IMPORT, {"file": SimpleUploadedFile("a.xlsx", bomb)})

    assert answer.status_code == 422
    assert not UploadedSheet.objects.exists()
    assert not Job.objects.exists()


def test_messages_are_in_the_language_of_whoever_uploaded(client: Client, head: Person) -> None:
    """The worker has no request to take the language from."""
    call_command("compile_catalogues")
    trans_real._translations.clear()  # type: ignore[attr-defined]
    told = {}
    for language in ("tr", "en"):
        Person.objects.filter(pk=head.pk).update(language=language)
        row = uploaded(client, net="No such network")
        tasks.work_imports()
        row.refresh_from_db()
        told[language] = row.faults[0][3]

    assert told["en"] == "There is no network with this name."
    assert told["tr"] != told["en"]


def test_nobody_stops_the_import_of_somebody_else(client: Client, head: Person) -> None:
    row = uploaded(client)
    client.force_login(person("UNIT_HEAD"))

    answer = client.post(reverse("inventory:import_cancel", args=[row.token]))

    assert answer.status_code == 404
    assert status(row) == ("WAITING", "QUEUED")
