"""Hashes of coded pictures, the same in every container and after every stream copy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .rtp_video import START_CODE


def hash_nal_units(digest: hashlib._Hash, nals: Sequence[bytes]) -> None:
    """Add an access unit to the hash of the elementary stream, without padding zeros behind a unit."""
    for nal in nals:
        digest.update(START_CODE)
        digest.update(nal.rstrip(b"\0") if nal[-1:] == b"\0" else nal)


def picture_sha256(codec: str, nals: Sequence[bytes]) -> str:
    """Of what is coded of a picture: without parameter sets, and without messages, which may tell the time."""
    digest = hashlib.sha256()
    for nal in nals:
        kind = nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F
        if 1 <= kind <= 5 if codec == "h264" else kind < 32:
            digest.update(nal)
    return digest.hexdigest()
