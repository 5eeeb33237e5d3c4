"""A finished exhibit is read as a stranger would before anybody gets to see it (B19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from cameras.protocols.decoding import Decoded
from cameras.protocols.mp4_assembly import Assembled
from footage_requests.footage import store
from footage_requests.footage.playable import NotPlayable, check_playable
from footage_requests.models import EvidenceFile
from tests.requests.films import film

pytestmark = pytest.mark.django_db
MADE = Assembled("h264", 320, 240, 10, 0, 2_000, [], 0, 0, 1_000, [], b"", 0)
"""What two seconds of `film` are."""


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0


def kept(data: bytes) -> EvidenceFile:
    with store.StoreWriter("video/mp4") as writer:
        writer.write(data)
        return writer.save()


def test_a_whole_film_is_handed_to_the_decoder_and_gives_its_sketch() -> None:
    """B19: exports of recorded footage decode it really; these films have their parameters elsewhere."""
    seen = []

    def decode(bitstream: bytes, codec: str) -> Decoded:
        seen.append((bitstream[:4], codec))
        return Decoded(320, 240, b"", b"sketch")

    assert check_playable(kept(film()), MADE, "E01", decode) == b"sketch"
    assert seen == [(b"\0\0\0\1", "h264")]


@pytest.mark.parametrize(
    ("data", "facts", "sentence"),
    [
        (b"", {}, "cannot be read as a film"),
        (b"<html><title>Login</title></html>", {}, "cannot be read as a film"),
        (film()[:-100], {}, "cannot be read as a film"),
        (film(), {"frames": 9}, "not what was written"),
        (film(), {"width": 640}, "not what was written"),
        (film(), {"height": 480}, "not what was written"),
        (film(), {"end_ms": 4_001}, "length is wrong"),
        (film(), {"first_ms": -2_001}, "length is wrong"),
    ],
)
def test_what_is_not_the_film_that_was_written_is_no_exhibit(
    data: bytes, facts: dict[str, Any], sentence: str
) -> None:
    """B19: nothing, an error page, a cut film, other pictures, a length that is two seconds off."""
    with translation.override("en"), pytest.raises(NotPlayable, match=sentence):
        check_playable(kept(data), replace(MADE, **facts), "E01", decoded)


def test_pictures_that_nothing_can_decode_are_no_exhibit() -> None:
    """B19: without its parameters a key picture is noise."""
    with translation.override("en"), pytest.raises(NotPlayable, match="cannot be decoded"):
        check_playable(kept(film()), MADE, "E01")


def decoded(_bitstream: bytes, _codec: str) -> Decoded:
    return Decoded(320, 240, b"", b"sketch")
