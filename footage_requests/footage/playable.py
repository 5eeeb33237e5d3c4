"""Reads a finished exhibit as a stranger would: tables, length, size, and one picture really decoded (B19)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from django.utils.translation import gettext as _

from cameras.protocols.base import DeviceError
from cameras.protocols.decoding import Decoded, decode_key_frame
from cameras.protocols.mp4_assembly import Assembled

from ..models import EvidenceFile
from ..sealing.boxes import NotMp4
from ..sealing.film import nal_units, read_film
from ..sealing.sources import StoredFile
from . import store

log = logging.getLogger(__name__)

LENGTH_SLACK_MS = 2_000

Decode = Callable[[bytes, str], Decoded]
"""Really decodes a key frame of this codec, as `Decoder.decode_key_frame`."""


class NotPlayable(Exception):
    """What was put together is not what it should be."""


def decode_alone(bitstream: bytes, codec: str) -> Decoded:
    """With a decoder of its own."""
    return asyncio.run(decode_key_frame(bitstream, codec))


def check_playable(
    file: EvidenceFile, made: Assembled, ident: str, decode: Decode = decode_alone
) -> bytes:
    """Reads the stored file as a stranger would; the decoder's sketch of its first picture.

    Raises NotPlayable (B19).
    """
    with StoredFile(store.open_file(file)) as source:
        try:
            film = read_film(source)
            first = next(nal_units(source, film), b"")
        except NotMp4 as error:
            log.warning("%s of file %s is no film: %s", ident, file.uuid, error)
            raise NotPlayable(
                _("%(exhibit)s: the file cannot be read as a film.") % {"exhibit": ident}
            ) from None
        length_ms = film.ticks * 1000 // film.timescale
        key_picture = source.read_at(film.places[0], film.sizes[0])
    if (
        not first
        or film.frames != made.frames
        or (film.width, film.height) != (made.width, made.height)
    ):
        raise NotPlayable(_("%(exhibit)s: the file is not what was written.") % {"exhibit": ident})
    if abs(length_ms - (made.end_ms - made.first_ms)) > LENGTH_SLACK_MS:
        raise NotPlayable(_("%(exhibit)s: its length is wrong.") % {"exhibit": ident})
    try:
        return decode(_annex_b(key_picture), made.codec).sketch
    except DeviceError:
        raise NotPlayable(
            _("%(exhibit)s: its pictures cannot be decoded.") % {"exhibit": ident}
        ) from None


def _annex_b(picture: bytes) -> bytes:
    """A picture of an MP4 with start codes instead of lengths."""
    turned = bytearray(picture)
    at = 0
    while at + 4 <= len(turned):
        following = at + 4 + int.from_bytes(turned[at : at + 4], "big")
        turned[at : at + 4] = b"\0\0\0\1"
        at = following
    return bytes(turned)
