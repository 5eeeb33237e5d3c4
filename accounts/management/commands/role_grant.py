"""manage.py role_grant: grants a role to a person because of a document."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import people
from accounts.models import Person, Role, RoleGrant


class Command(BaseCommand):
    help = "Grants a role to a person because of a document."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("staff_number")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--document", required=True, help="letter or order that grants it")
        parser.add_argument("--from", dest="starts_on", type=dt.date.fromisoformat)
        parser.add_argument("--until", dest="ends_on", type=dt.date.fromisoformat)
        parser.add_argument(
            "--scope", default="all", help="all, site:ID or building:ID (default: all)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(staff_number=options["staff_number"]).first()
        if person is None:
            raise CommandError(f"There is no person with staff number {options['staff_number']}.")
        kind, _, number = options["scope"].partition(":")
        if kind not in RoleGrant.ScopeKind.values or (kind == "all") == number.isdecimal():
            raise CommandError("--scope is all, site:ID or building:ID.")
        try:
            grant = people.grant_role(
                person,
                options["role"],
                by="command",
                document=options["document"],
                starts_on=options["starts_on"],
                ends_on=options["ends_on"],
                scope_kind=kind,
                scope_id=int(number) if number else None,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(f"granted: {grant}")
