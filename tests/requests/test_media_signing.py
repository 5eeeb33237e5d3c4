"""A camera's own signature is found and verified; every change is told, and a cut is not called a change."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from cryptography import x509

from footage_requests.sealing.film import read_film
from footage_requests.sealing.media_signing import AXIS, SigningReport, Verdict, examine
from footage_requests.sealing.sources import PlainFile
from tests.requests.films import film, fragmented
from tests.requests.signing_camera import (
    Factory,
    Signer,
    factory,
    packed,
    signed_film,
    units_of,
)

SECONDS = 6
# How many slices our encoders make of a picture.
SLICES = {"h264": 2, "hevc": 1}


@pytest.fixture(scope="module")
def maker() -> Factory:
    return factory()


def examined(tmp_path: Path, data: bytes, *roots: x509.Certificate) -> SigningReport:
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    with PlainFile(path) as source:
        return examine(source, read_film(source), roots)


def remade(data: bytes, change: Callable[[int, list[bytes]], list[bytes] | None]) -> bytes:
    """The film with its packets changed; None leaves one out."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            units = change(number, units_of(bytes(packet))) if packet.dts is not None else None
            if not units:
                continue
            fresh = av.Packet(packed(units))
            fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
            fresh.duration, fresh.is_keyframe = packet.duration, packet.is_keyframe
            fresh.stream = stream
            target.mux(fresh)
    return out.getvalue()


@pytest.mark.parametrize("prevents", [False, True])
@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_signed_recording_is_authentic_up_to_its_dangling_end(
    tmp_path, maker, codec, lists, prevents
):
    encoder = {"h264": "libx264", "hevc": "libx265"}[codec]
    signer = Signer(maker, codec=codec, lists=lists, prevents=prevents)
    report = examined(tmp_path, signed_film(film(SECONDS, codec=encoder), signer), maker.root)

    assert report.verdict == Verdict.AUTHENTIC
    assert report.is_trusted
    assert (report.groups, report.bad_groups) == (SECONDS - 1, 0)
    assert report.loose_units == 5 * SLICES[codec]
    assert "Camera 1" in report.certificate


def test_another_container_keeps_the_signature(tmp_path, maker):
    data = fragmented(signed_film(film(SECONDS), Signer(maker)))
    assert examined(tmp_path, data, maker.root).verdict == Verdict.AUTHENTIC


def test_a_recording_without_messages_is_not_signed(tmp_path):
    report = examined(tmp_path, film(SECONDS))
    assert report == SigningReport(Verdict.NOT_SIGNED)


@pytest.mark.parametrize("lists", [False, True])
def test_a_changed_picture_is_not_authentic(tmp_path, maker, lists):
    data = signed_film(film(SECONDS), Signer(maker, lists=lists))

    def change(number: int, units: list[bytes]) -> list[bytes]:
        if number == 12:
            units[-1] = units[-1][:-3] + bytes([units[-1][-3] ^ 1]) + units[-1][-2:]
        return units

    report = examined(tmp_path, remade(data, change), maker.root)
    assert report.verdict == Verdict.NOT_AUTHENTIC
    assert report.bad_groups >= 1


def test_a_missing_picture_is_told_apart_from_a_changed_one(tmp_path, maker):
    data = signed_film(film(SECONDS), Signer(maker))
    without = remade(data, lambda number, units: None if number == 12 else units)
    report = examined(tmp_path, without, maker.root)

    assert report.verdict == Verdict.AUTHENTIC_WITH_MISSING
    assert report.missing_units == SLICES["h264"]


def test_groups_in_another_order_are_not_authentic(tmp_path, maker):
    data = signed_film(film(SECONDS), Signer(maker))
    packets: list[list[bytes]] = []

    def keep(_number: int, units: list[bytes]) -> list[bytes]:
        packets.append(units)
        return units

    remade(data, keep)
    swapped = packets[:10] + packets[15:20] + packets[10:15] + packets[20:]
    data = remade(data, lambda number, _units: swapped[number])

    assert examined(tmp_path, data, maker.root).verdict == Verdict.NOT_AUTHENTIC


def test_a_recording_cut_at_both_ends_is_authentic_in_what_is_left(tmp_path, maker):
    data = signed_film(film(SECONDS), Signer(maker))
    cut = remade(data, lambda number, units: units if 10 <= number < 28 else None)
    report = examined(tmp_path, cut, maker.root)

    assert report.verdict == Verdict.AUTHENTIC
    assert report.groups == 3


def test_a_camera_of_an_unknown_factory_is_not_trusted(tmp_path, maker):
    data = signed_film(film(SECONDS), Signer(maker))
    report = examined(tmp_path, data, factory().root)
    assert (report.verdict, report.is_trusted) == (Verdict.NOT_AUTHENTIC, False)
    assert examined(tmp_path, data).is_trusted is None


def test_the_older_scheme_of_one_maker_is_told_and_not_judged(tmp_path):
    message = b"\x06\x05\x20" + AXIS + bytes(range(1, 17)) + b"\x80"
    data = remade(film(2), lambda number, units: [message, *units] if number == 0 else units)
    assert examined(tmp_path, data).verdict == Verdict.VENDOR_SCHEME


def test_hostile_messages_never_raise(tmp_path, maker):
    data = signed_film(film(3), Signer(maker))
    for place in range(3, 500, 7):

        def change(_number: int, units: list[bytes], place: int = place) -> list[bytes]:
            if units[0][0] == 6 and len(units[0]) > place:
                units[0] = units[0][:place] + b"\xff" + units[0][place + 1 :]
            return units

        report = examined(tmp_path, remade(data, change), maker.root)
        assert report.verdict in set(Verdict)
