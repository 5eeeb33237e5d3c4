"""What the night asks about privacy masks, what it keeps, and when that is a finding."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone, translation

from cameras.models import CheckResult, DeviceCondition, Finding, StateChange
from cameras.protocols.base import CredentialRefused, NotSupported, TooSlow, Unreachable
from cameras.wording.finding_words import sentence
from cameras.wording.mask_words import mask_words
from cameras.wording.reasons import word_for
from core.tsi import today
from footage_requests.models import FixedMask
from inventory.models import Device, Installation
from tests.cameras.campus import Campus, Scripted
from tests.cameras.test_findings import again, kinds
from tests.inventory import rows
from tests.sheets.rows import client_of
from vault.models import Credential


def told(device: Device) -> tuple[int | None, str]:
    row = DeviceCondition.objects.get(device=device)
    assert (row.mask_at is None) == (row.mask_areas is None)
    return row.mask_areas, row.mask_reason


def drawn(device: Device, starts_on: dt.date) -> FixedMask:
    position = Installation.objects.current().get(device=device).position
    return FixedMask.objects.create(
        position=position, name="Lojman penceresi", points=[[0, 0], [9, 0], [9, 9]],
        starts_on=starts_on, document="KVKK kararı 2026/4", entered_by=rows.person("UNIT_HEAD"),
    )  # fmt: skip


def test_masks_are_asked_once_beside_the_picture(campus: Campus) -> None:
    """REC-5b: one call a visit, the last one."""
    script = Scripted(mask_areas=2)
    camera = campus.camera(script)

    again(campus)

    assert script.calls.count("masks") == 1
    assert script.calls[-1] == "masks"
    assert told(camera) == (2, "")
    assert kinds() == []


def test_what_was_told_stays_beside_the_reason_why_it_is_not_told_now(campus: Campus) -> None:
    """REC-5b: not offered, refused, not answered; a camera that was never told about stays unknown."""
    script = Scripted(mask_areas=2)
    camera, never = campus.camera(script), campus.camera()
    again(campus)
    assert told(never) == (None, "NOT_SUPPORTED")
    for error, reason in ((NotSupported(), "NOT_SUPPORTED"), (TooSlow(), "TOO_SLOW")):
        script.fails_on["masks"] = error
        again(campus)
        assert told(camera) == (2, reason)
    script.error = Unreachable()
    again(campus)
    assert told(camera) == (2, "NO_ANSWER")


def test_an_account_that_may_not_read_masks_keeps_its_login(campus: Campus) -> None:
    """D9: only what the picture and the identity say parks a login."""
    camera = campus.camera(Scripted(mask_areas=1, fails_on={"masks": CredentialRefused()}))

    run = again(campus)

    assert told(camera) == (None, "CREDENTIAL_REFUSED")
    assert not Credential.objects.filter(device=camera).exclude(parked_at=None).exists()
    assert kinds() == []
    answers = CheckResult.objects.filter(device_check__run=run).values_list("answer", flat=True)
    assert set(answers) == {"YES"}


def test_masks_that_are_gone_stay_a_finding_until_somebody_has_looked(campus: Campus) -> None:
    """PRV-9."""
    script = Scripted(mask_areas=2)
    camera = campus.camera(script)
    again(campus)
    script.mask_areas = 0
    again(campus)
    script.mask_areas = 2
    again(campus)

    finding = Finding.objects.open().get(kind="MASKS_GONE")
    assert (finding.subject_id, finding.detail) == (camera.pk, {"before": 2, "after": 0})
    with translation.override("en"):
        assert "0, there were 2" in sentence(finding)
    changes = StateChange.objects.filter(subject_id=camera.pk, what="masks").order_by("pk")
    assert list(changes.values_list("before", "after")) == [("2", "0"), ("0", "2")]
    assert finding.acknowledge(by=rows.person("UNIT_HEAD"), because="set again")


def test_a_camera_that_masks_nothing_where_areas_are_drawn_is_found(campus: Campus) -> None:
    """PRV-9: it closes by itself when the camera masks something, or nothing is drawn any more."""
    script = Scripted(mask_areas=0)
    camera = campus.camera(script)
    later = drawn(campus.camera(Scripted(mask_areas=0)), today() + dt.timedelta(days=1))
    area = drawn(camera, today())
    again(campus)

    finding = Finding.objects.open().get()
    assert (finding.kind, finding.subject_id) == ("MASKS_OFF", area.position_id)
    assert finding.subject_id != later.position_id
    assert area.position.name in sentence(finding, area.position.name)

    script.mask_areas = 1
    again(campus)
    assert kinds() == []
    script.mask_areas = 0
    again(campus)
    FixedMask.objects.filter(pk=area.pk).update(
        starts_on=today() - dt.timedelta(days=2), ends_on=today()
    )
    again(campus)
    assert "MASKS_OFF" not in kinds()


def test_a_camera_that_could_not_be_asked_clears_no_finding(campus: Campus) -> None:
    script = Scripted(mask_areas=0)
    drawn(campus.camera(script), today())
    again(campus)
    script.fails_on["masks"] = TooSlow()

    again(campus)

    assert kinds() == ["MASKS_OFF"]


def test_the_time_of_the_last_picture_is_kept(campus: Campus) -> None:
    """NGT-1: how often pictures are asked for is counted from it."""
    camera = campus.camera()
    before = timezone.now()

    again(campus)

    taken_at = DeviceCondition.objects.get(device=camera).picture_at
    assert taken_at is not None
    assert taken_at >= before - dt.timedelta(seconds=1)


def test_the_words_tell_on_off_and_why_not() -> None:
    """REC-5b."""
    with translation.override("en"):
        assert mask_words(None, "") == "not checked"
        assert mask_words(0, "") == "off"
        assert mask_words(1, "") == "on, 1 area"
        assert mask_words(2, "") == "on, 2 areas"
        assert mask_words(None, "NOT_SUPPORTED") == "could not be asked: the device cannot tell"
        assert mask_words(2, "NO_ANSWER") == "on, 2 areas"


def test_the_page_of_a_camera_tells_its_masks_with_their_age(campus: Campus) -> None:
    """REC-5b."""
    script = Scripted(mask_areas=2)
    camera = campus.camera(script)
    again(campus)
    fitted = Installation.objects.current().get(device=camera)
    client = client_of(rows.person("UNIT_HEAD"))
    page = reverse("cameras:position", args=[fitted.position_id])
    with translation.override("tr"):
        words = mask_words(2, "")

    shown = client.get(page).content.decode()
    assert words in shown
    script.fails_on["masks"] = TooSlow()
    again(campus)
    shown = client.get(page).content.decode()
    with translation.override("tr"):
        assert words in shown
        assert word_for("TOO_SLOW") in shown
    Installation.objects.filter(pk=fitted.pk).update(lens_no=2)
    assert words not in client.get(page).content.decode(), "only the first lens was asked"
