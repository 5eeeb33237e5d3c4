"""Two of the same at one time are refused by the database itself."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from inventory import dated
from inventory.errors import Overlap
from inventory.models import Address, ChannelAssignment, Installation, RecordingSchedule

from . import rows

pytestmark = pytest.mark.django_db
LATER = rows.at(rows.D, 12)


def pairs():
    """name -> two rows that cannot hold at one time."""
    net = rows.network()
    camera, other = rows.device(), rows.device()
    place = rows.position()
    channel = rows.channel()
    return {
        "ip": (
            Address(device=camera, network=net, ip="10.20.0.5"),
            Address(device=other, network=net, ip="10.20.0.5"),
        ),
        "mac": (
            Address(device=camera, network=net, ip="10.20.0.6", mac="00:11:22:33:44:55"),
            Address(device=other, network=net, ip="10.20.0.7", mac="00-11-22-33-44-55"),
        ),
        "channel": (
            ChannelAssignment(channel=channel, position=rows.position()),
            ChannelAssignment(channel=channel, position=rows.position()),
        ),
        "position": (
            Installation(device=camera, position=place),
            Installation(device=other, position=place),
        ),
        "lens": (
            Installation(device=camera, lens_no=2, position=rows.position()),
            Installation(device=camera, lens_no=2, position=rows.position()),
        ),
    }


KINDS = ["ip", "mac", "channel", "position", "lens"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_at_one_time_is_refused_and_names_the_other(kind):
    """INV-9, duty 11: duplicate IP, MAC or channel is impossible in the same time span."""
    first, second = pairs()[kind]
    first.starts_at, first.ends_at = rows.at(), None
    first.save()
    second.starts_at = LATER

    with pytest.raises(Overlap) as refused:
        second.save()

    assert refused.value.row == first


@pytest.mark.parametrize("kind", KINDS)
def test_one_after_the_other_is_allowed(kind):
    first, second = pairs()[kind]
    first.starts_at, first.ends_at = rows.at(), LATER
    first.save()
    second.starts_at = LATER

    second.save()

    assert second.pk


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_makes_two_overlap_is_refused(kind):
    first, second = pairs()[kind]
    first.starts_at, first.ends_at = rows.at(), LATER
    first.save()
    second.starts_at = LATER
    second.save()
    second.starts_at = rows.at(rows.D, 11)

    with pytest.raises(Overlap):
        second.save()


@pytest.mark.parametrize("kind", KINDS)
def test_raw_bulk_writes_are_refused_too(kind):
    first, second = pairs()[kind]
    for row in (first, second):
        row.starts_at = rows.at()
    for row in (first, second):
        if isinstance(row, Address):
            row.normalise()

    with pytest.raises(IntegrityError), transaction.atomic():
        type(first).objects.bulk_create([first, second])


def test_the_same_address_in_another_network_is_another_address():
    recorder = rows.device("RECORDER")
    for net in (rows.network("10.20.0.0/24"), rows.network("10.20.0.0/24", via=recorder)):
        Address.objects.create(
            device=rows.device(),
            network=net,
            ip="10.20.0.9",
            mac="00:11:22:33:44:66",
            starts_at=LATER,
        )

    assert Address.objects.filter(ip="10.20.0.9").count() == 2


def test_rows_without_a_mac_do_not_collide():
    net = rows.network()
    for last in (1, 2):
        Address.objects.create(
            device=rows.device(), network=net, ip=f"10.20.1.{last}", starts_at=LATER
        )

    assert Address.objects.filter(mac="").count() == 2


def test_a_row_cannot_end_before_it_starts():
    with pytest.raises(IntegrityError), transaction.atomic():
        Installation.objects.create(
            device=rows.device(), position=rows.position(), starts_at=LATER, ends_at=LATER
        )


def test_two_schedules_cannot_hold_on_one_day():
    place = rows.position()
    RecordingSchedule.objects.create(position=place, kind="MOTION", valid_from=rows.D)

    with pytest.raises(Overlap):
        RecordingSchedule.objects.create(
            position=place, kind="ALWAYS", valid_from=rows.D + dt.timedelta(days=3)
        )


def test_every_guard_stands_in_the_database():
    """A migration that rebuilds a table on SQLite drops its triggers: this finds it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'x'")
            wanted = {guard.name for guard in dated.GUARDS}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            wanted = {f"{g.name}_{event}" for g in dated.GUARDS for event in ("insert", "update")}
        found = {name for (name,) in cursor.fetchall()}

    assert wanted <= found


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_at_once_one_gets_the_address():
    """INV-9: sixteen parallel claims of one address leave one row and fifteen clear refusals."""
    net = rows.network()
    devices = [rows.device() for _ in range(16)]
    outcomes: list[str] = []
    deadline = time.monotonic() + 240

    def try_once(device):
        now = timezone.now()
        try:
            Address.objects.create(device=device, network=net, ip="10.20.2.2", starts_at=now)
        except Overlap:
            return "refused"
        except OperationalError:
            if connection.vendor == "postgresql":
                return "told of a deadlock"
            # SQLite in memory says "locked" at once instead of waiting.
            time.sleep(random.uniform(0, 0.2))
            return ""
        return "got it"

    def claim(device):
        outcome = ""
        while not outcome and time.monotonic() < deadline:
            outcome = try_once(device)
        outcomes.append(outcome)
        connection.close()

    threads = [threading.Thread(target=claim, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)

    assert sorted(outcomes) == ["got it"] + ["refused"] * 15
    assert Address.objects.filter(ip="10.20.2.2").count() == 1


def test_what_has_no_mac_claims_none():
    """Many rows without a MAC stand side by side: their writers must not wait for each other."""
    own = [guard for guard in dated.GUARDS if guard.table == Address._meta.db_table]

    claimed = [guard.name for guard in own if guard.holds_for(Address(ip="10.20.2.3"))]

    assert claimed == ["inventory_address_one_ip"]
