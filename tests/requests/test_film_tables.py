"""What an MP4 file contains, told from its tables alone and checked against a real demuxer."""

from __future__ import annotations

import hashlib
import io

import av
import pytest

from footage_requests.sealing.boxes import NotMp4
from footage_requests.sealing.film import bitstream_sha256, nal_units, read_film
from footage_requests.sealing.sources import PlainFile
from tests.requests.films import film, fragmented


def hash_by_a_demuxer(data: bytes) -> str:
    found = hashlib.sha256()
    with av.open(io.BytesIO(data), "r") as container:
        for packet in container.demux(video=0):
            content, at = bytes(packet), 0
            while at + 4 <= len(content):
                size = int.from_bytes(content[at : at + 4], "big")
                found.update(b"\0\0\0\1" + content[at + 4 : at + 4 + size].rstrip(b"\0"))
                at += 4 + size
    return found.hexdigest()


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("is_fragmented", [False, True])
def test_the_tables_tell_codec_size_length_and_pictures(tmp_path, codec, is_fragmented):
    data = film(3, codec=codec)
    path = tmp_path / "film.mp4"
    path.write_bytes(fragmented(data) if is_fragmented else data)
    with PlainFile(path) as source:
        found = read_film(source)
        bitstream = bitstream_sha256(source, found)

    assert (found.codec, found.width, found.height, found.frames) == (
        {"libx264": "h264", "libx265": "hevc"}[codec],
        320,
        240,
        15,
    )
    assert abs(found.duration_ms - 3000) <= 1
    assert bitstream == hash_by_a_demuxer(path.read_bytes())


def test_the_bitstream_is_the_same_in_another_container(tmp_path):
    """B18."""
    hashes = set()
    for name, data in (("plain", film(3)), ("fragmented", fragmented(film(3)))):
        (tmp_path / name).write_bytes(data)
        with PlainFile(tmp_path / name) as source:
            hashes.add(bitstream_sha256(source, read_film(source)))

    assert len(hashes) == 1


def test_another_encoding_of_the_same_pictures_has_another_bitstream(tmp_path):
    """B18."""
    hashes = set()
    for shade in (90, 91):
        (tmp_path / "film").write_bytes(film(3, shade=shade))
        with PlainFile(tmp_path / "film") as source:
            hashes.add(bitstream_sha256(source, read_film(source)))

    assert len(hashes) == 2


def test_damaged_tables_end_with_a_sentence_and_never_with_something_else(tmp_path):
    """B19."""
    data = film(2)
    path = tmp_path / "film.mp4"
    start = data.index(b"moov")
    for place in range(start, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        with PlainFile(path) as source:
            try:
                for _unit in nal_units(source, read_film(source)):
                    pass
            except NotMp4:
                continue


def test_a_film_whose_end_is_missing_is_told(tmp_path):
    """B19."""
    path = tmp_path / "film.mp4"
    data = fragmented(film(2))
    place = data.rindex(b"mdat")
    size = int.from_bytes(data[place - 4 : place], "big")
    cut = data[: place - 4] + (8).to_bytes(4, "big") + b"mdat" + data[place - 4 + size :]
    path.write_bytes(cut[: cut.rindex(b"mfra") - 4])
    with PlainFile(path) as source, pytest.raises(NotMp4, match="cut off"):
        read_film(source)
