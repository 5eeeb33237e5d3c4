"""How a position ought to look: choosing its reference picture, and saying whether the camera has moved since."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

import audit
from cameras.models import LastPicture, ReferencePicture
from cameras.night import view_checks
from core import tsi
from vault import open_picture
from vault.crypto import Place, seal_bytes

if TYPE_CHECKING:
    from accounts.models import Person
    from inventory.models import Position


class PictureChanged(Exception):
    """The picture is no longer the one that the person looked at."""


def reference_place(position_id: int) -> Place:
    """Where a position's reference picture is sealed: it opens in no other row."""
    return Place(ReferencePicture._meta.db_table, str(position_id), "sealed")


@transaction.atomic
def set_reference(
    position: Position, last: LastPicture, *, seen_at: dt.datetime | None, by: Person, because: str
) -> ReferencePicture:
    """Makes the last picture of the position's camera its reference.

    `seen_at` is when the picture was taken that the person looked at. Raises PictureChanged when a newer
    one has come meanwhile, VaultError when the picture cannot be opened.
    """
    last = LastPicture.objects.select_for_update().get(pk=last.pk)
    if last.taken_at != seen_at:
        raise PictureChanged
    data = open_picture(last)
    before = ReferencePicture.objects.select_for_update().filter(pk=position.pk).first()
    row = ReferencePicture(
        position=position,
        device_id=last.device_id,
        sealed=seal_bytes(data, reference_place(position.pk)),
        content_type=last.content_type,
        size=last.size,
        sha256=hashlib.sha256(data).hexdigest(),
        taken_at=last.taken_at,
        set_by=by,
        because=because[:300],
        outline=last.outline,
        colour=last.colour,
    )
    row.save(force_insert=before is None)
    view_checks.begin_anew(row, by=by, because=because)
    audit.record(
        "reference.set",
        actor=by,
        target=position,
        because=because,
        before=_facts(before),
        after=_facts(row),
    )
    return row


def _facts(row: ReferencePicture | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"taken_at": tsi.stamp(row.taken_at), "sha256": row.sha256, "device": row.device_id}


@transaction.atomic
def note_comparison(
    row: ReferencePicture, *, verdict: str, remark: str, compared_with: dt.datetime, by: Person
) -> None:
    """Keeps what a person said after comparing; the newest word stands, all of them are in the audit log."""
    before = {"verdict": row.verdict, "remark": row.remark}
    row.verdict, row.remark = verdict, remark[:300]
    row.compared_by, row.compared_at, row.compared_with = by, timezone.now(), compared_with
    row.save(update_fields=["verdict", "remark", "compared_by", "compared_at", "compared_with"])
    if verdict == ReferencePicture.Verdict.SAME:
        view_checks.confirmed(row, compared_with, by=by, because=remark)
    audit.record(
        "reference.compare",
        actor=by,
        target=row.position,
        because=remark,
        before=before,
        after={"verdict": verdict, "remark": row.remark},
        compared_with=tsi.stamp(compared_with),
    )
