"""The bench: `manage.py device probe|clock|recordings|snapshot|clip|discover`. See docs/bench.md."""

from __future__ import annotations

import asyncio
import getpass
import ipaddress
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
)
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

import audit
from cameras.device_bench import bench, tables
from cameras.device_bench import facts as bench_facts
from cameras.device_bench.arguments import (
    PASSWORD_VARIABLE,
    channel_of,
    day_of,
    endpoint_of,
    login_of,
    new_file,
    seconds_of,
    span_of,
    wrong,
)
from cameras.device_bench.recordings import find_recordings
from cameras.protocols.base import DeviceError, TooSlow
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
from cameras.wording.reasons import word_for
from core import tsi
from core.text import clean_label
from inventory.models import Address, Device

# One call of a probe: a person waits, and most addresses that are asked hold no camera.
PROBE_DEADLINE_S = 6.0
CALLS_LONG = 10
DISCOVERY_S = 4.0
# In the order in which POSIX looks at them.
_LANGUAGE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
T = TypeVar("T")
Table = Callable[[dict[str, Any]], Iterator[tuple[str, Any]]]


class Command(BaseCommand):
    help = (
        "Talks to one device by its address, in the inventory or not. The password comes from a prompt "
        f"or from {PASSWORD_VARIABLE}, never from the command line. Times without a zone are Türkiye time."
    )
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Errors of the parser do not repeat what was typed: it may hold a password."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = self.refuse_words  # type: ignore[method-assign]
        return parser

    def refuse_words(self, message: str) -> NoReturn:
        """Ends with exit code 2, also where nobody catches a CommandError yet."""
        if "unrecognized" in message:
            message = "An option that this command does not know. A password is never one."
        if not getattr(self, "_called_from_command_line", False):
            raise wrong(message)
        self.stderr.write(message)
        sys.exit(2)

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
        search.add_argument("--seconds", type=float, help="how long to listen (4)")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        self.as_json: bool = options["json"]
        self.usual_deadline = (
            PROBE_DEADLINE_S if verb == "probe" else settings.DEVICE_DEADLINE_SECONDS
        )
        try:
            with translation.override(None if self.as_json else terminal_language()):
                getattr(self, f"do_{verb}")(options)
        except BrokenPipeError:
            # Whoever read the output has had enough, as `head` does; nothing more can be said there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    # --- the verbs -------------------------------------------------------------------------------

    def do_probe(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        self.write_down("probe", target, options)
        report = self.talk(
            "probe",
            target,
            lambda transport: probe(transport, target.endpoint, target.login, target.protocol),
        )
        facts = {"verb": "probe"} | report.as_json() | {"failures": report.failures}
        self.show(facts, tables.probe_table)
        if report.protocol:
            return
        raise CommandError(report.sentence or sentence_of(report.reason, report.detail))

    def do_clock(self, options: dict[str, Any]) -> None:
        target = self.target_of(options, timed=True)
        self.write_down("clock", target, options)
        found = self.talk("clock", target, lambda transport: bench.measure_clock(transport, target))
        self.show(bench_facts.clock(target, found), tables.clock_table)

    def do_recordings(self, options: dict[str, Any]) -> None:
        target = self.target_of(options, timed=True)
        day, number = day_of(options["day"]), channel_of(options)
        span = tsi.day_bounds_ms(day)
        self.write_down("recordings", target, options, channel=number, day=day.isoformat())
        found = self.talk(
            "recordings",
            target,
            lambda transport: find_recordings(transport, target, number, *span),
        )
        facts = bench_facts.recordings(target, day.isoformat(), number, span, found)
        self.show(facts, tables.recordings_table)

    def do_snapshot(self, options: dict[str, Any]) -> None:
        target = self.target_of(options)
        number, out = channel_of(options), new_file(options["out"])
        self.write_down("snapshot", target, options, channel=number)
        taken = self.talk(
            "snapshot",
            target,
            lambda transport: bench.take_snapshot(transport, target, number),
        )
        taken_at = bench_facts.iso(tsi.to_ms(timezone.now())) or ""
        if out is not None and taken.picture is not None:
            write_new(out, taken.picture.data)
        facts = bench_facts.snapshot(target, number, taken_at, str(out) if out else None, taken)
        self.show(facts, tables.snapshot_table)

    def do_clip(self, options: dict[str, Any]) -> None:
        target = self.target_of(options, timed=True)
        since, until = span_of(options)
        number, out = channel_of(options), new_file(options["out"])
        if out is None:
            raise wrong("--out needs the name of a file.")
        refuse_in_service(target.endpoint.host)
        self.write_down(
            "clip", target, options, channel=number, since=tsi.stamp(since), until=tsi.stamp(until)
        )
        span = tsi.to_ms(since), tsi.to_ms(until)
        fetched = self.talk(
            "clip",
            target,
            lambda transport: bench.clip(
                transport, target, number, *span, out, on_progress=self.progress
            ),
        )
        if fetched.report is None:
            raise CommandError(_("Nothing was delivered."))
        facts = bench_facts.clip(target, number, span, fetched, fetched.report)
        self.show(facts, tables.clip_table)
        if facts["warning"] and self.as_json:
            # Whoever reads the document with a program reads this line all the same.
            self.stderr.write(facts["warning"])

    def do_discover(self, options: dict[str, Any]) -> None:
        try:
            asked = list(addresses_in(options["ranges"]))
        except ValueError as error:
            raise wrong(str(error)) from None
        seconds = seconds_of(options, DISCOVERY_S)
        prepare_database()
        record("discover", ", ".join(options["ranges"]) or "multicast", options["reason"], {})
        found = asyncio.run(search(asked, seconds))
        known = set(Address.objects.current().values_list("ip", flat=True))
        facts = bench_facts.found_devices(found, known)
        self.show(facts, tables.discover_table)
        if not found:
            raise CommandError(_("Nothing answered."))

    # --- what they share -------------------------------------------------------------------------

    def target_of(self, options: dict[str, Any], *, timed: bool = False) -> bench.Target:
        """`timed` for verbs that tell true time: then this server's own clock is asked about first."""
        endpoint = endpoint_of(options)
        self.deadline = seconds_of(options, self.usual_deadline)
        is_asked = timed and settings.NTP_SERVERS
        server = asyncio.run(server_clock(settings.NTP_SERVERS)) if is_asked else None
        return bench.Target(endpoint, login_of(options["user"]), options["protocol"], server)

    def write_down(
        self, verb: str, target: bench.Target, options: dict[str, Any], **facts: Any
    ) -> None:
        """Audited and committed before the first byte goes out."""
        prepare_database()
        user = target.login.username if target.login else ""
        facts |= {"port": target.endpoint.port, "protocol": target.protocol, "device_user": user}
        record(verb, target.endpoint.host, options["reason"], facts)

    def talk(
        self,
        verb: str,
        target: bench.Target,
        work: Callable[[Transport], Awaitable[T]],
    ) -> T:
        """Runs one conversation. What the device does wrong ends as one sentence."""
        deadline = self.deadline
        # A clip has a limit of its own, which grows with its length.
        longest = None if verb == "clip" else CALLS_LONG * deadline

        async def conversation() -> T:
            async with Transport(deadline=deadline) as transport:
                try:
                    async with asyncio.timeout(longest):
                        return await work(transport)
                except TimeoutError:
                    raise TooSlow("the device did not finish in time") from None

        try:
            return asyncio.run(conversation())
        except DeviceError as error:
            if self.as_json:
                self.write_json(bench_facts.refusal(verb, target, error))
            raise CommandError(sentence_of(error.reason, error.detail)) from None
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error.strerror or error}") from None

    def progress(self, moved: Any) -> None:
        if sys.stderr.isatty():
            stamp = bench_facts.iso(moved.stamp_ms)
            self.stderr.write(f"\r{stamp}  {moved.bytes // 1024} KiB", ending="")

    def show(self, facts: dict[str, Any], table: Table) -> None:
        if self.as_json:
            self.write_json(facts)
            return
        for left, right in table(facts):
            self.stdout.write(f"{left:<22} {right}" if left else str(right))

    def write_json(self, facts: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2, default=str))


class _Parser(CommandParser):
    """A sub-command's parser; argparse makes them without Django's keyword arguments."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("called_from_command_line", None)
        super().__init__(called_from_command_line=True, **kwargs)


def terminal_language() -> str | None:
    """Turkish where the terminal asks for it; None = English, as the texts are written."""
    told = next((os.environ[name] for name in _LANGUAGE_VARIABLES if os.environ.get(name)), "")
    return "tr" if told.lower().startswith("tr") else None


def sentence_of(reason: str, detail: str) -> str:
    """Why nothing was given: the code, its words, and what this device said or did."""
    behind = f" ({clean_label(detail, 300)})" if detail else ""
    return f"{reason}: {word_for(reason)}{behind}"


def write_new(path: Path, data: bytes) -> None:
    """The whole file or none."""
    try:
        with path.open("xb") as file:
            try:
                file.write(data)
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None


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


def refuse_in_service(host: str) -> None:
    """Footage of a device in service leaves by a request only. A name could lead to any device."""
    if not settings.PRODUCTION:
        return
    try:
        written = ipaddress.ip_address(host)
    except ValueError:
        raise wrong("Give the IP address: a clip is not fetched by name.") from None
    mapped = getattr(written, "ipv4_mapped", None)
    counted = [Device.Status.IN_SERVICE, Device.Status.FAULTY]
    current = Address.objects.current().filter(
        ip=str(mapped or written), device__status__in=counted
    )
    if current.exists():
        record("clip_refused", host, "in service", {})
        words = _("%(host)s is in service: its footage leaves by a request only.")
        raise CommandError(words % {"host": host})
