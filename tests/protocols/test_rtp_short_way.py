"""Pieces of split pictures that are taken in runs give the very pictures that single packets give."""

from __future__ import annotations

import random
import struct

import pytest

from cameras.protocols.rtp import parse_rtp
from cameras.protocols.rtp_video import AccessUnit, Depacketiser, H264Depacketiser, H265Depacketiser

KIND = 96


def stream(is_h265: bool, chance: random.Random) -> list[bytes]:
    """Packets of 60 pictures in pieces of 100 bytes, over the ends of the sequence number's two bytes."""
    packets, sequence = [], 65_536 - 700
    for number in range(60):
        head = b"\x62\x01" if is_h265 else b"\x7c"
        body = chance.randbytes(chance.randrange(300, 9000))
        parts = [body[at : at + 100] for at in range(0, len(body), 100)]
        for at, part in enumerate(parts):
            is_last = at == len(parts) - 1
            edge = 0x80 * (at == 0) | 0x40 * is_last
            mark = KIND | 0x80 * is_last
            packets.append(
                struct.pack(">BBHII", 0x80, mark, sequence & 0xFFFF, 3000 * number, 7)
                + head
                + bytes([edge | 5])
                + part
            )
            sequence += 1
    return packets


def one_by_one(depacketiser: Depacketiser, packets: list[bytes]) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    for data in packets:
        packet = parse_rtp(data)
        assert packet is not None
        units += depacketiser.push(packet)
    return units + depacketiser.flush()


def in_runs(depacketiser: Depacketiser, packets: list[bytes], size: int) -> list[AccessUnit]:
    """As they come over TCP: in portions of `size` bytes that end anywhere."""
    wire = b"".join(b"$\0" + struct.pack(">H", len(data)) + data for data in packets)
    units: list[AccessUnit] = []
    buffer = bytearray()
    for start in range(0, len(wire), size):
        buffer += wire[start : start + size]
        at = 0
        while True:
            at = depacketiser.take_pieces(buffer, at, len(buffer), 0, KIND)
            if depacketiser.finished:
                units, depacketiser.finished = units + depacketiser.finished, []
                continue
            end = at + 4 + int.from_bytes(buffer[at + 2 : at + 4], "big")
            if at + 4 > len(buffer) or end > len(buffer):
                break
            packet = parse_rtp(bytes(buffer[at + 4 : end]))
            assert packet is not None
            units += depacketiser.push(packet)
            at = end
        del buffer[:at]
    return units + depacketiser.flush()


def without_some(packets: list[bytes], chance: random.Random) -> list[bytes]:
    return [data for data in packets if chance.random() > 0.01]


def out_of_order(packets: list[bytes], chance: random.Random) -> list[bytes]:
    turned = list(packets)
    for _swap in range(40):
        at = chance.randrange(len(turned) - 1)
        turned[at], turned[at + 1] = turned[at + 1], turned[at]
    return turned


def with_other_bytes(packets: list[bytes], chance: random.Random) -> list[bytes]:
    """Single bytes of the heads changed: length of the rest, kind, time, the pieces' own heads."""
    turned = [bytearray(data) for data in packets]
    for data in chance.sample(turned, 60):
        data[chance.choice([1, 2, 3, 4, 7, 12, 13])] ^= 1 << chance.randrange(7)
    return [bytes(data) for data in turned]


@pytest.mark.parametrize("is_h265", [False, True])
@pytest.mark.parametrize("spoil", [None, without_some, out_of_order, with_other_bytes])
def test_runs_give_what_single_packets_give(is_h265, spoil):
    chance = random.Random(7)
    packets = stream(is_h265, chance)
    if spoil is not None:
        packets = spoil(packets, chance)
    kind = H265Depacketiser if is_h265 else H264Depacketiser
    alone = kind({})
    expected = one_by_one(alone, packets)

    for size in (1000, 4096, 1_000_000):
        together = kind({})
        assert in_runs(together, packets, size) == expected
        assert together.sequence.received == alone.sequence.received
        assert together.sequence.lost == alone.sequence.lost
    assert len(expected) >= (60 if spoil is None else 20)
