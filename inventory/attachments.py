"""Photos and documents: judged by their bytes, stored under generated names, handed out as attachments."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

import audit
from core.text import safe_file_name

from .models import Attachment, Device, Position

if TYPE_CHECKING:
    from accounts.models import Person

LARGEST_FILE = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
_PICTURES = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png")}


@dataclass(frozen=True)
class Judged:
    """What the bytes are, whatever name they came under."""

    kind: str
    content_type: str
    ending: str


def judge(data: bytes, *, documents: bool = True) -> Judged:
    """JPEG, PNG or (with `documents`) PDF by content; everything else is refused. Raises ValidationError.

    A picture's size is read from its header and refused above 40 million pixels before one is decoded.
    """
    if not data:
        raise ValidationError(_("The file is empty."))
    if len(data) > LARGEST_FILE:
        raise ValidationError(_("A file may have at most 8 MB."))
    if documents and data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return Judged(Attachment.Kind.DOCUMENT, "application/pdf", "pdf")
    try:
        with Image.open(io.BytesIO(data), formats=list(_PICTURES)) as picture:
            width, height = picture.size
            form = str(picture.format)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise ValidationError(
            _("Only JPEG and PNG pictures and PDF documents are taken.")
            if documents
            else _("Only JPEG and PNG pictures are taken.")
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width, height, form = MOST_PIXELS, 2, "JPEG"
    if width * height > MOST_PIXELS:
        raise ValidationError(_("A picture may have at most 40 million pixels."))
    content_type, ending = _PICTURES[form]
    return Judged(Attachment.Kind.PHOTO, content_type, ending)


def path_of(row: Attachment) -> Path:
    """Where the bytes lie: a generated name inside the private folder."""
    return Path(settings.MEDIA_ROOT) / "attachments" / row.uuid.hex[:2] / row.uuid.hex


def add(target: Device | Position, name: str, title: str, data: bytes, *, by: Person) -> Attachment:
    """Stores a file of a device or position. Raises ValidationError when it is not taken."""
    judged = judge(data)
    stem = safe_file_name(name.rsplit(".", 1)[0], longest=80)
    owner: dict[str, Any] = (
        {"device": target} if isinstance(target, Device) else {"position": target}
    )
    row = Attachment(
        uuid=uuid.uuid4(),
        kind=judged.kind,
        title=title or stem,
        file_name=f"{stem}.{judged.ending}",
        content_type=judged.content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        added_by_name=by.full_name,
        **owner,
    )
    path = path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    try:
        with transaction.atomic():
            row.save()
            audit.record(
                "attachment.add", actor=by, target=target, file=row.file_name, sha256=row.sha256
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return row


@transaction.atomic
def remove(row: Attachment, *, by: Person) -> None:
    """Takes a file off the page. Row and bytes stay: somebody may have relied on them."""
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    target = row.device or row.position
    audit.record("attachment.remove", actor=by, target=target, file=row.file_name)
