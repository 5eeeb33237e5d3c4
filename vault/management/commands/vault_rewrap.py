"""manage.py vault_rewrap: seals every credential anew with the last key of VAULT_KEY_FILE."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault.errors import VaultError
from vault.logins import rewrap_batch


class Command(BaseCommand):
    help = (
        "Seals every credential anew with the last key of VAULT_KEY_FILE. "
        "May be stopped and run again; old keys can be removed from the file when it says 'done'."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        try:
            while count := rewrap_batch():
                total += count
                self.stdout.write(f"{total} sealed anew")
        except VaultError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"done: {total} credentials sealed anew")
