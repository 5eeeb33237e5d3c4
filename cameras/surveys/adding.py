"""Adding a recorder by its address: asks it step by step what it is, without writing to it.

The row `inventory.Survey` is the queue and the progress; a worker takes it, asks identity, clock, channels
and the oldest recording, and leaves what it found there. Nothing enters the inventory until a person
accepts it (`cameras.surveys.accepting`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone

import vault
from cameras.protocols.base import (
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Login,
    Reason,
    TimeBase,
)
from cameras.protocols.discovery import (
    Found,
    addresses_in,
    own_addresses,
    probe_addresses,
    probe_networks,
)
from cameras.protocols.http import Transport
from cameras.protocols.registry import OpenDevice, open_device
from core.text import clean_label
from core.tsi import to_ms
from inventory.addresses import check_dialable
from inventory.models import Network, Survey
from vault import CredentialParked, VaultError, login_for, park

log = logging.getLogger(__name__)

T = TypeVar("T")
YES, NO = "yes", "no"
# Longer than any survey: one that was started before that has lost its worker.
LEASE = dt.timedelta(minutes=10)
MOST_ATTEMPTS = 3
"""A survey that killed so many workers is not given to another one."""
WORKERS_LOST = "WORKERS_LOST"
MOST_ASKED_CHANNELS = 64
# A slow recorder is not asked about every channel: the survey has to end before its lease.
OLDEST_SECONDS = 90.0
MOST_ADDRESSES = 4096
_TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000


def work_one() -> bool:
    """Takes one waiting survey and carries it out; False when none waits."""
    now = timezone.now()
    free = Q(started_at=None) | Q(started_at__lt=now - LEASE)
    row = Survey.objects.unfinished().filter(free).order_by("pk").first()
    if row is None:
        return False
    # The WHERE is the lock: of two workers one takes it.
    taken = Survey.objects.filter(pk=row.pk, started_at=row.started_at, finished_at=None)
    if taken.update(started_at=now, attempts=F("attempts") + 1, steps=[], found={}):
        row.refresh_from_db()
        _carry_out(row)
        Survey.objects.filter(pk=row.pk).update(finished_at=timezone.now())
    return True


def _carry_out(row: Survey) -> None:
    if row.attempts > MOST_ATTEMPTS:
        row.step("open", NO, WORKERS_LOST)
        return
    try:
        (_ask_recorder if row.kind == Survey.Kind.RECORDER else _look_around)(row)
    # Whatever it was, the person who waits is told, and the survey is not tried for ever.
    except Exception:
        log.exception("Survey %s broke off", row.pk)
        row.step("open", NO, str(Reason.INTERNAL))


def _ask_recorder(row: Survey) -> None:
    device = row.device
    address = device.address_at(timezone.now()) if device else None
    if device is None or address is None:
        row.step("open", NO, str(Reason.NOT_ASKED))
        return
    try:
        host = check_dialable(address.ip)
        stored = login_for(device)
    except ValidationError as error:
        row.step("open", NO, error.messages[0])
        return
    except CredentialParked:
        row.step("open", NO, str(Reason.CREDENTIAL_PARKED))
        return
    except VaultError as error:
        row.step("open", NO, str(error))
        return
    endpoint = Endpoint(host, device.http_port, device.rtsp_port, device.tls)
    login = Login(stored.username, stored.password) if stored else None
    # One loop for the whole conversation; between its steps the progress is written.
    with asyncio.Runner() as runner:
        transport = Transport(deadline=settings.DEVICE_DEADLINE_SECONDS)
        runner.run(transport.__aenter__())
        try:
            _converse(row, runner.run, transport, endpoint, login)
        finally:
            runner.run(transport.__aexit__(None, None, None))


Run = Callable[[Coroutine[Any, Any, Any]], Any]


def _converse(
    row: Survey, run: Run, transport: Transport, endpoint: Endpoint, login: Login | None
) -> None:
    assert row.device is not None  # noqa: S101  the caller has looked
    try:
        opening = open_device(transport, endpoint, login, protocol=row.device.protocol)
        open_one: OpenDevice = run(opening)
    except DeviceError as error:
        row.step("open", NO, str(error.reason))
        _park_refused(row, login, error)
        return
    try:
        row.found["protocol"] = open_one.protocol
        row.step("open", YES, open_one.protocol)
        _identity(row, run, open_one)
        clock = _clock(row, run, open_one)
        channels = _channels(row, run, open_one)
        _oldest(row, run, open_one, channels, clock)
    except CredentialRefused as refusal:
        # Some devices show who they are to everybody, and refuse what comes after.
        _park_refused(row, login, refusal)
    finally:
        run(open_one.close())


def _park_refused(row: Survey, login: Login | None, error: DeviceError) -> None:
    """A refused login is never tried again by itself: the next tries would lock the account."""
    if row.device is None or error.reason not in {Reason.CREDENTIAL_REFUSED, Reason.LOCKED_OUT}:
        return
    tried = None if login is None else vault.Login(login.username, login.password)
    park(row.device, str(error.reason), tried=tried)


def _ask(row: Survey, name: str, run: Run, question: Coroutine[Any, Any, T]) -> T | None:
    """The answer, or None with the reason among the steps. Raises CredentialRefused, also noted."""
    try:
        answer: T = run(question)
    except DeviceError as error:
        row.step(name, NO, str(error.reason))
        if isinstance(error, CredentialRefused):
            raise
        return None
    return answer


def _identity(row: Survey, run: Run, device: OpenDevice) -> None:
    identity = device.identity
    if identity is None and device.identity_client is not None:
        identity = _ask(row, "identity", run, device.identity_client.identity())
    if identity is None:
        return
    row.found["identity"] = {
        name: clean_label(value, 120)
        for name, value in asdict(identity).items()
        if isinstance(value, str)
    }
    row.found["identity"]["mac"] = clean_label(identity.macs[0], 17) if identity.macs else ""
    words = (identity.maker, identity.model, identity.serial)
    row.step("identity", YES, clean_label(" ".join(filter(None, words)), 200))


def _clock(row: Survey, run: Run, device: OpenDevice) -> Any:
    if device.clock is None:
        row.step("clock", NO, str(Reason.NOT_SUPPORTED))
        return None
    sample = _ask(row, "clock", run, device.clock.read_clock())
    if sample is None:
        return None
    shown = sample.local_ms if sample.utc_ms is None else sample.utc_ms
    if shown is None:
        row.step("clock", NO, str(Reason.CLOCK_UNKNOWN))
        return sample
    middle = (sample.sent_ms + sample.received_ms) / 2
    row.found["offset_ms"] = round(shown + sample.resolution_ms / 2 - middle)
    row.step("clock", YES, str(row.found["offset_ms"]))
    return sample


def _channels(row: Survey, run: Run, device: OpenDevice) -> list[Channel]:
    if device.channels is None:
        row.step("channels", NO, str(Reason.NOT_SUPPORTED))
        return []
    channels = _ask(row, "channels", run, device.channels.channels())
    if channels is None:
        return []
    row.found["channels"] = [
        {
            "number": channel.number,
            "token": clean_label(channel.token, 200),
            "name": clean_label(channel.name, 120),
            "online": channel.online,
            "address": clean_label(channel.address, 45),
            "serial": clean_label(channel.serial, 120),
        }
        for channel in sorted(channels, key=lambda one: one.number)
        if channel.number >= 1
    ]
    row.step("channels", YES, str(len(row.found["channels"])))
    return channels


def _oldest(row: Survey, run: Run, device: OpenDevice, channels: list[Channel], clock: Any) -> None:
    """The oldest recording that the device's index tells, over its channels, in days before now."""
    index = device.recordings
    if index is None or not channels:
        row.step("oldest", NO, str(Reason.NOT_SUPPORTED))
        return
    now_ms = to_ms(timezone.now())
    if clock is not None:
        local = index.index_time_base is TimeBase.DEVICE_LOCAL
        now_ms = (clock.local_ms if local else clock.utc_ms) or now_ms
    oldest: list[int] = []
    until = time.monotonic() + OLDEST_SECONDS
    for channel in channels[:MOST_ASKED_CHANNELS]:
        if time.monotonic() > until:
            break
        try:
            answer = run(index.recordings(channel, now_ms - 3_600_000, now_ms))
        except CredentialRefused as refusal:
            row.step("oldest", NO, str(refusal.reason))
            raise
        except DeviceError:
            continue
        if answer.earliest_ms is not None and answer.earliest_ms > now_ms - _TEN_YEARS_MS:
            oldest.append(answer.earliest_ms)
    if not oldest:
        row.step("oldest", NO, str(Reason.NOT_SUPPORTED))
        return
    row.found["kept_ms"] = now_ms - min(oldest)
    row.step("oldest", YES, str(row.found["kept_ms"] // 86_400_000))


def _look_around(row: Survey) -> None:
    """Asks every interface by multicast, and the networks of the inventory address by address."""
    multicast = asyncio.run(probe_networks(own_addresses()))
    row.step("multicast", YES, str(len(multicast)))
    ranges = Network.objects.filter(via=None).values_list("cidr", flat=True)
    wanted = _dialable(addresses_in(ranges, most=MOST_ADDRESSES))
    answers = asyncio.run(probe_addresses(wanted))
    row.found["devices"] = _told([*multicast, *answers])
    row.step("addresses", YES, str(len(wanted)))


def _dialable(addresses: Any) -> list[str]:
    kept = []
    for address in addresses:
        try:
            kept.append(check_dialable(address))
        except ValidationError:
            continue
    return kept


def _told(answers: list[Found]) -> list[dict[str, Any]]:
    """One line per address that we may dial, sorted, with texts fit to be shown."""
    lines: dict[str, dict[str, Any]] = {}
    for one in answers:
        for address in _dialable([one.address]):
            lines[address] = {
                "address": address,
                "port": one.port,
                "tls": one.tls,
                "name": clean_label(one.name, 80),
                "hardware": clean_label(one.hardware, 80),
            }
    return [lines[address] for address in sorted(lines, key=ipaddress.ip_address)]
