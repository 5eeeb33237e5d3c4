"""Says whether last night's check ran. For cron, outside Celery: exit code 1 and an e-mail when it did not."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import Person, Role
from cameras.night.watch import NightState, NightWord, night_state


class Command(BaseCommand):
    help = (
        "Exit code 0: the night's check ran and its sum holds. 1: it did not. Mails the unit head."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-mail", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        state = night_state(timezone.now())
        words = self._words(state)
        self.stdout.write(words)
        if not state.is_alarm:
            return
        if not options["no_mail"] and settings.ENV["EMAIL_URL"]:
            send_mail("The night's check", words, None, self._people(), fail_silently=True)
        sys.exit(1)

    def _words(self, state: NightState) -> str:
        if state.word is NightWord.DID_NOT_RUN:
            return f"The check over {state.day} did not run."
        if state.word is NightWord.RED:
            because = state.run.red_because if state.run else ""
            return f"The check over {state.day} is red: {because}"
        return f"The check over {state.day}: {state.word}"

    def _people(self) -> list[str]:
        """Addresses of the unit heads of today."""
        people = Person.objects.filter(is_active=True).exclude(email="")
        return [person.email for person in people if person.has_role(Role.UNIT_HEAD)]
