"""Download links for one named recipient: the link and the one-time code travel by different ways.

The link's token has 192 bits and the code eight digits; both are stored only as hashes. Opening the page
counts nothing, so a mail scanner that follows the link uses nothing up. The right code gives a ticket
for an hour: one download, which may be resumed in ranges. Wrong codes end the link. Every answer is
the same for a link that is wrong, ended or used up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from vault.crypto import fingerprint, matches

from .. import refusals, said
from ..errors import NotThisPerson, Refused
from ..models import CustodyEvent, DownloadLink, EvidenceFile, Package
from ..parts import Part, people_of, refuse_same_person
from ..permissions import can_deliver
from .custody import note_custody
from .giving_out import refuse_unpaid

if TYPE_CHECKING:
    from accounts.models import Person

MOST_TRIES = 5
TICKET = dt.timedelta(hours=1)
LONGEST = dt.timedelta(days=30)


@dataclass(frozen=True)
class MadeLink:
    """The link with what is shown once and stored nowhere."""

    row: DownloadLink
    token: str
    code: str


def refuse_link(package: Package, file: EvidenceFile | None) -> None:
    """Raises Refused where no link can be made for this file of the package, as things stand."""
    if package.status not in {Package.Status.SEALED, Package.Status.HANDED_OVER}:
        raise Refused(_("Only a sealed package is given out."))
    if file is None:
        raise Refused(_("There is no encrypted file of this copy yet."))
    if DownloadLink.objects.filter(file=file).exists():
        raise Refused(_("This copy has had a link already: encrypt another copy for a new link."))


@refusals.are_noted
def make_link(
    package: Package,
    file: EvidenceFile,
    *,
    recipient_name: str,
    recipient_contact: str,
    expires_at: dt.datetime,
    downloads_allowed: int = 2,
    by: Person,
) -> MadeLink:
    """A link to `file`, which is the package encrypted for this recipient. Raises Refused, NotThisPerson."""
    now = timezone.now()
    if not can_deliver(by, package.request):
        raise NotThisPerson(_("You hold no role that hands footage over."))
    refuse_same_person(Part.DELIVERER, by, people_of(package))
    refuse_link(package, file)
    refuse_unpaid(package.request)
    if not recipient_name.strip() or not recipient_contact.strip():
        raise Refused(_("A link is made for a named recipient with an e-mail address or phone."))
    if not now < expires_at <= now + LONGEST:
        raise Refused(_("A link ends after now and within 30 days."))
    if not 1 <= downloads_allowed <= 10:
        raise Refused(_("Allow one to ten downloads."))
    token, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**8):08}"
    with transaction.atomic():
        row = DownloadLink(
            package=package,
            file=file,
            recipient_name=recipient_name.strip(),
            recipient_contact=recipient_contact.strip(),
            token_sha256=_hash(token),
            expires_at=expires_at,
            downloads_allowed=downloads_allowed,
            made_by=by,
        )
        row.code_hmac = fingerprint(*_code_parts(row, code))
        row.save()
        note_custody(
            package,
            CustodyEvent.Act.LINKED,
            by=by,
            sha256=file.sha256,
            note=f"{row.recipient_name}, {row.recipient_contact}",
        )
    return MadeLink(row, token, code)


def find(token: str) -> DownloadLink | None:
    """The usable link of a token, or None: wrong, ended, revoked and used up look alike."""
    rows = DownloadLink.objects.select_related("package__request", "file")
    row: DownloadLink | None = rows.filter(token_sha256=_hash(token)).first()
    return row if row is not None and row.is_usable(timezone.now()) else None


def enter_code(token: str, code: str, *, address: str) -> str | None:
    """The ticket for one download when the code is right, else None. Too many wrong codes end the link."""
    row = find(token)
    if row is None:
        return None
    ticket = secrets.token_urlsafe(24)
    with transaction.atomic():
        # Counted before it is compared: many guesses at once are many tries.
        counted = DownloadLink.objects.filter(pk=row.pk, code_tries__lt=MOST_TRIES).update(
            code_tries=F("code_tries") + 1
        )
        if not counted:
            return None
        if not matches(row.code_hmac, *_code_parts(row, code.strip())):
            _note_wrong(row, address)
            return None
        now = timezone.now()
        taken = DownloadLink.objects.filter(
            pk=row.pk, downloads__lt=F("downloads_allowed"), revoked_at=None, expires_at__gt=now
        ).update(
            downloads=F("downloads") + 1,
            code_tries=0,
            ticket_sha256=_hash(ticket),
            ticket_until=now + TICKET,
        )
        if not taken:
            return None
        note_custody(
            row.package,
            CustodyEvent.Act.DOWNLOADED,
            by="recipient",
            sha256=row.file.sha256,
            note=f"{row.recipient_name} ({address})",
        )
    return ticket


def file_for(token: str, ticket: str) -> EvidenceFile | None:
    """The file of a ticket that still holds. Asked at every range: a revoked link ends at the next one."""
    row = find(token)
    now = timezone.now()
    if row is None or not row.ticket_sha256 or row.ticket_until is None or row.ticket_until <= now:
        return None
    return row.file if hmac.compare_digest(row.ticket_sha256, _hash(ticket)) else None


def is_foreign(token: str, ticket: str, *, address: str) -> bool:
    """Whether the ticket is that of another link: then the attempt stands in the log of the case (B15)."""
    row = find(token)
    if row is None or not ticket:
        return False
    others = DownloadLink.objects.filter(ticket_sha256=_hash(ticket)).exclude(pk=row.pk)
    other = others.select_related("package__request").first()
    if other is None:
        return False
    with transaction.atomic():
        audit.record(
            "downloadlink.foreign_ticket",
            actor="recipient",
            target=row.package.request,
            link=str(row.uuid),
            ticket_of=str(other.uuid),
            address=address,
        )
    return True


@refusals.are_noted
def revoke(row: DownloadLink, *, by: Person, because: str) -> None:
    """Ends a link at once, a running download at its next range."""
    if not can_deliver(by, row.package.request):
        raise NotThisPerson(_("You hold no role that hands footage over."))
    if not because.strip():
        raise Refused(_("Write why the link ends."))
    with transaction.atomic():
        _end(row, by=by, because=because.strip())


def end_all(package: Package, *, by: Person, because: str) -> None:
    """Ends every link of a package. Run inside the transaction of what makes it necessary."""
    for row in package.links.filter(revoked_at=None):
        _end(row, by=by, because=because)


def _end(row: DownloadLink, *, by: Person, because: str) -> None:
    changed = DownloadLink.objects.filter(pk=row.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_because=because[:200], ticket_sha256=""
    )
    if changed:
        audit.record(
            "downloadlink.revoke",
            actor=by,
            target=row.package.request,
            because=because,
            link=str(row.uuid),
        )


def _note_wrong(row: DownloadLink, address: str) -> None:
    tries = DownloadLink.objects.values_list("code_tries", flat=True).get(pk=row.pk)
    if tries >= MOST_TRIES:
        DownloadLink.objects.filter(pk=row.pk, revoked_at=None).update(
            revoked_at=timezone.now(), revoked_because=said.because("WRONG_CODES"), ticket_sha256=""
        )
    audit.record(
        "downloadlink.wrong_code",
        actor="recipient",
        target=row.package.request,
        link=str(row.uuid),
        tries=tries,
        address=address,
    )


def _code_parts(row: DownloadLink, code: str) -> tuple[str, str, str]:
    """Eight digits are few: a keyed hash over them and this link cannot be searched from a database dump."""
    return "download-code", str(row.uuid), code


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
