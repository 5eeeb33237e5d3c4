"""manage.py credential_set DEVICE: stores the login of a device; the password is never an argument."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from accounts.models import Person
from core.secret import Secret
from inventory.models import Device
from vault.errors import VaultError
from vault.logins import store


class Command(BaseCommand):
    help = "Stores the login of a device. The password comes from a prompt or DEVICE_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("device", help="number of the device, or its serial number")
        parser.add_argument("--user", required=True, help="user name on the device")
        parser.add_argument("--by", required=True, help="staff number of the person who does it")
        parser.add_argument("--reason", required=True, help="why it is set or changed")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(staff_number=options["by"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active person with staff number {options['by']}.")
        device = _device(options["device"])
        password = os.environ.get("DEVICE_PASSWORD") or getpass.getpass("Password of the device: ")
        try:
            store(device, options["user"], Secret(password), by=person, because=options["reason"])
        except VaultError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"stored for {device}")


def _device(text: str) -> Device:
    rows = list(Device.objects.filter(serial=text)[:2])
    if not rows and text.isdecimal():
        rows = list(Device.objects.filter(pk=int(text)))
    if len(rows) != 1:
        raise CommandError(f"{len(rows) or 'No'} devices match {text}.")
    return rows[0]
