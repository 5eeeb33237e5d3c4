"""Fills the demo's own database once, and plans the questions about its past days."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cctv_ops import demo


class Command(BaseCommand):
    help = "Seeds the demo database from simulator/campus.json. Does nothing when it is filled."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is off: the demo never goes into a real database.")
        if demo.seed(demo.read_campus()):
            demo.ask_history()
            self.stdout.write("The demo campus is ready.")
