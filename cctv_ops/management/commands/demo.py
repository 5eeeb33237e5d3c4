"""Fills the demo's own database once, and plans the questions about its past days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cctv_ops import demo


class Command(BaseCommand):
    help = "Seeds the demo database from a campus file. Does nothing when it is filled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campus", type=Path, default=demo.CAMPUS, help="campus file")

    def handle(self, *args: Any, campus: Path, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is off: the demo never goes into a real database.")
        if demo.seed(demo.read_campus(campus)):
            self.stdout.write("The demo campus is entered.")
        demo.ask_history()
