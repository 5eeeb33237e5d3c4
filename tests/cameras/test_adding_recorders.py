"""A recorder is added by its address and login: what it says is shown step by step and accepted by a person."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import vault
from accounts.models import Person
from audit.models import Entry
from cameras.surveys import accepting, adding
from cameras.surveys.accepting import Accepted
from cameras.wording.names import device_names, model_of
from core.secret import Secret
from inventory import moves
from inventory.models import Channel, Device, Installation, Network, Position, Survey
from simulator.campus_file import read_campus
from simulator.recording import tsi_midnight
from simulator.world import true_now_ms
from tests.cameras.simulated import Served
from tests.cameras.test_simulated_night import recorder
from tests.inventory import rows
from tests.protocols.vendor_device import Answer, Asked, VendorDevice, serving

pytestmark = pytest.mark.django_db

PASSWORD = "a-password"


@pytest.fixture
def served() -> Iterator[Served]:
    devices = [
        recorder("hikadd", "isapi", "127.97.3.1", "Hikvision"),
        recorder("deadadd", "isapi", "127.97.3.2", "Hikvision", faults={"dead": True}),
    ]
    with Served(read_campus({"devices": devices}, tsi_midnight(true_now_ms()))) as campus:
        yield campus


@pytest.fixture
def head() -> Person:
    return rows.person("UNIT_HEAD")


def ask(client: Client, served: Served, number: int = 0, password: str = PASSWORD) -> Survey:
    """Fills in the form as a person does, and lets a worker do its part."""
    sim = served.campus.devices[number]
    network = Network.objects.filter(cidr="127.64.0.0/10").first()
    network = network or rows.network("127.64.0.0/10")
    answer = client.post(
        reverse("cameras:add"),
        {
            "network": network.pk,
            "ip": sim.address,
            "http_port": sim.http_port or 8080,
            "protocol": "auto",
            "username": "izleme",
            "password": password,
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    assert adding.work_one()
    return Survey.objects.latest("pk")


def test_a_recorder_tells_what_it_is_step_by_step(
    client: Client, served: Served, head: Person
) -> None:
    client.force_login(head)

    survey = ask(client, served)

    assert [(name, answer) for name, answer, _detail in survey.steps][:4] == [
        ("open", "yes"),
        ("identity", "yes"),
        ("clock", "yes"),
        ("channels", "yes"),
    ]
    assert abs(survey.found["offset_ms"]) < 5000
    assert [one["number"] for one in survey.found["channels"]] == [1, 2]
    page = client.get(reverse("cameras:survey", args=[survey.token])).content.decode()
    assert "HIKADD000001" in page
    assert PASSWORD not in page
    assert Position.objects.count() == 0


def test_accepted_channels_become_positions_cameras_and_assignments(
    client: Client, served: Served, head: Person
) -> None:
    client.force_login(head)
    survey = ask(client, served)
    place = rows.position()
    form = {"floor": place.floor_id, "group": place.group_id}
    chosen = {"take-1": "on", "code-1": "N-1", "name-1": "North", "take-2": "on",
              "code-2": "N-2", "name-2": "South"}  # fmt: skip

    without_place = client.post(reverse("cameras:survey_accept", args=[survey.token]), chosen)
    answer = client.post(reverse("cameras:survey_accept", args=[survey.token]), form | chosen)

    assert (without_place.status_code, answer.status_code) == (422, 302)
    device = survey.device
    assert device is not None
    device.refresh_from_db()
    assert (device.maker, device.serial) == ("Hikvision", "HIKADD000001")
    assert Channel.objects.filter(recorder=device).count() == 2
    north = Position.objects.get(code="N-1")
    assert north.status == "PLANNED"
    assert north.device_at(timezone.now()) is not None
    assert [line.is_done for line in accepting.proposals(survey)] == [True, True]
    assert Entry.objects.filter(action="survey.accept").count() == 1
    # Twice does no harm.
    again = client.post(reverse("cameras:survey_accept", args=[survey.token]), form | chosen)
    assert again.status_code == 422
    assert Position.objects.count() == 3


def test_one_taken_code_leaves_nothing_behind(client: Client, served: Served, head: Person) -> None:
    client.force_login(head)
    survey = ask(client, served)
    place = rows.position()
    wishes = [Accepted(1, "FREE", "One"), Accepted(2, place.code, "Two")]

    with pytest.raises(ValidationError):
        accepting.accept(survey, wishes, (place.floor, place.group), by=head)

    assert Position.objects.count() == 1
    assert Channel.objects.count() == 0


def test_a_camera_that_hangs_already_brings_its_position(
    client: Client, served: Served, head: Person
) -> None:
    """A second recorder, or a new one in the place of the old, makes no second position."""
    client.force_login(head)
    survey = ask(client, served)
    place, camera = rows.position(), rows.device()
    moves.install(camera, place, rows.at(), head)
    moves.move_address(camera, rows.network("10.50.0.0/24"), "10.50.0.9", rows.at(), head)
    survey.found["channels"][0]["address"] = "10.50.0.9"
    survey.save()
    # Neither floor nor group: no position is made of it.
    answer = client.post(reverse("cameras:survey_accept", args=[survey.token]), {"take-1": "on"})

    assert answer.status_code == 302
    assert Position.objects.count() == 1
    assert place.assignments.get().channel.recorder_id == survey.device_id


def test_a_refused_login_is_said_and_parked(client: Client, served: Served, head: Person) -> None:
    client.force_login(head)

    survey = ask(client, served, password="wrong-one")

    assert survey.steps[0][:2] == ["open", "no"]
    assert survey.finished_at is not None
    assert survey.device is not None
    with pytest.raises(vault.CredentialParked):
        vault.login_for(survey.device)


@pytest.fixture
def turns_away() -> Iterator[VendorDevice]:
    """A recorder that shows everybody who it is, and refuses every login for the rest."""
    info = b"<DeviceInfo><model>DS-77</model><serialNumber>TURNS000001</serialNumber></DeviceInfo>"

    def answer(asked: Asked) -> Answer:
        if asked.path == "/ISAPI/System/deviceInfo":
            return info
        return device.refusal(asked, "another password") or b""

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    context = serving(answer, host="127.97.3.9")
    device = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(300)
    yield device
    asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(300)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_login_that_is_refused_after_the_identity_is_parked_and_asked_no_more(
    head: Person, turns_away: VendorDevice
) -> None:
    device = accepting.begin(
        rows.network("127.64.0.0/10"),
        turns_away.host,
        turns_away.port,
        tls=False,
        protocol="isapi",
        by=head,
    )
    vault.store(device, "izleme", Secret(PASSWORD), by=head, because="test")
    survey = Survey.objects.create(kind="RECORDER", device=device, asked_by=head)

    assert adding.work_one()

    survey.refresh_from_db()
    assert [(name, answer) for name, answer, _detail in survey.steps] == [
        ("open", "yes"),
        ("identity", "yes"),
        ("clock", "no"),
    ]
    assert len(turns_away.logins) <= 2
    with pytest.raises(vault.CredentialParked):
        vault.login_for(device)


def test_a_recorder_that_nothing_is_known_of_yet_is_called_by_its_address(head: Person) -> None:
    network = rows.network("10.50.0.0/16")

    device = accepting.begin(network, "10.50.0.9", 80, tls=False, protocol="auto", by=head)

    assert str(device) == model_of(device) == "10.50.0.9"
    assert device_names([device.pk]) == {device.pk: "10.50.0.9"}


def test_a_survey_that_kills_its_workers_ends_and_says_so(client: Client, head: Person) -> None:
    """E6: three workers were lost over it; the fourth does not ask, it tells."""
    client.force_login(head)
    long_ago = timezone.now() - dt.timedelta(hours=1)
    survey = Survey.objects.create(kind="NETWORKS", asked_by=head, started_at=long_ago, attempts=3)

    assert adding.work_one()
    assert not adding.work_one()

    survey.refresh_from_db()
    assert survey.finished_at is not None
    page = client.get(reverse("cameras:survey", args=[survey.token])).content.decode()
    assert "üç işçi süreç bu sırada kayboldu" in page


def test_every_worker_that_takes_a_survey_is_counted(head: Person, served: Served) -> None:
    survey = Survey.objects.create(kind="RECORDER", asked_by=head)

    assert adding.work_one()

    survey.refresh_from_db()
    assert survey.attempts == 1


def test_a_dead_address_is_said(client: Client, served: Served, head: Person) -> None:
    client.force_login(head)

    survey = ask(client, served, number=1)

    assert survey.steps[0][:2] == ["open", "no"]
    assert client.get(reverse("cameras:survey", args=[survey.token])).status_code == 200


@pytest.mark.parametrize("ip", ["8.8.8.8", "127.0.0.1", "169.254.1.1", "not-an-ip"])
def test_an_address_outside_the_networks_is_never_asked(
    client: Client, head: Person, ip: str
) -> None:
    client.force_login(head)
    data: dict[str, Any] = {"network": rows.network("10.0.0.0/8").pk, "ip": ip, "http_port": 80,
                            "protocol": "auto", "username": "a", "password": "b"}  # fmt: skip

    answer = client.post(reverse("cameras:add"), data)

    assert answer.status_code == 422
    assert Survey.objects.count() == Device.objects.count() == 0


def test_the_address_of_a_known_device_is_refused_with_its_name(
    client: Client, served: Served, head: Person
) -> None:
    client.force_login(head)
    survey = ask(client, served)
    address = survey.device.address_at(timezone.now())  # type: ignore[union-attr]
    assert address is not None
    data = {"network": address.network_id, "ip": address.ip, "http_port": 80, "protocol": "auto",
            "username": "a", "password": "b"}  # fmt: skip

    answer = client.post(reverse("cameras:add"), data)

    assert answer.status_code == 422
    assert address.ip in answer.content.decode()
    assert Survey.objects.count() == 1


def test_nobody_sees_the_survey_of_somebody_else(
    client: Client, served: Served, head: Person
) -> None:
    client.force_login(head)
    survey = ask(client, served)
    client.force_login(rows.person("UNIT_HEAD"))

    assert client.get(reverse("cameras:survey", args=[survey.token])).status_code == 404


def test_looking_around_lists_what_is_known_and_what_is_not(client: Client, head: Person) -> None:
    client.force_login(head)
    survey = Survey.objects.create(kind="NETWORKS", asked_by=head, finished_at=timezone.now())
    known = rows.device("RECORDER")
    moves.move_address(known, rows.network("10.50.0.0/24"), "10.50.0.1", timezone.now(), head)
    survey.found = {
        "devices": [
            {"address": ip, "port": 80, "tls": False, "name": "<b>x</b>", "hardware": ""}
            for ip in ("10.50.0.1", "10.50.0.2")
        ]
    }
    survey.save()

    page = client.get(reverse("cameras:survey", args=[survey.token])).content.decode()

    assert str(known) in page
    assert "?ip=10.50.0.2" in page
    assert "<b>x</b>" not in page


def test_a_device_of_another_building_is_known_and_not_named(client: Client) -> None:
    mine, theirs = rows.building(), rows.position(rows.building())
    head = rows.person("UNIT_HEAD", scope_kind="BUILDING", scope_id=mine.pk)
    client.force_login(head)
    hidden = rows.device(model="Secret-9000")
    Installation.objects.create(device=hidden, position=theirs, starts_at=rows.at())
    moves.move_address(hidden, rows.network("10.50.0.0/24"), "10.50.0.7", timezone.now(), "test")
    told = [{"address": "10.50.0.7", "port": 80, "tls": False, "name": "x", "hardware": ""}]
    survey = Survey.objects.create(
        kind="NETWORKS", asked_by=head, finished_at=timezone.now(), found={"devices": told}
    )

    page = client.get(reverse("cameras:survey", args=[survey.token])).content.decode()

    assert "10.50.0.7" in page
    assert "Secret-9000" not in page
    assert f"/devices/{hidden.pk}/" not in page
    assert "?ip=10.50.0.7" not in page


def test_a_channel_is_not_given_to_a_position_of_another_building(client: Client) -> None:
    """Neither is that position named, nor the camera that hangs there."""
    place = rows.position()
    head = rows.person("UNIT_HEAD", scope_kind="BUILDING", scope_id=place.floor.building_id)
    theirs = rows.position(rows.building())
    hidden = rows.device(model="Secret-9000", serial="HIDDEN0001")
    Installation.objects.create(device=hidden, position=theirs, starts_at=rows.at())
    told = {"number": 1, "token": "", "name": "x", "online": True, "address": "",
            "serial": "HIDDEN0001"}  # fmt: skip
    recorder = rows.device("RECORDER")
    survey = Survey.objects.create(
        kind="RECORDER", device=recorder, asked_by=head, finished_at=timezone.now(),
        found={"channels": [told]},
    )  # fmt: skip
    client.force_login(head)
    form = {"floor": place.floor_id, "group": place.group_id, "take-1": "on"}

    page = client.get(reverse("cameras:survey", args=[survey.token])).content.decode()
    answer = client.post(reverse("cameras:survey_accept", args=[survey.token]), form)

    assert "Secret-9000" not in page
    assert theirs.name not in page
    assert answer.status_code == 422
    assert "yetkiniz olmayan bir binada" in answer.content.decode()
    assert Channel.objects.count() == 0
