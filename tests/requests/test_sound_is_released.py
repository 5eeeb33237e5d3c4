"""Who may release sound, and what must be said for it: approving the pictures never does."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import Entry
from footage_requests.decisions import deciding
from footage_requests.errors import ContentChanged, Refused
from footage_requests.models import Decision
from inventory.models import Device
from tests.browsing import PASSWORD, with_password

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
