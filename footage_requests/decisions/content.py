"""What a decision rests on, as canonical text: every change of it is another hash."""

from __future__ import annotations

from typing import Any

from audit.canon import utc_text
from core.papers import content_sha256

from ..models import FootageRequest, RequestItem

SCHEMA = "footage-request/1"
_TEXTS = (
    "number",
    "door",
    "reference_no",
    "requester_name",
    "organisation",
    "requester_title",
    "address",
    "represented_by",
    "identity_hash",
    "wants",
    "purpose",
    "event",
    "described",
    "place",
)


def content_of(request: FootageRequest) -> dict[str, Any]:
    """The request as plain data: who asks, on which ground, for what, and which cameras, in or out.

    Availability is not part of it: what the recorder says may change without anybody editing the
    request; the decision keeps what was shown in `Decision.shown`. Left out on purpose: contact data that
    only carries the answer (phone, e-mail), and the EBYS number, which often comes after the decision.
    """
    items = request.items.select_related("position").order_by("position__code", "starts_at")
    return {
        "schema": SCHEMA,
        **{name: getattr(request, name) for name in _TEXTS},
        "kind": request.kind.code,
        "basis": request.basis.code if request.basis else "",
        "wants_audio": request.wants_audio,
        "building": request.building_id,
        "from": utc_text(request.starts_at),
        "until": utc_text(request.ends_at),
        "version": request.content_version,
        "items": [_item(item) for item in items],
        # Left out while empty: what was decided before there were questions keeps its hash.
        **({"answers": request.answers} if request.answers else {}),
    }


def sha256_of(request: FootageRequest) -> str:
    """SHA-256 over the canonical content, in hexadecimal."""
    return content_sha256(content_of(request))


def _item(item: RequestItem) -> dict[str, Any]:
    return {
        "position": item.position.code,
        "position_id": item.position_id,
        "from": utc_text(item.starts_at),
        "until": utc_text(item.ends_at),
        "included": item.is_included,
        "reason": item.reason,
    }
