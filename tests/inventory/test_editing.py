"""Two people who edit the same thing: the second is told what the first changed, and every edit is audited."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Entry
from inventory import moves
from inventory.models import (
    Channel,
    Device,
    Disk,
    Position,
    PositionGroup,
    RecordingSchedule,
)

from .rows import at, channel, device, network, person, position

pytestmark = pytest.mark.django_db
TODAY = "2026-03-10"


def filled(client: Client, url: str, **changes: str) -> dict[str, str]:
    """What a browser would send from that form, with some fields changed."""
    form = client.get(url).context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        if value not in (None, False):
            data[bound.html_name] = str(value)
    return data | changes


def test_a_device_is_entered_and_audited(client: Client) -> None:
    client.force_login(person("OPERATOR"))
    url = reverse("inventory:device_new")

    answer = client.post(
        url,
        filled(client, url, kind="CAMERA", maker=" Axis ", serial="A1", purchased_on="2024-01-31",
               warranty_months="25"),
    )  # fmt: skip

    row = Device.objects.get(serial="A1")
    assert answer.headers["Location"] == reverse("inventory:device", args=[row.pk])
    assert (row.maker, row.status) == ("Axis", "STOCK")
    assert row.warranty_ends_on == dt.date(2026, 2, 28)
    assert Entry.objects.filter(action="device.create").count() == 1
    assert row.history.get().history_user.full_name.startswith("Person")


def test_the_second_of_two_editors_is_told_what_changed(client: Client) -> None:
    first, second = person("OPERATOR"), person("UNIT_HEAD")
    row = device(model="Old")
    url = reverse("inventory:device_edit", args=[row.pk])
    client.force_login(second)
    late = filled(client, url, model="Mine")
    client.force_login(first)
    client.post(url, filled(client, url, model="Theirs"))

    client.force_login(second)
    answer = client.post(url, late)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert first.full_name in text
    assert "Theirs" in text
    assert 'value="Mine"' in text
    row.refresh_from_db()
    assert row.model == "Theirs"


def test_saving_again_after_the_warning_is_a_decision(client: Client) -> None:
    row = device(model="Old")
    url = reverse("inventory:device_edit", args=[row.pk])
    client.force_login(person("UNIT_HEAD"))
    late = filled(client, url, model="Mine")
    row.model = "Theirs"
    row.save()
    refused = client.post(url, late).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', refused)
    assert seen

    answer = client.post(url, late | {"seen": seen.group(1)})

    row.refresh_from_db()
    assert (answer.status_code, row.model) == (302, "Mine")


def test_an_edit_never_turns_back_a_step_taken_meanwhile(client: Client) -> None:
    """The form knows nothing of the status, so it must not write it."""
    someone = person("UNIT_HEAD")
    row = device(status="IN_SERVICE")
    url = reverse("inventory:device_edit", args=[row.pk])
    client.force_login(someone)
    late = filled(client, url, model="New")
    row.report_fault(on_date=dt.date(2026, 3, 1), by=someone, document="x")

    client.post(url, late)

    row.refresh_from_db()
    assert (row.status, row.model) == ("FAULTY", "New")
    assert row.history.first().status == "FAULTY"


def test_an_edit_writes_before_and_after_of_what_changed(client: Client) -> None:
    row = device(model="Old")
    url = reverse("inventory:device_edit", args=[row.pk])
    client.force_login(person("UNIT_HEAD"))

    client.post(url, filled(client, url, model="New"))

    entry = Entry.objects.get(action="device.change")
    assert '"before":{"model":"Old"}' in entry.canon
    assert '"after":{"model":"New"}' in entry.canon


def test_a_double_serial_is_refused_with_the_name_of_its_owner(client: Client) -> None:
    """INV-1."""
    row = device(serial="X9")
    client.force_login(person("OPERATOR"))
    url = reverse("inventory:device_new")

    answer = client.post(url, filled(client, url, kind="CAMERA", maker="maker", serial="x9"))

    assert answer.status_code == 422
    assert str(row) in answer.content.decode()
    assert 'value="x9"' in answer.content.decode()


def test_an_address_in_use_is_refused_with_the_name_of_its_holder(client: Client) -> None:
    """INV-9: and what was typed stays."""
    head = person("UNIT_HEAD")
    net, holder, other = network(), device(), device()
    moves.move_address(holder, net, "10.20.0.9", at(), head)
    client.force_login(head)
    url = reverse("inventory:device_address", args=[other.pk])

    answer = client.post(url, filled(client, url, network=str(net.pk), ip="10.20.0.9"))

    text = answer.content.decode()
    assert answer.status_code == 409
    assert str(holder) in text
    assert "10.03.2026" in text
    assert 'value="10.20.0.9"' in text


def test_a_step_takes_its_date_and_document(client: Client) -> None:
    """INV-15."""
    row = device(status="STOCK")
    client.force_login(person("ASSET_CLERK"))
    url = reverse("inventory:device_step", args=[row.pk, "start_commissioning"])

    client.post(url, {"on_date": TODAY, "document": "Form 7"})

    step = row.steps.get()
    assert (step.on_date, step.document) == (dt.date(2026, 3, 10), "Form 7")


def test_a_step_that_is_too_late_is_said_so(client: Client) -> None:
    row = device(status="SCRAPPED")
    client.force_login(person("ASSET_CLERK"))
    url = reverse("inventory:device_step", args=[row.pk, "scrap"])

    assert client.post(url, {"on_date": TODAY, "document": "x"}).status_code == 409


def test_replacing_keeps_the_history_with_the_position(client: Client) -> None:
    """INV-13."""
    head = person("UNIT_HEAD")
    place, old, new = position(), device(), device(status="STOCK")
    moves.install(old, place, at(), head)
    client.force_login(head)
    url = reverse("inventory:replace", args=[place.pk])

    client.post(url, {"device": new.pk, "at": "2026-03-12T10:00", "document": "Form 8"})

    fitted = list(place.installations.order_by("starts_at").values_list("device", "ends_at"))
    assert [pk for pk, _end in fitted] == [old.pk, new.pk]
    old.refresh_from_db()
    assert old.status == "REMOVED"


def test_a_moment_in_the_future_is_refused(client: Client) -> None:
    place, new = position(), device(status="STOCK")
    client.force_login(person("UNIT_HEAD"))
    url = reverse("inventory:install", args=[place.pk])
    later = {"device": new.pk, "lens_no": 1, "at": "2099-01-01T00:00", "document": "x"}

    assert client.post(url, later).status_code == 422
    assert place.installations.count() == 0


def test_an_exemption_needs_a_reason_and_an_end(client: Client) -> None:
    place = position()
    client.force_login(person("UNIT_HEAD"))
    url = reverse("inventory:schedule", args=[place.pk])

    assert client.post(url, {"kind": "EXEMPT", "valid_from": TODAY}).status_code == 422
    good = {"kind": "EXEMPT", "valid_from": TODAY, "valid_to": "2026-04-01", "reason": "Works"}
    assert client.post(url, good).status_code == 302
    assert place.schedules.get().reason == "Works"


def test_hours_are_written_as_lines(client: Client) -> None:
    place = position()
    client.force_login(person("UNIT_HEAD"))
    url = reverse("inventory:schedule", args=[place.pk])
    hours = "1-2 08:00-18:00\n7 22:00-06:00"

    client.post(url, {"kind": "HOURS", "valid_from": TODAY, "hours_text": hours})

    assert RecordingSchedule.objects.get().hours == {
        "0": [["08:00", "18:00"]],
        "1": [["08:00", "18:00"]],
        "6": [["22:00", "06:00"]],
    }


@pytest.mark.parametrize("hours", ["", "8 08:00-18:00", "x", "1 25:00-26:00", "1-2"])
def test_hours_that_cannot_be_read_are_refused(client: Client, hours: str) -> None:
    place = position()
    client.force_login(person("UNIT_HEAD"))
    url = reverse("inventory:schedule", args=[place.pk])

    answer = client.post(url, {"kind": "HOURS", "valid_from": TODAY, "hours_text": hours})

    assert answer.status_code == 422


def test_an_operator_may_not_lower_what_is_expected(client: Client) -> None:
    client.force_login(person("OPERATOR"))

    answer = client.get(reverse("inventory:schedule", args=[position().pk]))

    assert answer.status_code == 403


def test_channels_are_added_in_one_go_and_disks_one_by_one(client: Client) -> None:
    recorder = channel().recorder
    client.force_login(person("OPERATOR"))

    client.post(reverse("inventory:device_channels", args=[recorder.pk]), {"first": 1, "last": 16})
    new_disk = reverse("inventory:disk_new") + f"?recorder={recorder.pk}"
    client.post(new_disk, filled(client, new_disk, slot="1", fitted_on=TODAY))
    disk = Disk.objects.get()
    client.post(reverse("inventory:disk_remove", args=[disk.pk]), {"removed_on": "2026-03-11"})

    assert Channel.objects.filter(recorder=recorder).count() == 16
    disk.refresh_from_db()
    assert disk.removed_on == dt.date(2026, 3, 11)


def test_an_operator_of_one_building_plans_nothing_in_another(client: Client) -> None:
    here, there = position(), position()
    grant = {"scope_kind": "building", "scope_id": here.floor.building_id}
    client.force_login(person("OPERATOR", **grant))
    url = reverse("inventory:position_new")
    fields = {"code": "Z1", "name": "Z", "group": PositionGroup.objects.get().pk}

    assert client.post(url, fields | {"floor": there.floor_id}).status_code == 422
    assert client.post(url, fields | {"floor": here.floor_id}).status_code == 302
    assert Position.objects.get(code="Z1").floor == here.floor


def test_hostile_names_stay_text(client: Client) -> None:
    """F4: a name is never markup, wherever it is shown."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    row = device(model=evil, purpose=evil)
    client.force_login(person("UNIT_HEAD"))

    for url in (
        reverse("inventory:devices"),
        reverse("inventory:device", args=[row.pk]),
        reverse("inventory:device_edit", args=[row.pk]),
        reverse("inventory:device_step", args=[row.pk, "remove"]),
    ):
        text = client.get(url).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
