"""The bench: `manage.py device probe|clock|recordings|snapshot|clip|discover`."""

from __future__ import annotations

import asyncio
import datetime as dt
import getpass
import json
import os
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import audit
from cameras import bench, bench_tables, clocks
from cameras.bench_tables import iso
from cameras.protocols.base import DeviceError, Endpoint, Login
from cameras.protocols.discovery import (
    Found,
    addresses_in,
    own_addresses,
    probe_addresses,
    probe_networks,
)
from cameras.protocols.http import Transport
from cameras.protocols.ntp import server_clock
from cameras.protocols.registry import PROTOCOLS, probe
from cameras.reasons import word_for
from core import tsi
from core.secret import Secret
from core.text import clean_label
from inventory.models import Address, Device

PASSWORD_VARIABLE = "DEVICE_PASSWORD"  # noqa: S105  the name of a variable
LONGEST_CLIP = dt.timedelta(hours=24)
T = TypeVar("T")


class Command(BaseCommand):
    help = (
        "Talks to one device by its address, in the inventory or not. The password comes from a prompt "
        f"or from {PASSWORD_VARIABLE}, never from the command line. Times without a zone are Türkiye time."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
        one = _Parser(add_help=False)
        one.add_argument("address", help="IP address or host name, with :port if you like")
        one.add_argument("--port", type=int, help="HTTP port (80, or 443 with --tls)")
        one.add_argument("--rtsp-port", type=int, help="RTSP port, when it is not the one told")
        one.add_argument("--tls", action="store_true", help="HTTPS")
        one.add_argument("--user", default="", help="user name on the device")
        one.add_argument("--protocol", choices=["auto", *PROTOCOLS], default="auto")
        one.add_argument("--seconds", type=float, help="deadline of one call to the device")
        both = _Parser(add_help=False)
        both.add_argument("--reason", default="", help="why, for the audit log")
        both.add_argument(
            "--json", action="store_true", help="one JSON document instead of a table"
        )
        verbs.add_parser(
            "probe", parents=[one, both], help="what it is, what it can, how it speaks"
        )
        verbs.add_parser("clock", parents=[one, both], help="its clock against true time")
        recordings = verbs.add_parser("recordings", parents=[one, both], help="what it recorded")
        recordings.add_argument("--channel", type=int, default=1)
        recordings.add_argument("--day", help="2026-11-22 (default: today)")
        snapshot = verbs.add_parser("snapshot", parents=[one, both], help="a still picture")
        snapshot.add_argument("--channel", type=int, default=1)
        snapshot.add_argument("--out", help="file to write")
        clip = verbs.add_parser("clip", parents=[one, both], help="a past span, copied bit for bit")
        clip.add_argument("--channel", type=int, default=1)
        clip.add_argument(
            "--from", dest="since", required=True, help="true time, 2026-11-22T10:00:00"
        )
        clip.add_argument("--to", dest="until", required=True, help="true time")
        clip.add_argument("--out", required=True, help="MP4 file to write")
        search = verbs.add_parser("discover", parents=[both], help="what is on the network")
        search.add_argument("ranges", nargs="*", help="192.168.1.0/24 ...: ask these addresses too")
        search.add_argument("--seconds", type=float, default=4.0)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        prepare_database()
        self.as_json: bool = options["json"]
        getattr(self, f"do_{verb}")(options)

    # --- the verbs -------------------------------------------------------------------------------

    def do_probe(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        self.write_down("probe", target, options)
        report = self.talk(
            options,
            lambda transport: probe(transport, target.endpoint, target.login, target.protocol),
        )
        self.show(report.as_json(), bench_tables.probe_table)
        if not report.answered:
            raise CommandError(f"No answer: {word_for(report.reason.partition(' ')[0])}")

    def do_clock(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        self.write_down("clock", target, options)
        measured = self.talk(options, lambda transport: bench.measure_clock(transport, target))
        ours = asyncio.run(server_clock(settings.NTP_SERVERS)) if settings.NTP_SERVERS else None
        found = clocks.classify(measured)
        self.show(
            {
                "address": target.endpoint.host,
                "measured_at": iso(measured.at_ms),
                "offset_ms": measured.offset_ms,
                "utc_offset_ms": measured.utc_offset_ms,
                "local_offset_ms": measured.local_offset_ms,
                "uncertainty_ms": measured.uncertainty_ms,
                "method": measured.method,
                "round_trip_ms": measured.round_trip_ms,
                "reads": measured.reads,
                "verdict": found.verdict,
                "zone": clean_label(measured.zone),
                "daylight_saving": measured.daylight_saving,
                "server_clock_proven": bool(ours and ours.verified),
                "server_clock_offset_ms": ours.offset_ms if ours else None,
            },
            bench_tables.clock_table,
        )

    def do_recordings(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        day = day_of(options["day"])
        start_ms, end_ms = tsi.day_bounds_ms(day)
        number = channel_of(options)
        self.write_down("recordings", target, options, channel=number, day=day.isoformat())
        found = self.talk(
            options,
            lambda transport: bench.find_recordings(transport, target, number, start_ms, end_ms),
        )
        answer = found.answer
        expected_ms = sum(e - s for s, e in found.gaps) + sum(e - s for s, e in found.intervals)
        self.show(
            {
                "address": target.endpoint.host,
                "channel": number,
                "day": day.isoformat(),
                "source": answer.source if answer else "",
                "complete": bool(answer and answer.complete),
                "notes": list(answer.notes) if answer else [],
                "pages": answer.pages if answer else 0,
                "time": "true" if found.is_true_time else "device",
                "time_base": answer.time_base if answer else "",
                "offset_ms": found.clock.offset_ms if found.clock else None,
                "uncertainty_ms": found.clock.uncertainty_ms if found.clock else None,
                "expected_ms": expected_ms,
                "recorded_ms": sum(e - s for s, e in found.intervals),
                "longest_gap_ms": max((e - s for s, e in found.gaps), default=0),
                "intervals": spans(found.intervals),
                "gaps": spans(found.gaps),
                "second_source": found.second.source if found.second else None,
                "disputed": spans(found.disputed),
                "earliest": iso(found.earliest_ms),
                "failures": [{"what": what, "reason": why} for what, why in found.failures],
            },
            bench_tables.recordings_table,
        )

    def do_snapshot(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        number = channel_of(options)
        out = Path(options["out"]) if options["out"] else None
        if out is not None and out.exists():
            raise CommandError(f"{out} is there already.")
        self.write_down("snapshot", target, options, channel=number)
        picture, still, half = self.talk(
            options, lambda transport: bench.take_snapshot(transport, target, number)
        )
        if out is not None:
            out.write_bytes(picture.data)
        self.show(
            {
                "address": target.endpoint.host,
                "channel": number,
                "taken_at": tsi.stamp(timezone.now()),
                "bytes": len(picture.data),
                "sha256": bench.sha256(picture.data),
                "content_type": clean_label(picture.content_type),
                "width": still.width if still else None,
                "height": still.height if still else None,
                "file": str(out) if out else None,
                "failures": [{"what": what, "reason": why} for what, why in half.failures],
            },
            bench_tables.plain_table,
        )

    def do_clip(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        since, until = instant_of(options["since"], "--from"), instant_of(options["until"], "--to")
        if not since < until <= timezone.now():
            raise CommandError("--from must lie before --to, and --to in the past.")
        if until - since > LONGEST_CLIP:
            raise CommandError("A clip of at most 24 hours, please: split it.")
        number, out = channel_of(options), Path(options["out"])
        if out.exists():
            raise CommandError(f"{out} is there already.")
        refuse_in_service(target.endpoint.host)
        self.write_down(
            "clip", target, options, channel=number, since=tsi.stamp(since), until=tsi.stamp(until)
        )
        start_ms, end_ms = tsi.to_ms(since), tsi.to_ms(until)
        fetched = self.talk(
            options,
            lambda transport: bench.clip(
                transport, target, number, start_ms, end_ms, out, on_progress=self.progress
            ),
        )
        self.show(clip_facts(target, number, (start_ms, end_ms), fetched), bench_tables.clip_table)

    def do_discover(self, options: dict[str, Any]) -> None:
        try:
            asked = list(addresses_in(options["ranges"]))
        except ValueError as error:
            raise CommandError(str(error)) from None
        record("discover", ", ".join(options["ranges"]) or "multicast", options["reason"], {})
        found = asyncio.run(search(asked, options["seconds"]))
        known = set(Address.objects.current().values_list("ip", flat=True))
        rows = [{**asdict(item), "in_inventory": item.address in known} for item in found]
        self.show({"found": rows}, bench_tables.discover_table)

    # --- what they share -------------------------------------------------------------------------

    def target_of(self, options: dict[str, Any]) -> bench.Target:
        endpoint = endpoint_of(options)
        return bench.Target(endpoint, login_of(options["user"]), options["protocol"])

    def write_down(
        self, verb: str, target: bench.Target, options: dict[str, Any], **facts: Any
    ) -> None:
        """Audited and committed before the first byte goes out."""
        user = target.login.username if target.login else ""
        facts |= {"port": target.endpoint.port, "protocol": target.protocol, "device_user": user}
        record(verb, target.endpoint.host, options["reason"], facts)

    def talk(self, options: dict[str, Any], work: Any) -> Any:
        """Runs one conversation. What the device does wrong ends as one sentence."""
        deadline = options["seconds"] or settings.DEVICE_DEADLINE_SECONDS

        async def conversation() -> Any:
            async with Transport(deadline=deadline) as transport:
                return await work(transport)

        try:
            return run(conversation())
        except DeviceError as error:
            detail = f" ({clean_label(error.detail, 300)})" if error.detail else ""
            if self.as_json:
                self.stdout.write(
                    json.dumps({"answered": False, "reason": error.reason, "detail": error.detail})
                )
            raise CommandError(f"{error.reason}: {word_for(error.reason)}{detail}") from None
        except OSError as error:
            raise CommandError(str(error)) from None

    def progress(self, moved: Any) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{iso(moved.stamp_ms)}  {moved.bytes // 1024} KiB", ending="")

    def show(self, facts: dict[str, Any], table: Any) -> None:
        if self.as_json:
            self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
            return
        for left, right in table(facts):
            self.stdout.write(f"{left:<22} {right}" if left else str(right))


class _Parser(CommandParser):
    """A sub-command's parser; argparse makes them without Django's keyword arguments."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("called_from_command_line", None)
        super().__init__(called_from_command_line=True, **kwargs)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def search(asked: list[str], seconds: float) -> list[Found]:
    """Multicast on every interface of ours, and the asked addresses one by one."""
    found = await probe_networks(own_addresses(), seconds=seconds)
    if asked:
        found += await probe_addresses(asked, seconds=seconds)
    return list({(item.address, item.port): item for item in found}.values())


def prepare_database() -> None:
    """The bench writes to the audit log; on a machine of one's own the database is made at first use."""
    try:
        if "audit_entry" in connection.introspection.table_names():
            return
    except DatabaseError as error:
        raise CommandError(
            f"The audit log cannot be reached, so nothing is asked: {error}"
        ) from None
    if settings.PRODUCTION or connection.vendor != "sqlite":
        raise CommandError("The database has no tables yet. Run: manage.py migrate")
    Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)


def record(verb: str, address: str, reason: str, facts: dict[str, Any]) -> None:
    with transaction.atomic():
        audit.record(
            f"bench.{verb}",
            actor=f"bench ({getpass.getuser()})",
            target=("address", address, address),
            because=reason,
            **facts,
        )


def endpoint_of(options: dict[str, Any]) -> Endpoint:
    """The typed address, and only that, is dialled."""
    text = options["address"]
    parts = urlsplit(text if "//" in text else f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CommandError(f"{text} is not an address: {error}") from None
    if not host or parts.username or parts.scheme not in {"", "http", "https"}:
        raise CommandError(f"{text} is not an address. Write 192.168.1.20 or 192.168.1.20:8080.")
    tls = options["tls"] or parts.scheme == "https"
    port = options["port"] or port or (443 if tls else 80)
    for number in (port, options["rtsp_port"] or 554):
        if not 1 <= number <= 65535:
            raise CommandError(f"{number} is not a port.")
    return Endpoint(host, port, options["rtsp_port"], tls)


def login_of(user: str) -> Login | None:
    """The password from the environment, else from a prompt."""
    if not user:
        return None
    plain = os.environ.get(PASSWORD_VARIABLE)
    if plain is None:
        if not sys.stdin.isatty():
            raise CommandError(f"Set {PASSWORD_VARIABLE}, or run this in a terminal to be asked.")
        plain = getpass.getpass(f"Password of {user}: ")
    return Login(user, Secret(plain))


def refuse_in_service(host: str) -> None:
    """Footage of a device in service leaves by a request only."""
    if not settings.PRODUCTION:
        return
    counted = [Device.Status.IN_SERVICE, Device.Status.FAULTY]
    current = Address.objects.current().filter(ip=host, device__status__in=counted)
    if current.exists():
        record("clip_refused", host, "in service", {})
        raise CommandError(f"{host} is in service: its footage leaves by a request only.")


def channel_of(options: dict[str, Any]) -> int:
    if not 1 <= options["channel"] <= 10_000:
        raise CommandError("Channels count from 1.")
    return int(options["channel"])


def day_of(text: str | None) -> dt.date:
    if not text:
        return tsi.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is not a day. Write 2026-11-22.") from None


def instant_of(text: str, name: str) -> dt.datetime:
    """ISO 8601; without a zone it is Türkiye time."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{name} {text}: write 2026-11-22T10:00:00 (Türkiye time).") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=tsi.TSI)


def spans(intervals: Any) -> list[dict[str, Any]]:
    return [{"start": iso(s), "end": iso(e), "seconds": (e - s) / 1000} for s, e in intervals]


def clip_facts(
    target: bench.Target, number: int, asked: tuple[int, int], fetched: bench.ClipFetched
) -> dict[str, Any]:
    report, shift = fetched.report, fetched.offset_ms or 0
    if report is None:
        raise CommandError("Nothing was delivered.")
    return {
        "address": target.endpoint.host,
        "channel": number,
        "asked": {"start": iso(asked[0]), "end": iso(asked[1])},
        "delivered": {
            "start": iso(report.delivered_start_ms - shift),
            "end": iso(report.delivered_end_ms - shift),
        },
        "time": "true" if fetched.offset_ms is not None else "device",
        "offset_ms": fetched.offset_ms,
        "uncertainty_ms": fetched.clock.uncertainty_ms if fetched.clock else None,
        "stamp_source": report.stamp_source,
        "range_reply": clean_label(report.range_reply),
        "ended_by": report.ended_by,
        "complete": report.is_complete,
        "gaps": spans([(s - shift, e - shift) for s, e in report.gaps]),
        "gap_count": report.gap_count,
        "gap_ms": report.gap_ms,
        "codec": report.codec,
        "width": report.width,
        "height": report.height,
        "frames": report.frames,
        "packets_lost": report.packets_lost,
        "bytes": report.bytes,
        "sha256": report.sha256,
        "bitstream_sha256": report.bitstream_sha256,
        "file": str(report.path),
        "failures": [{"what": what, "reason": why} for what, why in fetched.failures],
    }
