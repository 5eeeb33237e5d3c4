"""manage.py api_token: makes, lists and revokes tokens of the REST API."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Person


class Command(BaseCommand):
    help = "Makes, lists and revokes tokens of the REST API. A new token is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="a new token for a person")
        create.add_argument("staff_number")
        create.add_argument("--name", required=True, help="which program will use it")
        create.add_argument("--scope", action="append", required=True, choices=list(tokens.SCOPES))
        create.add_argument("--days", type=int, default=90, help="until it expires (default: 90)")
        create.add_argument("--from", dest="networks", action="append", default=[], help="address")
        verbs.add_parser("list", help="tokens that are valid now")
        revoke = verbs.add_parser("revoke", help="ends a token")
        revoke.add_argument("prefix", help="its middle part: cctv_PREFIX_...")
        revoke.add_argument("--because", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["verb"]](
            options
        )

    def _create(self, options: dict[str, Any]) -> None:
        person = Person.objects.filter(staff_number=options["staff_number"]).first()
        if person is None:
            raise CommandError(f"There is no person with staff number {options['staff_number']}.")
        try:
            _token, text = tokens.make(
                person,
                options["name"],
                options["scope"],
                expires_at=timezone.now() + dt.timedelta(days=options["days"]),
                networks=options["networks"],
                by="command",
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:
        for token in ApiToken.objects.select_related("person"):
            if token.is_valid:
                words = [token.prefix, token.person.staff_number, token.name, *token.scopes]
                self.stdout.write(" ".join([*words, f"until {token.expires_at:%Y-%m-%d}"]))

    def _revoke(self, options: dict[str, Any]) -> None:
        token = ApiToken.objects.filter(prefix=options["prefix"]).first()
        if token is None or not tokens.revoke(token, by="command", because=options["because"]):
            raise CommandError("There is no such token, or it was revoked already.")
        self.stdout.write(f"revoked: {token}")
