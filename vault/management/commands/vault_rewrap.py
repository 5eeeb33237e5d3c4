"""manage.py vault_rewrap: seals every sealed value anew with the last key of VAULT_KEY_FILE."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault.errors import VaultError
from vault.rewrapping import rewrap

SHOWN = 10


class Command(BaseCommand):
    help = (
        "Seals every login, picture and key that the vault has sealed anew with the last key of "
        "VAULT_KEY_FILE. May be stopped and run again; old keys can be removed from the file when it "
        "says 'done'."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total, shut = 0, []
        try:
            for batch in rewrap():
                total += batch.count
                shut += batch.shut
                self.stdout.write(f"{batch.column.name}: {total} sealed anew")
        except VaultError as error:
            raise CommandError(str(error)) from None
        if shut:
            told = "\n".join(shut[:SHOWN])
            raise CommandError(
                f"{total} sealed anew; {len(shut)} do not open, keep the old keys:\n{told}"
            )
        self.stdout.write(f"done: {total} values sealed anew")
