"""Prints, or applies, the rights of the app's and the sealer's database roles."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction

from audit.roles import grants


class Command(BaseCommand):
    help = (
        "Prints the grants for the app's and the sealer's PostgreSQL roles; --apply runs them. "
        "Run it as the owner of the tables (DATABASE_OWNER_URL), after each migrate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", default="cctv_app", help="role in DATABASE_URL")
        parser.add_argument("--sealer", default="cctv_sealer", help="role in DATABASE_SEALER_URL")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--database", default="default")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            raise CommandError(
                "Only PostgreSQL has roles; on SQLite the file's owner owns the log."
            )
        statements = list(grants(connection, app=options["app"], sealer=options["sealer"]))
        if not options["apply"]:
            self.stdout.write("".join(f"{statement};\n" for statement in statements))
            return
        with (
            transaction.atomic(using=connection.alias),
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
        self.stdout.write(f"{len(statements)} grants applied.")
