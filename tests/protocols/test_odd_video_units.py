"""H.264 as some cameras pack it: units that mean nothing, and start codes where none belong."""

from __future__ import annotations

import base64

import pytest

from cameras.protocols.rtp import RtpPacket
from cameras.protocols.rtp_video import AccessUnit, Depacketiser, H264Depacketiser, H265Depacketiser

CODE = b"\0\0\0\1"


def packet(number: int, when: int, payload: bytes, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(number, when, 96, marker, payload, None, 7)


def units(depacketiser: Depacketiser, *pictures: list[bytes]) -> list[AccessUnit]:
    """The pictures of these payloads; the last of each has the marker."""
    done: list[AccessUnit] = []
    number = 0
    for when, payloads in enumerate(pictures, 1):
        for place, payload in enumerate(payloads, 1):
            marker = place == len(payloads)
            done += depacketiser.push(packet(number, when * 3600, payload, marker=marker))
            number += 1
    return [*done, *depacketiser.flush()]


@pytest.mark.parametrize("note", [b"\x00note", b"\x1enote", b"\x1fnote", b"\x60\x01"])
def test_a_unit_of_a_reserved_type_is_no_damage(note: bytes) -> None:
    """Cameras of TP-Link put one into the stream every few pictures."""
    found = units(H264Depacketiser({}), [note, b"\x65\x88key"], [note], [b"\x41\x9aa", note])
    assert [unit.nals for unit in found] == [(b"\x65\x88key",), (b"\x41\x9aa",)]
    assert not any(unit.is_damaged for unit in found)


def test_a_unit_that_packs_parts_of_pictures_otherwise_is_damage() -> None:
    found = units(H264Depacketiser({}), [b"\x65\x88key", b"\x19\0\0interleaved"])
    assert found[0].is_damaged


@pytest.mark.parametrize("code", [CODE, b"\0\0\1"])
def test_a_key_picture_sent_as_one_unit_with_start_codes_is_taken_apart(code: bytes) -> None:
    whole = code.join([b"\x67sps", b"\x68pps", b"\x65\x88" + b"k" * 300])
    first = b"\x7c" + bytes([0x80 | 7]) + whole[1:150]
    last = b"\x7c" + bytes([0x40 | 7]) + whole[150:]
    for payloads in ([whole], [first, last], [code + whole]):
        depacketiser = H264Depacketiser({})
        found = units(depacketiser, payloads, [b"\x41\x9aa"])
        assert found[0].nals == (b"\x67sps", b"\x68pps", b"\x65\x88" + b"k" * 300)
        assert [unit.is_key for unit in found] == [True, False]
        assert not found[0].is_damaged
        assert depacketiser.parameter_sets == CODE + b"\x67sps" + CODE + b"\x68pps"


def test_a_start_code_before_a_unit_of_h265_is_left_out() -> None:
    found = units(H265Depacketiser({}), [CODE + b"\x40\1vps", CODE + b"\x26\1\xafkey"])
    assert [unit.nals for unit in found] == [(b"\x40\1vps", b"\x26\1\xafkey")]
    assert found[0].is_key


@pytest.mark.parametrize("told", [b"\x67\x4d\1" + CODE, CODE + b"\x67\x4d\1", b"\x67\x4d\1\0\0"])
def test_a_parameter_set_in_the_description_is_free_of_start_codes(told: bytes) -> None:
    sets = ",".join(base64.b64encode(one).decode() for one in (told, b"\x68\xce"))
    depacketiser = H264Depacketiser({"sprop-parameter-sets": sets})
    assert depacketiser.parameter_sets == CODE + b"\x67\x4d\1" + CODE + b"\x68\xce"


@pytest.mark.parametrize("told", ["", ",", "Z00B,", "Z00B", "%%%", "Z00B,aM4=,"])
def test_a_description_with_half_the_parameter_sets_is_no_fault(told: str) -> None:
    depacketiser = H264Depacketiser({"sprop-parameter-sets": told} if told else {})
    found = units(depacketiser, [b"\x67\x4d\2", b"\x68\xcf", b"\x65\x88key"])
    assert found[0].is_key
    assert depacketiser.parameter_sets.count(CODE) == 2
