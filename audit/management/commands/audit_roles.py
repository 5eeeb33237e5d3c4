"""Prints, or applies, the rights of the app's and the sealer's database roles."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.roles import creation, grants, is_missing


class Command(BaseCommand):
    help = (
        "Prints the grants for the app's and the sealer's PostgreSQL roles; --apply runs them, and makes roles "
        "that are missing with the names and passwords of DATABASE_URL and DATABASE_SEALER_URL. "
        "It signs in with DATABASE_OWNER_URL. Run it after each migrate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = {
            "app": (settings.APP_DATABASE, "DATABASE_URL"),
            "sealer": (settings.DATABASES.get("sealer", {}), "DATABASE_SEALER_URL"),
        }
        for role, (database, name) in names.items():
            usual = database.get("USER") or f"cctv_{role}"
            parser.add_argument(f"--{role}", default=usual, help=f"role (default: of {name})")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--database", default="default")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            raise CommandError(
                "Only PostgreSQL has roles; on SQLite the file's owner owns the log."
            )
        app, sealer = options["app"], options["sealer"]
        if connection.settings_dict["USER"] in {app, sealer}:
            raise CommandError(
                "The owner of the tables needs a role of its own: set DATABASE_OWNER_URL to it, and DATABASE_URL "
                "and DATABASE_SEALER_URL to the roles of the app and of the sealer."
            )
        if app == sealer:
            raise CommandError("The app and the sealer need a role each, or the app could seal.")
        statements = list(grants(connection, app=app, sealer=sealer))
        if not options["apply"]:
            self.stdout.write("".join(f"{statement};\n" for statement in statements))
            return
        with transaction.atomic(using=connection.alias):
            for role, database in ((app, settings.APP_DATABASE), (sealer, _of_sealer())):
                if is_missing(connection, role):
                    self._create(connection, role, database)
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        self.stdout.write(f"{len(statements)} grants applied.")

    def _create(self, connection: BaseDatabaseWrapper, role: str, database: dict[str, Any]) -> None:
        if database.get("USER") != role or not database.get("PASSWORD"):
            raise CommandError(
                f"The role {role} does not exist, and no setting says its password: set DATABASE_URL and "
                "DATABASE_SEALER_URL, or make it: CREATE ROLE name LOGIN PASSWORD '...'"
            )
        try:
            creation(connection, role, database["PASSWORD"])
        except ProgrammingError as error:
            raise CommandError(
                f"The role {role} does not exist, and the owner may make none. As a superuser of the database: "
                "CREATE ROLE name LOGIN PASSWORD '...'"
            ) from error
        self.stdout.write(f"Role {role} made.")


def _of_sealer() -> dict[str, Any]:
    return dict(settings.DATABASES.get("sealer", {}))
