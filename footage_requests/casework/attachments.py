"""Papers of a request: judged by their bytes, sealed in the evidence store, locked until they are scanned.

Taken are PDF, JPEG, PNG and TIFF: what a scanner makes. Office documents and archives are not: they
carry programs, and a letter can always be printed to PDF. Nothing is ever opened inside a page.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

import audit
from core.text import clean_label, safe_file_name

from ..errors import Refused
from ..footage import store
from ..models import FootageRequest, RequestAttachment

if TYPE_CHECKING:
    from accounts.models import Person
    from vault.sealed_files import SealedReader

LARGEST_FILE = 20 * 1024 * 1024
MOST_FILES = 50
MOST_PIXELS = 100_000_000
_PICTURES = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "TIFF": ("image/tiff", "tif"),
}
# What makes a reader of PDF run something or call somewhere.
_ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")


@dataclass(frozen=True)
class Judged:
    """What the bytes are, whatever name they came under."""

    content_type: str
    ending: str


def judge(data: bytes) -> Judged:
    """The kind of a paper by its content. Raises ValidationError for everything that is not taken."""
    if not data:
        raise ValidationError(_("The file is empty."))
    if len(data) > LARGEST_FILE:
        raise ValidationError(_("A file may have at most 20 MB."))
    if data.startswith(b"%PDF-"):
        return _judge_pdf(data)
    try:
        with Image.open(io.BytesIO(data), formats=list(_PICTURES)) as picture:
            width, height = picture.size
            kind = str(picture.format)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width, height, kind = MOST_PIXELS, 2, "JPEG"
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, KeyError):
        raise ValidationError(
            _("Only PDF documents and JPEG, PNG or TIFF pictures are taken. Print others to PDF.")
        ) from None
    if width * height > MOST_PIXELS:
        raise ValidationError(_("A picture may have at most 100 million pixels."))
    return Judged(*_PICTURES[kind])


def _judge_pdf(data: bytes) -> Judged:
    if b"%%EOF" not in data[-2048:]:
        raise ValidationError(_("This PDF is not complete: scan or send it again."))
    if any(name in data for name in _ACTIVE):
        raise ValidationError(
            _("This PDF carries a program or another file inside. Print it to PDF and send that.")
        )
    return Judged("application/pdf", "pdf")


def add(
    request: FootageRequest,
    name: str,
    data: bytes,
    *,
    kind: str,
    title: str,
    by: Person,
) -> RequestAttachment:
    """Stores a paper of a case. Raises ValidationError when it is not taken, NoSpace when none is left."""
    judged = judge(data)
    if request.attachments.count() >= MOST_FILES:
        raise Refused(_("A case takes at most 50 papers."))
    store.ensure_space(len(data))
    stem = safe_file_name(name.rsplit(".", 1)[0], longest=80)
    waiting = (
        RequestAttachment.Scan.WAITING if settings.SCANNER else RequestAttachment.Scan.NO_SCANNER
    )
    with store.StoreWriter(judged.content_type) as writer:
        writer.write(data)
        with transaction.atomic():
            file = writer.save()
            row = RequestAttachment.objects.create(
                request=request,
                kind=kind,
                title=clean_label(title, 150) or stem,
                file_name=f"{stem}.{judged.ending}",
                content_type=judged.content_type,
                file=file,
                scan=waiting,
                added_by=by,
            )
            audit.record(
                "footagerequest.attach",
                actor=by,
                target=request,
                file=row.file_name,
                sha256=file.sha256,
                kind=kind,
            )
    return row


def open_for(row: RequestAttachment, *, by: Person) -> SealedReader:
    """The content for a person, who is written down. Raises Refused while it is locked."""
    scan = RequestAttachment.Scan
    if row.scan == scan.WAITING:
        raise Refused(_("This paper is being scanned for viruses. Try again in a minute."))
    if row.scan == scan.INFECTED:
        raise Refused(_("The scanner found a virus in this paper. It stays locked."))
    if row.file.destroyed_at is not None:
        raise Refused(_("This paper has been destroyed."))
    with transaction.atomic():
        audit.record(
            "footagerequest.open_paper",
            actor=by,
            target=row.request,
            file=row.file_name,
            sha256=row.file.sha256,
        )
    return store.open_sealed(row.file)
