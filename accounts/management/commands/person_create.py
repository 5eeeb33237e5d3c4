"""manage.py person_create: enters a person; the first one also gets the role ADMIN with --admin."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts import people
from accounts.models import Role


class Command(BaseCommand):
    help = (
        "Enters a person. The password comes from a prompt or PERSON_PASSWORD, never an argument."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("staff_number")
        parser.add_argument("full_name")
        parser.add_argument("--email", default="")
        parser.add_argument("--language", default="tr", choices=["tr", "en"])
        parser.add_argument(
            "--admin", action="store_true", help="also grants ADMIN, for the first person"
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("PERSON_PASSWORD") or getpass.getpass("Password: ")
        try:
            with transaction.atomic():
                person = people.create(
                    options["staff_number"],
                    options["full_name"],
                    password,
                    by="command",
                    email=options["email"],
                    language=options["language"],
                )
                if options["admin"]:
                    people.grant_role(
                        person, Role.ADMIN, by="command", document="manage.py person_create --admin"
                    )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(f"entered {person} ({person.staff_number})")
