"""Gives reference pictures the outline that comparing needs, where they were chosen without one."""

from __future__ import annotations

import asyncio
import logging

from django.db import transaction

from cameras.models import ReferencePicture
from cameras.night.view_checks import outlined
from cameras.protocols.base import DeviceError
from cameras.protocols.decoding import Decoder
from vault import VaultError, open_picture
from vault.errors import KeyMissing

log = logging.getLogger(__name__)

AT_ONCE = 50


def outline_references(most: int = AT_ONCE) -> int:
    """Outlines up to `most` reference pictures; how many. What cannot be opened or decoded has an empty one."""
    rows = list(ReferencePicture.objects.filter(outline__isnull=True).order_by("pk")[:most])
    if rows:
        asyncio.run(_outline(rows))
    with transaction.atomic():
        for row in rows:
            # Another picture may have been chosen meanwhile.
            ReferencePicture.objects.filter(pk=row.pk, sha256=row.sha256).update(
                outline=row.outline, colour=row.colour
            )
    return len(rows)


async def _outline(rows: list[ReferencePicture]) -> None:
    async with Decoder() as decoder:
        for row in rows:
            try:
                still = await decoder.check_still(open_picture(row))
                row.outline, row.colour = outlined(still.sketch), still.colour
            except KeyMissing:
                log.warning("The key of reference picture %s is missing", row.pk)
            except (VaultError, DeviceError) as error:
                log.warning("Reference picture of position %s has no outline: %s", row.pk, error)
                row.outline = b""
