"""manage.py evidence_key make|show: the key that seals release packages, and its fingerprints for paper."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from footage_requests.errors import Refused
from footage_requests.sealing import keys


class Command(BaseCommand):
    help = (
        "make: a new evidence key in EVIDENCE_KEY_DIR, signed by the authority in --authority DIR (made "
        "there if it is empty). Keep that folder away from this computer. show: names, dates and "
        "fingerprints, as paper and the university's site must show them."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["make", "show"])
        parser.add_argument(
            "--authority",
            type=Path,
            metavar="DIR",
            help="folder of the authority's key, on a stick",
        )
        parser.add_argument(
            "--organisation", default=settings.UNIT_NAME, help="name in the certificates"
        )
        parser.add_argument("--years", type=int, default=keys.SIGNER_YEARS, choices=[1, 2, 3])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = self._make(options) if options["verb"] == "make" else keys.load()
        except (Refused, OSError) as error:
            raise CommandError(_sentence(error)) from None
        for title, certificate in (
            ("Authority", key.authority),
            ("Signer", key.signer.certificate),
        ):
            self.stdout.write(f"{title}: {certificate.subject.rfc4514_string()}")
            self.stdout.write(f"  valid until {certificate.not_valid_after_utc:%d.%m.%Y}")
            self.stdout.write(f"  SHA-256 {keys.fingerprint(certificate)}")

    def _make(self, options: dict[str, Any]) -> keys.EvidenceKey:
        place: Path | None = options["authority"]
        if place is None:
            raise CommandError("Name the folder of the authority's key: --authority DIR.")
        if place.resolve() == keys.folder().resolve():
            raise CommandError("The authority's key may not lie beside the signer's.")
        made = keys.make(
            keys.folder(), place, organisation=options["organisation"], years=options["years"]
        )
        self.stdout.write(
            f"Made. Now take {place} away from this computer: whoever has ca.key can seal as you."
        )
        return made


def _sentence(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, Refused) else str(error)
