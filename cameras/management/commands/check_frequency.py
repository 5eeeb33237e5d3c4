"""How often each kind of check is asked: `manage.py check_frequency [KIND DAYS --by NUMBER --reason WHY]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from cameras.models import CheckFrequency, CheckKind
from cameras.permissions import can_change_frequencies

KINDS = [str(kind) for kind in CheckKind if kind != CheckKind.RECORDING]


class Command(BaseCommand):
    help = "Lists how often each kind of check is asked, or changes one. Recording is asked every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", choices=KINDS)
        parser.add_argument("days", nargs="?", type=int, help="1 = every night, 7 = once a week")
        parser.add_argument("--by", default="", help="staff number of the person who changes it")
        parser.add_argument("--reason", default="", help="why it is changed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kind"]:
            self._change(options)
        every = dict(CheckFrequency.objects.values_list("kind", "every_days"))
        for kind in CheckKind.values:
            self.stdout.write(f"{kind:<10} every {every.get(kind, 1)} day(s)")

    def _change(self, options: dict[str, Any]) -> None:
        days = options["days"]
        if days is None or not 1 <= days <= 365:
            raise CommandError("Say every how many days, 1 to 365.")
        person = Person.objects.filter(staff_number=options["by"], is_active=True).first()
        if person is None or not can_change_frequencies(person):
            raise CommandError("--by needs the staff number of a unit head or administrator.")
        if not options["reason"]:
            raise CommandError("--reason says why it is changed.")
        CheckFrequency.keep(options["kind"], days, by=person, because=options["reason"])
