"""Seals entries until it is told to stop. Run exactly one; a second one waits without harm."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connections

from audit.sealing import seal_pending

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
BATCH = 1000
LONGEST_WAIT_SECONDS = 10.0


class Command(BaseCommand):
    help = "Gives committed audit entries their place in the log, every 0.2 s, until SIGTERM."
    # The sealer's role may not read the table of migrations.
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="seal what waits and stop")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        using = "sealer" if "sealer" in connections.databases else "default"
        if once:
            while seal_pending(BATCH, using=using):
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self._seal_until(stop, using)

    def _seal_until(self, stop: threading.Event, using: str) -> None:
        wait = PAUSE_SECONDS
        while not stop.is_set():
            try:
                sealed = seal_pending(BATCH, using=using)
                wait = 0 if sealed == BATCH else PAUSE_SECONDS
            except (DatabaseError, InterfaceError) as error:
                # A restart of the database must not end the only sealer.
                connections[using].close()
                wait = min(max(wait, PAUSE_SECONDS) * 2, LONGEST_WAIT_SECONDS)
                logger.warning("Sealing failed, next try in %.1f s: %s", wait, error)
            stop.wait(wait)
        connections[using].close()
