"""To which case a stored file belongs, whichever row holds it."""

from __future__ import annotations

from ..models import (
    EvidenceFile,
    Exhibit,
    ExportSlice,
    FootageRequest,
    HoldPart,
    Package,
    RecipientCopy,
    RequestAttachment,
    SoundSlice,
)

# Where a file may belong to: the model, and the way from there to its case.
OWNERS = (
    (Package, "inner_file", "request"),
    (Exhibit, "file", "package__request"),
    (ExportSlice, "file", "package__request"),
    (SoundSlice, "file", "package__request"),
    (RecipientCopy, "file", "package__request"),
    (HoldPart, "file", "hold__request"),
    (RequestAttachment, "file", "request"),
)


def case_of(file: EvidenceFile) -> FootageRequest | None:
    """The case to which a stored file belongs."""
    for model, field, way in OWNERS:
        found = model._default_manager.filter(**{field: file}).values_list(way, flat=True).first()
        if found is not None:
            return FootageRequest.objects.filter(pk=found).first()
    return None
