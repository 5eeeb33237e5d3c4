"""Writes the sealed log to a folder, with the verifier that reads it anywhere."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import standalone_verify
from audit.exporting import export_log


class Command(BaseCommand):
    help = "Writes entries, seals, head and the stand-alone verifier into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--database", default="default")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            head = export_log(folder, using=options["database"])
        except FileExistsError as error:
            raise CommandError(str(error)) from None
        shutil.copy(Path(standalone_verify.__file__), folder / "verify.py")
        self.stdout.write(f"{head['size']} entries, root {head['root']}")
        self.stdout.write(f"Check anywhere with: python3 {folder / 'verify.py'} {folder}")
