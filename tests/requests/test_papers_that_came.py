"""Papers of a case: judged by content, sealed, locked until scanned, handed out as downloads only."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from audit.models import Entry
from footage_requests.casework import attachments, scanning
from footage_requests.errors import Refused
from footage_requests.footage import store
from footage_requests.models import FootageRequest, RequestAttachment
from tests.inventory import rows
from tests.requests import cases
from tests.requests.clamd import VIRUS, scanner

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer\n%%EOF\n"


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.SCANNER = ""


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, form)
    return out.getvalue()


def added(
    data: bytes = PDF, name: str = "dilekçe.pdf", row: FootageRequest | None = None
) -> RequestAttachment:
    row = row or cases.filed()
    return attachments.add(row, name, data, kind="LETTER", title="Dilekçe", by=row.filer)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (PDF, "application/pdf"),
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("TIFF"), "image/tiff"),
    ],
)
def test_what_a_scanner_makes_is_taken_whatever_its_name_says(data, content_type):
    assert attachments.judge(data).content_type == content_type


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"PK\x03\x04 a document with macros",
        b"MZ a program",
        b"GIF89a" + bytes(20),
        b"%PDF-1.7 cut off",
        PDF.replace(b"<<>>", b"<</OpenAction <</S /JavaScript>>>>"),
        PDF.replace(b"<<>>", b"<</Type /EmbeddedFile>>"),
        PDF + bytes(attachments.LARGEST_FILE),
    ],
)
def test_everything_else_is_refused_with_a_sentence(data):
    with pytest.raises(ValidationError):
        attachments.judge(data)


def test_a_paper_lies_sealed_in_the_store():
    row = added()

    assert row.file_name == "dilekçe.pdf"
    assert PDF not in store.path_of(row.file.uuid).read_bytes()
    with attachments.open_for(row, by=rows.person("OPERATOR")) as reader:
        assert b"".join(reader) == PDF


def test_the_ending_of_the_name_follows_the_content():
    assert added(PDF, name="letter.exe").file_name == "letter.pdf"


def test_opening_a_paper_is_written_down():
    row = added()
    person = rows.person("OPERATOR")
    attachments.open_for(row, by=person).close()

    assert Entry.objects.get(action="footagerequest.open_paper").actor_name == person.full_name


def test_a_paper_leaves_as_a_download_that_no_browser_runs(client):
    row = added()
    client.force_login(row.request.filer, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("footage_requests:paper", args=[row.uuid]))

    assert answer.getvalue() == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_a_paper_is_locked_until_the_scanner_found_it_clean(settings):
    with scanner() as running:
        settings.SCANNER = running.address
        row = added()
        with pytest.raises(Refused):
            attachments.open_for(row, by=row.added_by)

        assert scanning.scan_waiting() == 1
        assert running.received == PDF
    row.refresh_from_db()
    assert row.scan == "CLEAN"
    attachments.open_for(row, by=row.added_by).close()


def test_a_paper_with_a_virus_stays_locked(settings):
    with scanner() as running:
        settings.SCANNER = running.address
        row = added(PDF.replace(b"<<>>", VIRUS))
        scanning.scan_waiting()

    row.refresh_from_db()
    assert row.scan == "INFECTED"
    with pytest.raises(Refused):
        attachments.open_for(row, by=row.added_by)


@pytest.mark.parametrize(
    "says", [b"", b"stream: ERROR\0", b"INSTREAM size limit exceeded. ERROR\0"]
)
def test_a_scanner_that_gives_no_usable_answer_lets_nothing_through(settings, says):
    with scanner(says) as running:
        settings.SCANNER = running.address
        row = added()
        assert scanning.scan_waiting() == 0

    row.refresh_from_db()
    assert row.scan == "WAITING"


def test_a_scanner_that_is_away_keeps_papers_waiting(settings):
    settings.SCANNER = "unix:/nowhere/clamd.ctl"
    row = added()

    assert scanning.scan_waiting() == 0
    row.refresh_from_db()
    assert row.scan == "WAITING"


def test_a_long_paper_goes_to_the_scanner_in_pieces():
    with scanner() as running:
        assert scanning.scan([b"x" * 300_000, b"y" * 10], running.address) == ""
        assert len(running.received) == 300_010


def test_a_paper_is_added_on_the_page_and_a_wrong_one_is_told_there(client):
    row = cases.filed()
    client.force_login(row.filer, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("footage_requests:attach", args=[row.pk])
    refused = client.post(url, {"file": SimpleUploadedFile("a.pdf", b"MZ"), "kind": "LETTER"})
    assert refused.status_code == 422

    client.post(url, {"file": SimpleUploadedFile("a.pdf", PDF), "kind": "IDENTITY"})
    assert row.attachments.get().kind == "IDENTITY"
