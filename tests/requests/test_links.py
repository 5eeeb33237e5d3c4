"""A download link: for one recipient, with a code that travels apart, counted, resumable, revocable."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from footage_requests.errors import NotThisPerson, Refused
from footage_requests.footage import store
from footage_requests.models import CustodyEvent, DownloadLink
from footage_requests.release import links
from tests.requests.test_handing_over import sealed

HERE = "10.0.0.9"


def made(campus, package=None, **changes):
    package = package or sealed(campus)
    with store.StoreWriter("application/zip") as writer:
        writer.write(b"encrypted for the recipient")
        file = writer.save()
    options = {
        "recipient_name": "Av. Ayşe Işık",
        "recipient_contact": "ayse@example.org",
        "expires_at": timezone.now() + dt.timedelta(days=3),
        "by": campus.deliverer,
        **changes,
    }
    return links.make_link(package, file, **options)


def test_link_and_code_together_give_the_file(campus):
    link = made(campus)

    ticket = links.enter_code(link.token, f" {link.code} ", address=HERE)

    assert ticket
    file = links.file_for(link.token, ticket or "")
    assert file == link.row.file
    assert links.file_for(link.token, ticket or "") == file, "a download may be resumed"
    assert CustodyEvent.objects.filter(act="DOWNLOADED").count() == 1


def test_neither_token_nor_code_stands_in_the_database(campus):
    link = made(campus)

    row = DownloadLink.objects.values().get()
    told = str(row) + str(list(Entry.objects.values_list("canon", flat=True)))
    assert link.token not in told
    assert link.code not in told
    assert len(link.token) >= 32


def test_opening_the_link_uses_nothing_up(campus):
    """B16: a mail scanner that follows the link."""
    link = made(campus)
    for _ in range(20):
        assert links.find(link.token)

    link.row.refresh_from_db()
    assert (link.row.downloads, link.row.code_tries) == (0, 0)


def test_as_many_downloads_as_were_allowed(campus):
    """B16."""
    link = made(campus, downloads_allowed=2)

    tickets = [links.enter_code(link.token, link.code, address=HERE) for _ in range(3)]

    assert [bool(ticket) for ticket in tickets] == [True, True, False]
    assert links.file_for(link.token, tickets[0] or "") is None, "the newer ticket counts"


def test_five_wrong_codes_end_the_link(campus):
    link = made(campus)
    wrong = "00000000" if link.code != "00000000" else "11111111"

    for _ in range(links.MOST_TRIES):
        assert links.enter_code(link.token, wrong, address=HERE) is None

    assert links.enter_code(link.token, link.code, address=HERE) is None
    assert links.find(link.token) is None
    assert Entry.objects.filter(action="downloadlink.wrong_code").count() == links.MOST_TRIES


def test_a_link_ends_on_the_second(campus):
    """B16."""
    link = made(campus)
    ticket = links.enter_code(link.token, link.code, address=HERE)
    DownloadLink.objects.update(
        made_at=timezone.now() - dt.timedelta(days=1), expires_at=timezone.now()
    )

    assert links.find(link.token) is None
    assert links.file_for(link.token, ticket or "") is None


def test_revoking_ends_a_running_download(campus):
    """B17."""
    link = made(campus)
    ticket = links.enter_code(link.token, link.code, address=HERE)

    links.revoke(link.row, by=campus.deliverer, because="wrong recipient")

    assert links.file_for(link.token, ticket or "") is None
    assert links.enter_code(link.token, link.code, address=HERE) is None


def test_anothers_link_does_not_open_with_this_ones_code(campus):
    """B15: refused, and the attempt stands in the log of the case whose link it was."""
    one, other = made(campus), made(campus)

    assert links.enter_code(other.token, one.code, address=HERE) is None
    entry = Entry.objects.get(action="downloadlink.wrong_code")
    assert entry.object_name == other.row.package.request.number
    ticket = links.enter_code(one.token, one.code, address=HERE)
    assert links.file_for(other.token, ticket or "") is None


def test_anothers_ticket_is_refused_and_written_down(campus, client):
    """B15: a release addressed to A opened with what B got."""
    one, other = made(campus), made(campus)
    client.cookies["ticket"] = links.enter_code(one.token, one.code, address=HERE) or ""
    assert (
        client.get(reverse("footage_requests:collect_file", args=[other.token])).status_code == 403
    )
    entry = Entry.objects.get(action="downloadlink.foreign_ticket")
    assert entry.object_name == other.row.package.request.number
    assert client.get(reverse("footage_requests:collect_file", args=[one.token])).status_code == 200
    client.cookies["ticket"] = "made up"
    assert (
        client.get(reverse("footage_requests:collect_file", args=[other.token])).status_code == 404
    )
    assert Entry.objects.filter(action="downloadlink.foreign_ticket").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient_name": " "},
        {"recipient_contact": ""},
        {"expires_at": timezone.now() - dt.timedelta(seconds=1)},
        {"expires_at": timezone.now() + dt.timedelta(days=31)},
        {"downloads_allowed": 0},
        {"downloads_allowed": 11},
    ],
)
def test_a_link_for_nobody_or_for_ever_is_refused(campus, changes):
    with pytest.raises(Refused):
        made(campus, **changes)


def test_approver_and_clerk_make_no_links(campus):
    for person in (campus.superior, campus.clerk):
        with pytest.raises(NotThisPerson):
            made(campus, by=person)
