"""H.264 slices written by hand: the cheap P pictures between the simulator's key pictures.

A simulated camera's scene stands still inside one second; only the milliseconds of its strip change.
So a P picture here is "every macroblock skipped, except a few that are sent as raw samples" (I_PCM).
Such a slice depends on the parameter sets, its frame_num and the raw samples, not on the key picture
before it: one set of P pictures serves every camera and every second.

Follows ITU-T H.264 (08/2021) 7.3: baseline profile, CAVLC, one slice per picture, one reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAL_P_SLICE = 1
NAL_IDR = 5
NAL_SPS = 7
NAL_PPS = 8
NAL_FILLER = 12

_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_EMULATION = re.compile(rb"\x00\x00(?=[\x00-\x03])")
_I_PCM_IN_P = 30  # mb_type 25 of I slices, after the five types of P slices


class BitWriter:
    """Bits of a raw byte sequence payload, most significant first."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._value = 0
        self._count = 0

    def bits(self, value: int, count: int) -> None:
        """u(n) of the standard."""
        self._value = (self._value << count) | value
        self._count += count
        while self._count >= 8:
            self._count -= 8
            self._done.append((self._value >> self._count) & 0xFF)
        self._value &= (1 << self._count) - 1

    def ue(self, value: int) -> None:
        """ue(v): unsigned Exp-Golomb."""
        length = (value + 1).bit_length()
        self.bits(value + 1, 2 * length - 1)

    def aligned(self, raw: bytes) -> None:
        """Zero bits up to the next byte, then whole bytes."""
        if self._count:
            self.bits(0, 8 - self._count)
        self._done += raw

    def finish(self) -> bytes:
        """The payload with its trailing bits."""
        self.bits(1, 1)
        if self._count:
            self.bits(0, 8 - self._count)
        return bytes(self._done)


class BitReader:
    """The reading side, for parameter sets."""

    def __init__(self, payload: bytes) -> None:
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def bits(self, count: int) -> int:
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while self.bits(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)


@dataclass(frozen=True)
class ParameterSets:
    """What a P slice must know of the SPS and PPS that it is decoded with."""

    sps: bytes
    pps: bytes
    frame_num_bits: int
    width_in_mbs: int
    height_in_mbs: int
    has_deblocking_syntax: bool

    @property
    def profile_level_id(self) -> str:
        """Six hexadecimal digits for the SDP (RFC 6184 section 8.1)."""
        return self.sps[1:4].hex().upper()


def split_annex_b(stream: bytes) -> list[bytes]:
    """The NAL units of a byte stream, without start codes."""
    return [nal for nal in _START_CODE.split(stream) if nal]


def nal_unit(header: int, payload: bytes) -> bytes:
    """A NAL unit with emulation prevention."""
    return bytes([header]) + _EMULATION.sub(b"\x00\x00\x03", payload)


def read_parameter_sets(sps: bytes, pps: bytes) -> ParameterSets:
    """Reads the baseline, progressive sets that our encoder writes; ValueError for anything else."""
    bits = BitReader(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile = bits.bits(8)
    bits.bits(16)  # constraints and level
    bits.ue()
    frame_num_bits = bits.ue() + 4
    poc_type = bits.ue()
    if profile != 66 or poc_type != 2:
        raise ValueError("P slices are written for baseline with picture order count type 2 only")
    bits.ue()  # number of reference frames
    bits.bits(1)
    width_in_mbs, height_in_mbs = bits.ue() + 1, bits.ue() + 1
    if not bits.bits(1):
        raise ValueError("interlaced pictures are not written")
    bits = BitReader(pps[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    bits.ue()
    bits.ue()
    cabac = bits.bits(1)
    bits.bits(1)
    groups, references = bits.ue(), bits.ue()
    bits.ue()
    weighted = bits.bits(3)
    for _ in range(3):
        bits.ue()  # initial QP, QS and chroma offset
    deblocking = bool(bits.bits(1))
    if cabac or groups or references or weighted:
        raise ValueError("P slices are written for CAVLC with one reference only")
    return ParameterSets(sps, pps, frame_num_bits, width_in_mbs, height_in_mbs, deblocking)


def p_slice(sets: ParameterSets, frame_num: int, raw_macroblocks: Mapping[int, bytes]) -> bytes:
    """A P picture: `raw_macroblocks` (address -> 256 luma and 128 chroma samples), the rest skipped.

    `frame_num` counts pictures since the IDR picture (1 for the first after it).
    """
    bits = BitWriter()
    bits.ue(0)  # first_mb_in_slice
    bits.ue(5)  # slice_type: all slices of the picture are P
    bits.ue(0)  # pic_parameter_set_id
    bits.bits(frame_num % (1 << sets.frame_num_bits), sets.frame_num_bits)
    bits.bits(0, 3)  # references as in the PPS, list unmodified, sliding window
    bits.ue(0)  # slice_qp_delta
    if sets.has_deblocking_syntax:
        bits.ue(1)  # deblocking off: raw samples stay exactly as written
    position = 0
    for address in sorted(raw_macroblocks):
        bits.ue(address - position)  # mb_skip_run
        bits.ue(_I_PCM_IN_P)
        bits.aligned(raw_macroblocks[address])
        position = address + 1
    remaining = sets.width_in_mbs * sets.height_in_mbs - position
    if remaining:
        bits.ue(remaining)
    return nal_unit(0x40 | NAL_P_SLICE, bits.finish())


def filler(size: int) -> bytes:
    """A filler data NAL unit of `size` bytes (at least 2): bytes without meaning, to reach a bit rate."""
    return bytes([NAL_FILLER]) + b"\xff" * (size - 2) + b"\x80"
