"""Runs a night's check in this process: `manage.py check_night [--day D | --now]`. Needs no broker."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cameras.models import DeviceCheck, Run
from cameras.night import finishing, nights, work
from core.tsi import day_of


class Command(BaseCommand):
    help = "Checks all devices over a day (default: yesterday) and waits until the run is over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD, Türkiye time")
        parser.add_argument("--now", action="store_true", help="a check on demand of all devices")
        parser.add_argument("--seconds", type=float, default=3600, help="stop waiting after this")

    def handle(self, *args: Any, **options: Any) -> None:
        run = self._run(options)
        until = time.monotonic() + options["seconds"]
        while not run.is_over:
            if time.monotonic() > until:
                raise CommandError(f"{run} is still running after {options['seconds']:.0f} s.")
            if not work.work(run=run).visited:
                time.sleep(0.5)
            finishing.finish_runs()
            run.refresh_from_db()
        self._tell(run)
        if run.is_red:
            raise CommandError(run.red_because, returncode=2)

    def _run(self, options: dict[str, Any]) -> Run:
        if options["now"]:
            return nights.check_now(by="check_night")
        day = options["day"] or day_of(timezone.now()) - timedelta(days=1)
        if day >= day_of(timezone.now()):
            raise CommandError("A night is checked after its day is over.")
        run = nights.plan_night(day)
        nights.start(run)
        run.refresh_from_db()
        return run

    def _tell(self, run: Run) -> None:
        checks = DeviceCheck.objects.filter(run=run).count()
        self.stdout.write(f"{run}: {run.get_status_display()}, {checks} devices")
        for kind, tally in run.counts.items():
            words = ", ".join(f"{name} {number}" for name, number in tally.items())
            self.stdout.write(f"  {kind}: {words}")
        if run.coverage_root:
            self.stdout.write(f"  root over {run.coverage_rows} proofs: {run.coverage_root}")
