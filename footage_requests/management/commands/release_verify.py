"""manage.py release_verify PATH: checks a release package, as a folder or as its inner package.zip."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from footage_requests.sealing import verify_folder


class Command(BaseCommand):
    help = (
        "Checks a release package against this unit's own authority. Exit 0: verified, 1: partly, "
        "2: NOT verified, 3: cannot check."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the unpacked folder, or package.zip")
        parser.add_argument(
            "--fingerprint", help="SHA-256 of another unit's authority, from its paper"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checked = verify_folder(options["path"], options["fingerprint"])
        for state, sentence in checked.lines:
            self.stdout.write(f"{state:3} {sentence}")
        self.stdout.write(checked.verdict.name.replace("_", " "))
        sys.exit(checked.verdict)
