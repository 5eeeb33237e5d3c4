"""manage.py evidence_sweep: sealed files of the evidence store that no row names."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from footage_requests import said
from footage_requests.footage import store, store_marks


class Command(BaseCommand):
    help = "Tells which sealed files have no row and why the sweep keeps them; removes them when told to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--remove",
            type=int,
            metavar="COUNT",
            help="Remove them, when there are exactly so many. Nothing can open them without their rows.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = store.strays()
        size = sum(path.stat().st_size for path in found)
        self.stdout.write(f"{len(found)} sealed files without a row, {size // 1024**2} MB.")
        why = store_marks.why_kept(found) if found else None
        if why is not None:
            self.stdout.write(f"They are kept: {said.read(why)}.")
        if options["remove"] is None:
            return
        if why is not None and why["say"] == "STORE_SHARED":
            raise CommandError(
                "Another installation's files may be among them: nothing is removed."
            )
        if options["remove"] != len(found):
            raise CommandError(
                f"There are {len(found)}, not {options['remove']}: nothing is removed."
            )
        store.remove_strays(found, by="evidence_sweep")
        store_marks.note_rows()
        store_marks.note_kept(None)
        self.stdout.write("Removed.")
