"""RTP and RTCP packets, sound and broken."""

import random
import struct
from typing import Any

import pytest

from cameras.protocols.base import NotSupported
from cameras.protocols.rtp import RtpPacket, SequenceWatch, ntp_to_ms, parse_rtcp, parse_rtp
from cameras.protocols.rtp_clock import RtpTimeline
from cameras.protocols.rtp_video import Depacketiser, H264Depacketiser, H265Depacketiser

EXTENSION = struct.pack(">HHIIB3x", 0xABAC, 3, 2_208_988_800 + 5, 1 << 31, 0b1101_0000)


def rtp(sequence=1, when=90, *, marker=True, extension=b"", payload=b"\x41abc", padding=b""):
    first = 0x80 | (0x10 if extension else 0) | (0x20 if padding else 0)
    head = struct.pack(">BBHII", first, 96 | (marker << 7), sequence, when, 7)
    return head + extension + payload + padding


def parsed(data: bytes) -> RtpPacket:
    packet = parse_rtp(data)
    assert packet is not None
    return packet


def test_the_onvif_extension_gives_the_time_and_its_bits():
    stamp = parsed(rtp(extension=EXTENSION)).stamp
    assert stamp is not None
    assert stamp.ms == 5500
    assert (stamp.clean_point, stamp.section_end) == (True, True)
    assert (stamp.discontinuity, stamp.terminal) == (False, True)


def test_another_extension_is_passed_over():
    packet = parsed(rtp(extension=struct.pack(">HHI", 0xBEDE, 1, 0)))
    assert (packet.stamp, packet.payload) == (None, b"\x41abc")


def test_padding_is_cut_off():
    assert parsed(rtp(padding=b"\0\0\3")).payload == b"\x41abc"


@pytest.mark.parametrize(
    "data", [b"", b"\x80" * 11, b"\x40" + bytes(20), rtp(padding=b"\xff"), rtp()[:1] + b"\x60"]
)
def test_what_is_not_rtp_is_none(data):
    assert parse_rtp(data) is None


def test_an_extension_that_reaches_beyond_the_packet_is_none():
    assert parse_rtp(rtp(extension=struct.pack(">HH", 0xABAC, 60_000))) is None


def test_no_bytes_at_all_make_the_readers_fail():
    chance = random.Random(11)
    depacketisers: list[Depacketiser] = [H264Depacketiser({}), H265Depacketiser({})]
    for _ in range(3000):
        data = bytearray(chance.randbytes(chance.randrange(60)))
        data[:1] = b"\x80"
        parse_rtcp(bytes(data))
        packet = parse_rtp(bytes(data))
        if packet is not None:
            for depacketiser in depacketisers:
                depacketiser.push(packet)


def test_a_compound_report_gives_clock_and_bye():
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, 2_208_988_800 + 5, 0, 1234, 0, 0)
    description = struct.pack(">BBHI", 0x81, 202, 1, 7)
    bye = struct.pack(">BBHI", 0x81, 203, 1, 7)
    found, says_bye = parse_rtcp(report + description + bye)
    assert found is not None
    assert (found.ntp_ms, found.rtp_time, says_bye) == (5000, 1234, True)
    assert parse_rtcp(report)[1] is False


def test_ntp_goes_on_after_2036():
    assert ntp_to_ms(0, 0) == 2_085_978_496_000


def test_missing_numbers_are_counted_across_the_wrap():
    watch = SequenceWatch()
    for number in (65_533, 65_534, 1, 2, 5):
        watch.see(number)
    assert (watch.received, watch.lost, watch.restarts) == (5, 4, 0)


def test_a_new_count_is_no_loss():
    watch = SequenceWatch()
    for number in (10, 11, 40_000, 40_001):
        watch.see(number)
    assert (watch.lost, watch.restarts) == (0, 1)


def test_rtp_time_goes_on_across_its_wrap():
    timeline = RtpTimeline(90_000, (1 << 32) - 45_000, 1000)
    assert [timeline.ms(t) for t in ((1 << 32) - 45_000, 45_000, 0)] == [1000, 2000, 1500]


def test_interleaved_h265_is_not_supported():
    with pytest.raises(NotSupported):
        H265Depacketiser({"sprop-max-don-diff": "2"})


def test_parameter_sets_come_from_the_description_or_the_stream():
    depacketiser = H264Depacketiser({"sprop-parameter-sets": "Z0I=,aM4=,!!"})
    assert depacketiser.parameter_sets == b"\0\0\0\1\x67\x42\0\0\0\1\x68\xce"
    depacketiser.push(parsed(rtp(payload=b"\x67new")))
    assert depacketiser.parameter_sets.startswith(b"\0\0\0\1\x67new")


def test_a_fragment_with_a_hole_is_left_out_and_the_picture_marked():
    depacketiser = H264Depacketiser({})
    parts = [b"\x41whole", b"\x5c\x81aa", b"\x5c\x01bb", b"\x5c\x41cc"]
    units: list[Any] = []
    for number, part in enumerate(parts):
        if number != 2:
            packet = parsed(rtp(sequence=number, payload=part, marker=number == 3))
            units += depacketiser.push(packet)
    units += depacketiser.complete()
    assert [(unit.data, unit.is_damaged) for unit in units] == [(b"\0\0\0\1\x41whole", True)]
    assert depacketiser.sequence.lost == 1


def test_a_picture_without_end_is_given_up_at_its_cap():
    depacketiser = H264Depacketiser({})
    part = b"\x5c\x01" + bytes(65_000)
    for number in range(300):
        payload = b"\x5c\x81x" if number == 0 else part
        depacketiser.push(parsed(rtp(sequence=number, payload=payload, marker=False)))
    assert depacketiser.flush() == []


@pytest.mark.parametrize("times", [(90, 90, 90, 90), (10, 20, 30, 90)])
def test_parameter_sets_that_are_sent_like_pictures_belong_to_the_picture_behind_them(times):
    """Some devices set the marker on every packet, or give each parameter set a time of its own."""
    depacketiser = H264Depacketiser({})
    nals = [b"\x67sps", b"\x68pps", b"\x06sei", b"\x65key"]
    done = [
        unit
        for number, (when, nal) in enumerate(zip(times, nals, strict=True))
        for unit in depacketiser.push(parsed(rtp(number, when, payload=nal)))
    ]
    next_one = list(depacketiser.push(parsed(rtp(4, 190, payload=b"\x41next"))))
    done.append(next_one.pop(0))
    assert [(unit.rtp_time, unit.nals, unit.is_key) for unit in done] == [(90, tuple(nals), True)]
    assert not done[0].is_damaged
    assert [unit.nals for unit in next_one] == [(b"\x41next",)]


def test_a_lost_picture_does_not_mark_the_next_one():
    depacketiser = H264Depacketiser({})
    depacketiser.push(parsed(rtp(1, 90, marker=False, payload=b"\x67sps")))
    first = b"\x7c\x85" + bytes(50)
    depacketiser.push(parsed(rtp(2, 90, marker=False, payload=first)))
    done = [*depacketiser.push(parsed(rtp(9, 190, payload=b"\x41next"))), *depacketiser.complete()]
    assert [(unit.nals, unit.is_damaged) for unit in done] == [
        ((b"\x67sps",), True),
        ((b"\x41next",), False),
    ]


def test_countless_tiny_units_of_one_picture_are_given_up():
    depacketiser = H264Depacketiser({})
    packets = struct.pack(">HB", 1, 0x41) * 20_000
    depacketiser.push(parsed(rtp(1, payload=b"\x18" + packets)))
    done = depacketiser.flush()
    assert len(done[0].nals) < 5_000
    assert done[0].is_damaged


SLICES = {
    H264Depacketiser: ([b"\x65\x88a", b"\x65\x48b", b"\x65\x38c"], [b"\x41\x9ad", b"\x41\x4ae"]),
    H265Depacketiser: ([b"\x26\1\xafa", b"\x26\1\x2fb"], [b"\2\1\xd0c", b"\2\1\x50d"]),
}


@pytest.mark.parametrize("kind", SLICES)
@pytest.mark.parametrize("is_split", [False, True])
def test_a_marker_on_every_slice_does_not_cut_pictures_in_pieces(kind, is_split):
    depacketiser = kind({})
    done, number = [], 0
    for when, slices in enumerate([*SLICES[kind], SLICES[kind][1]], start=1):
        for nal in slices:
            pieces = _pieces(kind, nal) if is_split else [nal]
            for place, piece in enumerate(pieces):
                is_last = place == len(pieces) - 1
                done += depacketiser.push(parsed(rtp(number, when, marker=is_last, payload=piece)))
                number += 1
    done += depacketiser.flush()
    key, other = SLICES[kind]
    assert [unit.nals for unit in done] == [tuple(key), tuple(other), tuple(other)]
    assert [unit.is_key for unit in done] == [True, False, False]
    assert not any(unit.is_damaged for unit in done)


def _pieces(kind: type[Depacketiser], nal: bytes) -> list[bytes]:
    if kind is H264Depacketiser:
        head, told = bytes([nal[0] & 0xE0 | 28]), nal[0] & 0x1F
        rest = nal[1:]
    else:
        head, told = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[0] >> 1 & 0x3F
        rest = nal[2:]
    return [head + bytes([told | 0x80]) + rest[:1], head + bytes([told | 0x40]) + rest[1:]]


def test_a_single_picture_is_complete_at_its_marker():
    depacketiser = H264Depacketiser({})
    assert depacketiser.push(parsed(rtp(1, payload=b"\x65\x88a"))) == []
    assert [unit.nals for unit in depacketiser.complete()] == [(b"\x65\x88a",)]
    assert depacketiser.complete() == []
