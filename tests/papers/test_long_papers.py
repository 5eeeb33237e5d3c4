"""Papers that take long: printed by a worker, found again, handed only to who asked."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Mapping

import pytest
from django.utils import timezone

from accounts.models import Person
from core import paper_jobs, tsi
from core.models import Job
from core.papers import Paper
from tests.inventory.rows import person
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path
    paper_jobs.register("probe", probe)


def probe(who: Person, parameters: Mapping[str, str]) -> Paper:
    if parameters["text"] == "gone":
        raise LookupError
    data = {"text": f"{who.full_name} {parameters['text']}"}
    return Paper("DAILY_SHEET", "Deneme", "papers/probe.html", data, dt.date(2026, 11, 22))


def queued(who: Person, text: str, run: object) -> tuple[Job, list[tuple]]:
    sent: list[tuple] = []
    with run(execute=True):  # type: ignore[operator]
        job = paper_jobs.queue(
            who, "probe", {"text": text}, "Deneme", lambda *told: sent.append(told)
        )
    return job, sent


def test_a_worker_prints_it_and_only_who_asked_gets_it(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    asker, other = person("OPERATOR"), person("UNIT_HEAD")
    job, (message,) = queued(asker, "x", django_capture_on_commit_callbacks)
    page = f"/papers/{job.uuid}/"
    assert client_of(asker).get(page).status_code == 200
    assert client_of(asker).get(f"{page}file/").status_code == 404

    paper_jobs.print_job(*message)

    job.refresh_from_db()
    answer = client_of(asker).get(f"{page}file/")
    assert job.status == Job.Status.DONE
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert client_of(other).get(f"{page}file/").status_code == 404
    assert client_of(other).get(page).status_code == 404
    assert stat.S_IMODE(paper_jobs.file_of(job).stat().st_mode) == 0o600


def test_a_role_that_ended_takes_its_papers_along(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    asker = person("OPERATOR", "LEGAL")
    job, (message,) = queued(asker, "x", django_capture_on_commit_callbacks)
    paper_jobs.print_job(*message)
    page = f"/papers/{job.uuid}/"
    assert client_of(asker).get(f"{page}file/").status_code == 200

    asker.grants.filter(role="OPERATOR").update(ends_on=tsi.today())

    later = Person.objects.get(pk=asker.pk)
    assert client_of(later).get(f"{page}file/").status_code == 404
    assert f"{page}file/" not in client_of(later).get(page).content.decode()


def test_nothing_is_printed_with_rights_that_changed_on_the_way(  # type: ignore[no-untyped-def]
    django_capture_on_commit_callbacks,
) -> None:
    asker = person("OPERATOR")
    job, (message,) = queued(asker, "x", django_capture_on_commit_callbacks)
    asker.grants.update(ends_on=tsi.today())

    paper_jobs.print_job(*message)

    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    assert not paper_jobs.file_of(job).exists()


def test_a_message_that_comes_twice_prints_once(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    job, (message,) = queued(person("OPERATOR"), "x", django_capture_on_commit_callbacks)
    paper_jobs.print_job(*message)
    paper_jobs.file_of(job).unlink()

    paper_jobs.print_job(*message)

    assert not paper_jobs.file_of(job).exists()


def test_what_is_no_longer_there_fails_with_a_sentence(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    job, (message,) = queued(person("OPERATOR"), "gone", django_capture_on_commit_callbacks)

    paper_jobs.print_job(*message)

    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    assert job.error


def test_files_are_taken_away_after_a_day(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    job, (message,) = queued(person("OPERATOR"), "x", django_capture_on_commit_callbacks)
    paper_jobs.print_job(*message)

    paper_jobs.prune(timezone.now() + dt.timedelta(hours=23))
    assert paper_jobs.file_of(job).exists()
    paper_jobs.prune(timezone.now() + dt.timedelta(hours=25))
    assert not paper_jobs.file_of(job).exists()


def test_a_lost_paper_can_be_asked_for_again(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    job, _messages = queued(person("OPERATOR"), "x", django_capture_on_commit_callbacks)
    job.start(total=1)

    paper_jobs.prune(timezone.now() + dt.timedelta(minutes=14))
    assert Job.objects.unfinished().filter(pk=job.pk).exists()
    paper_jobs.prune(timezone.now() + dt.timedelta(minutes=16))
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED


def test_without_a_broker_the_page_still_comes(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    def broken(*_told: object) -> None:
        raise ConnectionError

    with django_capture_on_commit_callbacks(execute=True):
        job = paper_jobs.queue(person("OPERATOR"), "probe", {"text": "x"}, "Deneme", broken)

    assert job.status == Job.Status.QUEUED
