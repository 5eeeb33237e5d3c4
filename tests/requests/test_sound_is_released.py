"""Who may release sound, and what must be said for it: approving the pictures never does."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import Entry
from footage_requests.decisions import deciding
from footage_requests.errors import ContentChanged, Refused
from footage_requests.footage import sound_work
from footage_requests.models import Decision, ExportSlice
from footage_requests.sealing import sounds
from inventory.models import Device
from tests.browsing import PASSWORD, with_password
from tests.requests.case import package_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
WHY = "The threat was spoken, nothing of it is seen."


def test_sound_is_released_expressly_with_a_reason_of_its_own(campus):
    request = campus.submitted(wants_audio=True)
    decision = campus.decide(request, includes_audio=True, audio_reason=f" {WHY} ")
    assert (decision.includes_audio, decision.audio_reason) == (True, WHY)
    assert decision.shown["sound"] == {"asked": True, "released": True, "reason": WHY}
    entry = Entry.objects.get(action="decision.make")
    assert WHY in entry.canon


@pytest.mark.parametrize(
    ("wants", "why", "sentence"),
    [(True, "  ", "Write why the sound is released"), (False, WHY, "Sound was not asked for")],
)
def test_without_a_reason_or_unasked_no_sound_is_released(campus, wants, why, sentence):
    request = campus.submitted(wants_audio=wants)
    with pytest.raises(Refused, match=sentence):
        campus.decide(request, includes_audio=True, audio_reason=why)


def test_approving_the_pictures_releases_no_sound(campus):
    decision = campus.decide(campus.submitted(wants_audio=True), audio_reason=WHY)
    assert (decision.includes_audio, decision.audio_reason) == (False, "")
    assert decision.shown["sound"] == {"asked": True, "released": False, "reason": ""}


def test_the_database_takes_no_release_of_sound_without_a_reason(campus):
    decision = campus.decide(campus.submitted(wants_audio=True))
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(includes_audio=True)


def test_what_the_inventory_says_of_the_sound_is_part_of_what_was_shown(campus):
    request = campus.submitted(wants_audio=True)
    before = deciding.summary(request)
    (line,) = before.lines
    assert line.sound_words == "sound: the inventory says that this camera records none"
    Device.objects.update(audio_off=False)
    after = deciding.summary(request)
    assert after.lines[0].sound == "ON"
    assert after.shown_sha256 != before.shown_sha256
    with pytest.raises(ContentChanged):
        campus.decide(
            request, includes_audio=True, audio_reason=WHY, shown_sha256=before.shown_sha256
        )


def test_the_superior_finds_the_mark_unset_and_says_why(campus, client):
    request = campus.submitted(wants_audio=True)
    client.force_login(with_password(campus.superior))
    address = reverse("footage_requests:decide", args=[request.pk])
    page = client.get(address).content.decode()
    mark = page[page.index('name="includes_audio"') - 60 :][:160]
    assert "checked" not in mark
    sent = {
        "kind": "COPY",
        "sha256": deciding.summary(request).sha256,
        "password": PASSWORD,
        "includes_audio": "on",
    }
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "ses" in refused.content.decode()
    assert client.post(address, {**sent, "audio_reason": WHY}).status_code == 302
    assert Decision.objects.get().audio_reason == WHY


def test_where_no_sound_was_asked_for_there_is_no_mark(campus, client):
    client.force_login(campus.superior)
    request = campus.submitted()
    page = client.get(reverse("footage_requests:decide", args=[request.pk])).content.decode()
    assert "includes_audio" not in page


def test_sound_is_released_camera_by_camera(campus):
    """What was not named stays silent: in the decision, in the log and in what is fetched."""
    loud, silent = campus.camera(), campus.camera()
    request = campus.submitted(loud, silent, wants_audio=True)
    named = request.items.get(position=loud).pk
    decision = campus.decide(request, includes_audio=True, audio_reason=WHY, audio_items=[named])
    lines = decision.lines.values_list("item__position", "includes_audio")
    assert dict(lines) == {loud.pk: True, silent.pk: False}
    assert decision.heard_alone() == [loud.name]
    assert '"sound":true' in Entry.objects.get(action="decision.make").canon.replace(" ", "")
    package = package_of(campus, decision)
    slices = [slice_of(package, line) for line in decision.lines.all()]
    sound_work.queue(package, slices)
    assert [part.line.item.position for part in package.sound_slices.all()] == [loud]
    assert WHY in sounds.decided_words(package)
    assert loud.name in sounds.decided_words(package)


def slice_of(package, line):
    (channel,) = line.item.position.channels_on(line.starts_at.date())
    return ExportSlice(
        package=package, line=line, channel=channel, starts_at=line.starts_at, ends_at=line.ends_at
    )


def test_sound_is_not_released_of_a_camera_that_does_not_leave(campus):
    leaving, staying = campus.camera(), campus.camera()
    request = campus.submitted(leaving, staying, wants_audio=True)
    items = {item.position_id: item for item in request.items.all()}
    item = items[leaving.pk]
    lines = [deciding.LineChoice(item.pk, item.starts_at, item.ends_at)]
    with pytest.raises(Refused, match="whose pictures leave"):
        campus.decide(
            request, "PART", lines=lines, includes_audio=True, audio_reason=WHY,
            audio_items=[items[staying.pk].pk],
        )  # fmt: skip


def test_of_several_cameras_the_superior_marks_those_whose_sound_is_released(campus, client):
    request = campus.submitted(campus.camera(), campus.camera(), wants_audio=True)
    client.force_login(with_password(campus.superior))
    address = reverse("footage_requests:decide", args=[request.pk])
    page = client.get(address).content.decode()
    first, second = request.items.order_by("pk")
    for item in (first, second):
        mark = page[page.index(f'name="sound-{item.pk}"') :][:40]
        assert "checked" not in mark
    sent = {
        "kind": "COPY",
        "sha256": deciding.summary(request).sha256,
        "password": PASSWORD,
        "includes_audio": "on",
        "audio_reason": WHY,
    }
    assert client.post(address, sent).status_code == 422
    assert client.post(address, {**sent, f"sound-{second.pk}": "on"}).status_code == 302
    lines = Decision.objects.get().lines.values_list("item", "includes_audio")
    assert dict(lines) == {first.pk: False, second.pk: True}
