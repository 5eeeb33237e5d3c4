"""Stock counts (INV-12), contracts (INV-4 to 8), files (F6, D17) and logins of devices."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

import vault
from audit.models import Entry
from core.steps import InvalidTransition
from core.tsi import today
from inventory import attachments, counting, moves
from inventory.models import Attachment, Contract, Contractor, ModelLife, StockCount

from ..pages.scene import browser
from .rows import at, building, device, person, position

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def counted() -> tuple[StockCount, list[int]]:
    head, house = person("UNIT_HEAD"), building()
    for _ in range(3):
        moves.install(device(), position(house), at(), head)
    count = counting.start(house, by=head)
    return count, list(count.lines.values_list("pk", flat=True))


def test_a_count_lists_what_should_be_there_and_closes_with_differences(client: Client) -> None:
    count, lines = counted()
    client.force_login(person("ASSET_CLERK"))

    def write(pk: int, **data: str) -> int:
        return client.post(reverse("inventory:count_line", args=[count.pk, pk]), data).status_code

    assert write(lines[0], outcome="FOUND", serial_matches="true", is_sound="false") == 302
    assert write(lines[1], outcome="ELSEWHERE") == 422
    assert write(lines[1], outcome="ELSEWHERE", note="In the cellar") == 302
    client.post(reverse("inventory:count_surplus", args=[count.pk]), {"serial": "STRANGE"})
    due = today() + 100 * DAY
    client.post(reverse("inventory:count_close", args=[count.pk]), {"next_due_on": due.isoformat()})

    count.refresh_from_db()
    assert (count.status, count.next_due_on) == ("CLOSED", due)
    assert count.sums() == {"found": 1, "not_found": 1, "elsewhere": 1, "surplus": 1, "open": 0}
    page = client.get(reverse("inventory:count", args=[count.pk])).content.decode()
    assert "STRANGE" in page
    assert "In the cellar" in page
    assert Entry.objects.filter(action="stockcount.close").count() == 1


def test_a_closed_count_is_no_longer_written(client: Client) -> None:
    count, lines = counted()
    clerk = person("ASSET_CLERK")
    count.close(next_due_on=today() + DAY, by=clerk)
    client.force_login(clerk)

    answer = client.post(
        reverse("inventory:count_line", args=[count.pk, lines[0]]), {"outcome": "FOUND"}
    )

    assert answer.status_code == 409
    with pytest.raises(InvalidTransition):
        count.close(next_due_on=today() + DAY, by=clerk)


def test_a_building_is_counted_by_one_count_at_a_time(client: Client) -> None:
    count, _lines = counted()
    client.force_login(person("ASSET_CLERK"))

    url = reverse("inventory:count_new", args=[count.building_id])

    assert client.post(url, {"note": ""}).status_code == 422
    assert StockCount.objects.count() == 1


def test_what_was_never_counted_and_what_is_due_is_listed() -> None:
    head = person("UNIT_HEAD")
    count, _lines = counted()
    count.close(next_due_on=today() + 10 * DAY, by=head)
    never = position().floor.building

    assert counting.due(head, today() + 30 * DAY) == [
        (never, None),
        (count.building, today() + 10 * DAY),
    ]
    assert counting.due(head, today()) == [(never, None)]


def test_contracts_stand_in_the_order_active_future_expired() -> None:
    """INV-5, INV-6: without any number, for many devices."""
    camera = device()
    for name, start, end in (("past", -20, -1), ("next", 5, 50), ("now", -5, 0), ("long", -5, 90)):
        row = Contract.objects.create(
            name=name, starts_on=today() + start * DAY, last_day=today() + end * DAY
        )
        row.devices.add(camera, device())

    names = [row.name for row in camera.contracts.in_order()]

    assert names == ["now", "long", "next", "past"]


def test_the_device_page_says_whom_to_call(client: Client) -> None:
    """INV-7, INV-8."""
    camera = device(model="M1")
    firm = Contractor.objects.create(name="Acme", phone="0312 111", response_hours=4)
    row = Contract.objects.create(
        name="Care", contractor=firm, starts_on=today(), last_day=today() + DAY
    )
    client.force_login(person("OPERATOR"))
    client.post(
        reverse("inventory:contract_devices", args=[row.pk]), {"devices": f"#{camera.pk}\n"}
    )
    ModelLife.objects.create(maker="Maker", model="M1", end_of_support_on=dt.date(2031, 5, 7))

    page = client.get(reverse("inventory:device", args=[camera.pk])).content.decode()

    assert "Acme" in page
    assert "0312 111" in page
    assert "07.05.2031" in page


def test_models_whose_support_ends_within_six_months_lead_to_their_devices() -> None:
    """INV-8."""
    for name, days in (("Over", -1), ("Soon", 150), ("Later", 250)):
        ModelLife.objects.create(maker="Maker", model=name, end_of_support_on=today() + days * DAY)
    ending, _other = device(model="Soon"), device(model="Soon too")
    client = browser(person("OPERATOR"))

    page = client.get(reverse("inventory:models")).content.decode()
    listed = client.get(reverse("inventory:devices"), {"maker": "Maker", "model": "Soon"})

    over, soon, later = (
        page.split(f"Maker {name}<")[1].split("</tr>")[0] for name in ("Over", "Soon", "Later")
    )
    assert ">ended<" in over
    assert ">ends within 6 months<" in soon
    assert "?maker=Maker&amp;model=Soon" in soon
    assert 'class="age"' not in later
    own = reverse("inventory:device", args=[ending.pk])
    assert [line["url"] for line in listed.context["lines"]] == [own]


@pytest.mark.parametrize("kind", ["CAMERA", "RECORDER"])
def test_the_page_of_recordings_and_clock_says_whom_to_call(client: Client, kind: str) -> None:
    """INV-7: who looks at the fault needs the number beside it."""
    client.force_login(person("OPERATOR"))
    machine = device(kind)
    firm = Contractor.objects.create(name="Bakım AŞ", phone="0312 555 44 33", response_hours=4)
    care = Contract.objects.create(
        name="Care", contractor=firm, starts_on=today() - DAY, last_day=today() + DAY
    )
    care.devices.add(machine)

    page = client.get(reverse("cameras:device", args=[machine.pk]), follow=True).content.decode()

    assert "Bakım AŞ" in page
    assert 'href="tel:03125554433"' in page


def test_lines_that_name_no_device_are_named(client: Client) -> None:
    row = Contract.objects.create(name="Care", starts_on=today(), last_day=today())
    client.force_login(person("OPERATOR"))

    answer = client.post(
        reverse("inventory:contract_devices", args=[row.pk]), {"devices": "GHOST-1"}
    )

    assert answer.status_code == 422
    assert "GHOST-1" in answer.content.decode()


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_warranties_that_end_soon_are_listed(client: Client, days: int) -> None:
    """INV-4: the end date is stored, so the list is a filter."""
    inside = device(warranty_ends_on=today() + days * DAY)
    device(warranty_ends_on=today() + (days + 1) * DAY)
    client.force_login(person("OPERATOR"))

    page = client.get(reverse("inventory:devices") + f"?warranty={days}").context["page"]

    assert list(page) == [inside]


def picture(form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, form)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A picture of a few bytes that claims to be that large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + crc + picture()[33:]


def test_a_photo_is_kept_privately_and_handed_out_as_a_download(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    """F6: generated name on disk, attachment with nosniff and a sandbox."""
    settings.MEDIA_ROOT = tmp_path
    camera = device()
    client.force_login(person("OPERATOR"))
    file = SimpleUploadedFile("../../evil.php\x00.jpg", picture("JPEG"), "text/html")

    client.post(reverse("inventory:device_attach", args=[camera.pk]), {"file": file, "title": ""})

    row = Attachment.objects.get()
    assert attachments.path_of(row).read_bytes() == picture("JPEG")
    answer = client.get(reverse("inventory:attachment", args=[row.uuid]))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    client.post(reverse("inventory:attachment_remove", args=[row.uuid]))
    assert client.get(reverse("inventory:attachment", args=[row.uuid])).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ\x90\x00",
        b"GIF89a" + b"\x00" * 50,
        b"%PDF-1.7 without an end",
        picture() [:20],
        png_claiming(13_000, 13_000),
        png_claiming(65_000, 65_000),
        b"\xff" * (8 * 1024 * 1024 + 1),
    ],
)  # fmt: skip
def test_other_files_are_refused(client: Client, data: bytes) -> None:
    """F6, D17: by content, and pictures by the size in their header."""
    client.force_login(person("OPERATOR"))
    file = SimpleUploadedFile("a.jpg", data, "image/jpeg")

    answer = client.post(reverse("inventory:position_attach", args=[position().pk]), {"file": file})

    assert answer.status_code == 422
    assert Attachment.objects.count() == 0


def test_a_login_is_stored_and_never_shown(client: Client) -> None:
    """C12: neither on a page, nor in the form after an error, nor in the log."""
    camera = device()
    client.force_login(person("OPERATOR"))
    url = reverse("vault:login", args=[camera.pk])
    secret = "CANARY-9f31"

    refused = client.post(url, {"username": "watch", "password": secret}).content.decode()
    client.post(url, {"username": "watch", "password": secret, "because": "New"})
    pages = (
        client.get(url).content + client.get(reverse("inventory:device", args=[camera.pk])).content
    )

    login = vault.login_for(camera)
    assert login is not None
    assert login.password.reveal() == secret
    assert secret not in refused
    assert secret.encode() not in pages
    assert b"watch" in pages
    assert all(secret not in entry.canon for entry in Entry.objects.all())


def test_a_refused_login_is_tried_again_only_on_request(client: Client) -> None:
    camera = device()
    client.force_login(person("OPERATOR"))
    url = reverse("vault:login", args=[camera.pk])
    client.post(url, {"username": "watch", "password": "x-pass", "because": "New"})
    vault.park(camera, "CREDENTIAL_REFUSED")

    client.post(reverse("vault:retry", args=[camera.pk]), {"because": "Unlocked by hand"})

    assert vault.login_for(camera) is not None
    assert Entry.objects.get(action="credential.unpark").because == "Unlocked by hand"


def test_an_asset_clerk_sets_no_login(client: Client) -> None:
    client.force_login(person("ASSET_CLERK"))

    assert client.get(reverse("vault:login", args=[device().pk])).status_code == 403
