"""Does the first picture of an exhibit show the place of its camera, or that of another channel (B19)?

Compared by outlines (`cameras.scene`), which show nobody: with the position's reference picture, without one with the
camera's own last picture, and with those of the recorder's other channels. A camera is asked for its picture by
itself, so a recorder that mixes its channels up does not mix that up as well. A last picture is often of the night, in
infrared: to be like it tells which camera it is, to be unlike it tells nothing. What recognised the camera is kept, and
that nothing did.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

from cameras.models import LastPicture, ReferencePicture
from cameras.protocols.base import DeviceError
from cameras.protocols.decoding import check_still
from cameras.references import reference_place
from inventory.models import Channel, ChannelAssignment, Installation, Position
from vault.crypto import open_bytes
from vault.errors import VaultError

REFERENCE, LAST_PICTURE = "REFERENCE_PICTURE", "LAST_PICTURE"
CLEARLY = 0.1
"""By so much another channel's picture must agree better than the camera's own."""
NEAR = dt.timedelta(days=30)
"""A last picture this far from the recording still tells what the camera looks at."""


def scene_of(
    channel: Channel, position: Position, at: dt.datetime, sketch: bytes
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How the picture was compared, and the doubts that come of it. `sketch` is the decoder's of the picture."""
    # Only who compares pictures loads NumPy.
    from cameras.scene import OTHER_SCENE, SAME_SCENE, outline_of, scenes_agree

    try:
        seen = outline_of(sketch)
    except ValueError:
        return {"reference": "none"}, []
    source, facts, outline = _own(position, at)
    agreement = scenes_agree(outline, seen) if outline else None
    if source:
        facts["agreement"] = None if agreement is None else round(agreement, 2)
    if agreement is not None and agreement >= SAME_SCENE:
        facts["recognised_by"] = source
    doubts: list[dict[str, Any]] = []
    if source == REFERENCE and agreement is not None and agreement < OTHER_SCENE:
        doubts.append({"code": "OTHER_SCENE", "agreement": facts["agreement"]})
    others = {number: scenes_agree(other, seen) or 0.0 for number, other in _others(channel, at)}
    number, likest = max(others.items(), key=lambda each: each[1], default=(0, 0.0))
    if likest >= SAME_SCENE and likest > (agreement or 0.0) + CLEARLY:
        found = {"channel": number, "agreement": round(likest, 2)}
        doubts.append({"code": "LOOKS_LIKE_ANOTHER", **found})
    return facts, doubts


def _own(position: Position, at: dt.datetime) -> tuple[str, dict[str, Any], bytes]:
    """What the place is known to look like, and by what: its reference picture, else its camera's last picture."""
    row = ReferencePicture.objects.filter(pk=position.pk).first()
    if row is not None:
        facts = {"reference": row.sha256, "taken_at": row.taken_at.isoformat()}
        return REFERENCE, facts, _outline_of(row)
    fitted = position.installations.at(at).filter(lens_no=1).first()
    last = _last_pictures([fitted] if fitted else [], at).get(position.pk)
    if last is None:
        return "", {"reference": "none"}, b""
    facts = {"reference": "none", "taken_at": last.taken_at.isoformat()}
    return LAST_PICTURE, facts, _stored(last)


def _outline_of(row: ReferencePicture) -> bytes:
    """Of a reference picture; those from before outlines were stored are decoded. Empty when it cannot be opened."""
    from cameras.scene import outline_of

    if row.outline:
        return bytes(row.outline)
    try:
        picture = open_bytes(bytes(row.sealed), reference_place(row.pk))
        return outline_of(asyncio.run(check_still(picture)).sketch)
    except (VaultError, DeviceError, ValueError):
        return b""


def _others(channel: Channel, at: dt.datetime) -> Iterator[tuple[int, bytes]]:
    """The recorder's other channels at that time of whose places an outline is known."""
    rows = ChannelAssignment.objects.at(at).filter(channel__recorder=channel.recorder_id)
    beside = dict(rows.exclude(channel=channel).values_list("position", "channel__number"))
    for own in rows.filter(channel=channel).values_list("position", flat=True):
        # A position may stand on two channels: its own picture there is no mistake.
        beside.pop(own, None)
    known = ReferencePicture.objects.filter(pk__in=beside, outline__isnull=False)
    outlines = {row.pk: bytes(row.outline) for row in known.defer("sealed") if row.outline}
    fitted = Installation.objects.at(at).filter(
        position__in=beside.keys() - outlines.keys(), lens_no=1
    )
    last = _last_pictures(fitted, at)
    outlines |= {position: _stored(row) for position, row in last.items()}
    for position, outline in outlines.items():
        if outline:
            yield beside[position], outline


def _last_pictures(fitted: Any, at: dt.datetime) -> dict[int, LastPicture]:
    """By position, the last pictures of those cameras that were taken near that time."""
    places = {one.device_id: one.position_id for one in fitted}
    rows = LastPicture.objects.filter(
        device__in=places, taken_at__range=(at - NEAR, at + NEAR), outline__isnull=False
    )
    return {places[row.device_id]: row for row in rows.defer("sealed")}


def _stored(row: LastPicture) -> bytes:
    return bytes(row.outline or b"")
