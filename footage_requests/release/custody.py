"""The chain of custody of a package: its acts, and by which hashes what belongs to it is known again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import audit

from ..models import CustodyEvent, Package

if TYPE_CHECKING:
    from accounts.models import Person


def note_custody(
    package: Package,
    act: str,
    *,
    by: Person | str,
    sha256: str = "",
    matched: bool | None = None,
    seal_no: str = "",
    note: str = "",
) -> CustodyEvent:
    """One act in the chain of custody, in the open transaction of the act itself."""
    row = CustodyEvent.objects.create(
        package=package,
        act=act,
        by=str(by),
        sha256=sha256,
        matched=matched,
        seal_no=seal_no,
        note=note[:300],
    )
    audit.record(
        "custody.note",
        actor=by,
        target=package.request,
        package=package.number,
        act=act,
        sha256=sha256,
        matched=matched,
        seal_no=seal_no,
    )
    return row


def known_hashes(package: Package) -> dict[str, str]:
    """Everything of a release that may stand on a medium: its SHA-256 and what it is."""
    found = {
        package.manifest_sha256: "manifest.json",
        package.inner_file.sha256 if package.inner_file else "": "package.zip",
    }
    for one in package.exhibits.filter(replaced_at=None):
        found[one.facts.get("sealed", {}).get("sha256", "")] = one.ident
    for copy in package.copies.select_related("file"):
        if copy.file is not None:
            found[copy.file.sha256] = copy.recipient_name
    found.pop("", None)
    return found
