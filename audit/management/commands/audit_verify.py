"""Verifies the audit log; the exit code says how it went."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError

from audit.faults import Level, Report
from audit.verifying import remember, verify


class Command(BaseCommand):
    help = (
        "Verifies the audit log. Exit 0: sound, 1: warnings, 2: tampered with, 3: cannot check. "
        "Names the leaf and what differs."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=int, default=0, metavar="N", help="first leaf to check")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--database", default="default")
        parser.add_argument(
            "--remember", action="store_true", help="store the outcome for the banner"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = verify(since=options["since"], using=options["database"])
            if options["remember"]:
                remember(report, using=options["database"])
        except (DatabaseError, InterfaceError) as error:
            if options["json"]:
                self.stdout.write(
                    json.dumps({"exit_code": int(Level.CANNOT_CHECK), "error": str(error)})
                )
            else:
                self.stderr.write(f"Cannot check: {error}")
            sys.exit(Level.CANNOT_CHECK)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False))
        else:
            self._tell(report)
        sys.exit(report.exit_code)

    def _tell(self, report: Report) -> None:
        for fault in report.faults:
            self.stdout.write(f"{fault.level.name}: {fault.sentence()}")
        checked = f"Leaves {report.since} to {report.size}: {report.exit_code.name}."
        self.stdout.write(f"{checked} Root {report.root}" if report.root else checked)
