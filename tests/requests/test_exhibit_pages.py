"""Opening, playing, masking and verifying in the browser's terms: what is given to whom, and in which pieces."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from audit.models import Entry
from footage_requests.exhibits import masking, verifying
from footage_requests.models import MaskPlan, Package, Viewing
from footage_requests.views.exhibits import PIECE
from tests.requests.case import exhibit_of, package_of
from tests.requests.films import film
from tests.sheets.rows import client_of

SQUARE = [[1000, 1000], [4000, 1000], [4000, 6000], [1000, 6000]]
SHAPE = {"name": "a", "keys": [{"at": 0, "points": SQUARE}]}


def made(campus, data=None, state="offer", **kind):
    decision = campus.decide(campus.submitted(kind=campus.kind(**kind)))
    exhibit = exhibit_of(package_of(campus, decision), data or film(4))
    exhibit.package.take(state, by="test")
    return exhibit


@pytest.fixture
def exhibit(campus):
    return made(campus)


def opened(exhibit, person, purpose="VERIFY", **fields):
    """A client whose person has opened the exhibit, and the viewing."""
    client = client_of(person)
    url = reverse("footage_requests:exhibit", args=[exhibit.pk])
    answer = client.post(url, {"purpose": purpose, **fields})
    assert answer.status_code == 302, answer.content.decode()
    return client, Viewing.objects.latest("pk")


def url_of(viewing, name="viewing_video"):
    return reverse(f"footage_requests:{name}", args=[viewing.uuid])


def test_the_player_shows_the_viewers_name_and_never_keeps_the_page(campus, exhibit):
    client, viewing = opened(exhibit, campus.second_operator)

    page = client.get(url_of(viewing, "viewing"))

    assert campus.second_operator.staff_number in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert Entry.objects.filter(action="exhibit.view").count() == 1


def test_bytes_come_in_ranges_and_are_those_of_the_exhibit(campus, exhibit):
    client, viewing = opened(exhibit, campus.second_operator)
    data = film(4)

    whole = client.get(url_of(viewing))
    part = client.get(url_of(viewing), headers={"Range": "bytes=100-199"})
    tail = client.get(url_of(viewing), headers={"Range": "bytes=-50"})

    assert b"".join(whole.streaming_content) == data
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(data)}"
    assert tail.content == data[-50:]
    assert part["Cache-Control"] == "no-store"


def test_a_range_is_answered_in_pieces(campus):
    exhibit = made(campus, b"x" * (PIECE + 10))
    client, viewing = opened(exhibit, campus.second_operator)

    answer = client.get(url_of(viewing), headers={"Range": "bytes=0-"})

    assert len(answer.content) == PIECE
    assert answer["Content-Range"] == f"bytes 0-{PIECE - 1}/{PIECE + 10}"


@pytest.mark.parametrize(
    "asked", ["bytes=9999999-", "bytes=5-4", "bytes=-0", "bytes=-", "lines=1-2", "bytes=0-1,5-6"]
)
def test_a_range_that_cannot_be_is_refused(campus, exhibit, asked):
    client, viewing = opened(exhibit, campus.second_operator)

    assert client.get(url_of(viewing), headers={"Range": asked}).status_code == 416


def test_anothers_viewing_looks_as_if_it_were_not_there(campus, exhibit):
    """B15."""
    _client, viewing = opened(exhibit, campus.second_operator)
    other = client_of(campus.head)

    for name in ("viewing", "viewing_video"):
        assert other.get(url_of(viewing, name)).status_code == 404
    assert other.post(url_of(viewing, "viewing_beat"), "{}", "application/json").status_code == 404


def test_after_the_end_no_byte_is_given(campus, exhibit):
    """B17."""
    client, viewing = opened(exhibit, campus.second_operator)
    client.post(url_of(viewing, "viewing_close"))

    assert client.get(url_of(viewing)).status_code == 403
    assert client.get(url_of(viewing, "viewing")).status_code == 302


@pytest.mark.parametrize("who", ["operator", "superior", "clerk", "deliverer"])
def test_who_plays_another_part_does_not_open_it(campus, exhibit, who):
    """The approver and the exporter see no footage by this door, whatever they post."""
    client = client_of(getattr(campus, who))
    url = reverse("footage_requests:exhibit", args=[exhibit.pk])

    answers = {client.get(url).status_code, client.post(url, {"purpose": "VERIFY"}).status_code}

    if who == "operator":  # the exporter may still draw masks, and nothing else
        assert client.post(url, {"purpose": "VERIFY"}).status_code == 403
    else:
        assert answers == {403}
    assert not Viewing.objects.filter(purpose="VERIFY").exists()


def test_what_was_watched_is_stored(campus, exhibit):
    client, viewing = opened(exhibit, campus.second_operator)

    answer = client.post(
        url_of(viewing, "viewing_beat"), json.dumps({"watched": [[0, 900]]}), "application/json"
    )

    viewing.refresh_from_db()
    assert answer.json() == {"open": True}
    assert viewing.watched_ms == 900


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"watched": 1}', '{"watched": [[1]]}', '{"watched": [["a", 2]]}']
)
def test_a_report_that_makes_no_sense_is_refused(campus, exhibit, body):
    client, viewing = opened(exhibit, campus.second_operator)

    assert client.post(url_of(viewing, "viewing_beat"), body, "application/json").status_code == 400


def test_masks_are_drawn_by_the_exporter_and_shown_as_progress(campus):
    exhibit = made(campus, state="need_masks", masking="MANDATORY")
    client, viewing = opened(exhibit, campus.operator, "MASK")

    page = client.get(url_of(viewing, "viewing")).content.decode()
    answer = client.post(
        url_of(viewing, "viewing_masks"), json.dumps({"shapes": [SHAPE]}), "application/json"
    )

    plan = MaskPlan.objects.get()
    progress = client.get(reverse("footage_requests:mask_progress", args=[exhibit.pk]))
    assert "data-editor" in page
    assert answer.json()["version"] == 1
    assert "every 2s" in progress.content.decode()
    masking.make_masked(plan)
    done = client.get(reverse("footage_requests:mask_progress", args=[exhibit.pk]))
    assert "E1-M1" in done.content.decode()
    assert "every 2s" not in done.content.decode()


@pytest.mark.parametrize("body", ["", "[]", '{"shapes": [1]}', '{"shapes": []}'])
def test_masks_that_cannot_be_drawn_come_back_with_a_sentence(campus, body):
    exhibit = made(campus, state="need_masks", masking="MANDATORY")
    client, viewing = opened(exhibit, campus.operator, "MASK")

    answer = client.post(url_of(viewing, "viewing_masks"), body, "application/json")

    assert answer.status_code in {400, 422}
    assert answer.json()["error"]


def test_a_package_is_verified_on_its_page(campus, exhibit):
    client, viewing = opened(exhibit, campus.second_operator)
    verifying.note_watched(viewing, [(0, 4000)])
    url = reverse("footage_requests:package_verify", args=[exhibit.package_id])

    assert exhibit.file.sha256 in client.get(url).content.decode()
    assert client.post(url, {"check-E1": "plays"}).status_code == 422
    answer = client.post(url, {"check-E1": list(verifying.CHECKS)})

    assert answer.status_code == 302
    assert Package.objects.get().status == Package.Status.VERIFIED


def test_a_package_is_sent_back_on_its_page(campus, exhibit):
    client = client_of(campus.second_operator)

    client.post(
        reverse("footage_requests:package_reject", args=[exhibit.package_id]),
        {"because": "another door"},
    )

    assert Package.objects.get().failure == "another door"


def test_supervised_viewing_names_who_watches(campus, exhibit):
    """REL-23."""
    _client, viewing = opened(exhibit, campus.second_operator)
    verifying.note_watched(viewing, [(0, 4000)])
    verifying.verify(exhibit.package, {"E1": verifying.CHECKS}, by=campus.second_operator)
    url = reverse("footage_requests:exhibit", args=[exhibit.pk])
    assert client_of(campus.deliverer).get(url).status_code == 403
    Package.objects.filter(pk=exhibit.package_id).update(status="SEALED", manifest_sha256="ab" * 32)
    assert client_of(campus.deliverer).post(url, {"purpose": "SHOW"}).status_code == 422
    _client, shown = opened(exhibit, campus.deliverer, "SHOW", note="Ayşe Işık, kimlik görüldü")
    assert shown.note == "Ayşe Işık, kimlik görüldü"
