"""ONVIF Media Signing (version 26.06): finds a camera's own signature in a recording and verifies it.

The camera hashes every NAL unit, signs the hashes of each group of pictures and puts both into SEI messages. Such
a signature reaches back to the camera, which our seal cannot. Verified here: each group's hash, its link to
the one before, the signature, and the certificate chain up to a factory root (`camera_roots.pem` beside the evidence
key). H.264 and H.265; RSA and EC keys. Where text and reference code of the standard differ, what cameras send counts:
counters and times are big endian, and the message may lack emulation prevention.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice, pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from .certificates import is_issued_by
from .film import Film, nal_units
from .sources import Source

SCHEME = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
AXIS = b"Signed Video...0"
"""The older scheme of one maker, under a name of its own: told, not verified."""
LOOKED_AT = 4000
"""NAL units that are read to find out whether a recording is signed at all."""
MOST_ALIGNED = 2000
_GOP, _LIST, _SIGNATURE, _CRYPTO, _CERTIFICATES = 1, 2, 3, 4, 6
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "608648016503040201": hashes.SHA256(),
    "608648016503040202": hashes.SHA384(),
    "608648016503040203": hashes.SHA512(),
}
_SINCE_1601 = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


class Verdict(StrEnum):
    """What a camera's signature says of a recording."""

    NOT_SIGNED = "NOT_SIGNED"
    AUTHENTIC = "AUTHENTIC"
    AUTHENTIC_WITH_MISSING = "AUTHENTIC_WITH_MISSING"
    NOT_AUTHENTIC = "NOT_AUTHENTIC"
    VENDOR_SCHEME = "VENDOR_SCHEME"


@dataclass(frozen=True)
class SigningReport:
    """The verdict and what it rests on. `is_trusted` None: no factory roots are known to us.

    `loose_units` are NAL units that no signature covers: the ends of a cut recording.
    """

    verdict: Verdict
    is_trusted: bool | None = None
    groups: int = 0
    bad_groups: int = 0
    missing_units: int = 0
    units: int = 0
    loose_units: int = 0
    certificate: str = ""
    first_at: dt.datetime | None = None


@dataclass
class _Group:
    """What one message says of a group of pictures."""

    number: int
    count: int
    at: int
    digest: bytes
    before: bytes
    listed: list[bytes] | None


@dataclass
class _Sei:
    """A signing message: its parts, and the bytes that its signature covers."""

    parts: dict[int, tuple[int, bytes]]
    signed_bytes: bytes
    is_signed: bool


@dataclass
class _State:
    """What has been seen so far."""

    algorithm: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    units: list[bytes | None] = field(default_factory=list)
    place: int = 0
    is_aligned: bool = False
    anchor: bytes | None = None
    first_before: bytes | None = None
    waiting: list[_Group] = field(default_factory=list)
    chain: list[x509.Certificate] = field(default_factory=list)
    groups: int = 0
    bad: int = 0
    missing: int = 0
    partial: int = 0
    first_at: int | None = None

    def digest(self, data: bytes) -> bytes:
        return hashlib.new(self.algorithm.name, data).digest()


def examine(source: Source, film: Film, roots: Sequence[x509.Certificate] = ()) -> SigningReport:
    """Reads the recording only as far as needed: a short look at one without signatures, all of a signed one."""
    found = None
    for unit in islice(nal_units(source, film), LOOKED_AT):
        scheme = _scheme_of(unit, film.codec)
        found = found or scheme
        if scheme == SCHEME:
            return _verify(nal_units(source, film), film.codec, roots)
    return SigningReport(Verdict.VENDOR_SCHEME if found == AXIS else Verdict.NOT_SIGNED)


def _verify(units: Iterator[bytes], codec: str, roots: Sequence[x509.Certificate]) -> SigningReport:
    state = _State()
    for unit in units:
        is_video, is_first, is_sei, head = _kind(unit, codec)
        if is_video:
            _add_picture(state, unit.rstrip(b"\0"), is_first)
        elif is_sei:
            sei = None
            with suppress(IndexError, struct.error, ValueError):
                sei = _read_sei(unit, head)
            if sei is not None:
                _add_sei(state, unit, sei)
    return _report(state, roots)


def _kind(unit: bytes, codec: str) -> tuple[bool, bool, bool, int]:
    """(a slice, the first slice of a key picture, an SEI message, length of the header)."""
    if len(unit) < 3:
        return False, False, False, 0
    if codec == "hevc":
        kind = unit[0] >> 1 & 63
        return kind < 32, 16 <= kind <= 21 and bool(unit[2] & 0x80), kind in (39, 40), 2
    kind = unit[0] & 31
    return 1 <= kind <= 5, kind == 5 and bool(unit[1] & 0x80), kind == 6, 1


def _add_picture(state: _State, unit: bytes, is_first: bool) -> None:
    own = state.digest(unit)
    if is_first:
        state.anchor = own
        state.units.append(own)
    else:
        # Bound to the key picture of its group, so that groups cannot be mixed.
        state.units.append(state.digest(state.anchor + own) if state.anchor else None)


def _scheme_of(unit: bytes, codec: str) -> bytes | None:
    _video, _first, is_sei, head = _kind(unit, codec)
    if not is_sei:
        return None
    for scheme in (SCHEME, AXIS):
        if scheme in unit[head : head + 40]:
            return scheme
    return None


def _read_sei(unit: bytes, head: int) -> _Sei | None:
    """The parts of a signing message; None for any other SEI."""
    raw = unit
    start, size = _payload(raw, head)
    if start + size + 1 != len(unit):
        # The stated size fits only once the emulation prevention bytes are out.
        raw = _without_prevention(unit)
        start, size = _payload(raw, head)
    if raw[head] != 5 or raw[start : start + 16] != SCHEME:
        return None
    flags, body = raw[start + 16], raw[start + 17 : start + size]
    parts: dict[int, tuple[int, bytes]] = {}
    at = 0
    while at + 3 <= len(body):
        tag, length = body[at], int.from_bytes(body[at + 1 : at + 3], "big")
        if not 1 <= tag <= 7 or at + 3 + length > len(body):
            break
        parts.setdefault(tag, (at, body[at + 3 : at + 3 + length]))
        at += 3 + length
    signed = b""
    if _SIGNATURE in parts:
        signed = raw[: start + 17 + parts[_SIGNATURE][0]]
        if flags & 0x40:
            signed = _with_prevention_of(unit, len(signed))
    return _Sei(parts, signed, _SIGNATURE in parts)


def _payload(raw: bytes, head: int) -> tuple[int, int]:
    """(start, size) of the first message's content."""
    at, size = head + 1, 0
    while raw[at] == 0xFF:
        size += 255
        at += 1
    return at + 1, size + raw[at]


def _without_prevention(unit: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in unit:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _with_prevention_of(unit: bytes, length: int) -> bytes:
    """The beginning of a unit that has `length` bytes once emulation prevention is out."""
    zeros = at = 0
    while length:
        if zeros >= 2 and unit[at] == 3:
            zeros = 0
        else:
            zeros = zeros + 1 if unit[at] == 0 else 0
            length -= 1
        at += 1
    return unit[:at]


def _add_sei(state: _State, unit: bytes, sei: _Sei) -> None:
    if _CRYPTO in sei.parts:
        crypto = sei.parts[_CRYPTO][1]
        oid = crypto[2 : 2 + crypto[1]].hex().removeprefix("0609")
        state.algorithm = _HASHES.get(oid, state.algorithm)
    if _CERTIFICATES in sei.parts:
        text = sei.parts[_CERTIFICATES][1][2:].rstrip(b"\0")
        with suppress(ValueError):
            state.chain = x509.load_pem_x509_certificates(text)
    if not sei.is_signed:
        state.units.append(state.digest(unit))
    if _GOP in sei.parts:
        with suppress(struct.error, ValueError):
            state.waiting.append(_read_group(sei.parts))
    if sei.is_signed:
        holds = _signature_holds(state, sei)
        for group in state.waiting:
            _judge(state, group, holds)
        state.waiting = []


def _read_group(parts: dict[int, tuple[int, bytes]]) -> _Group:
    told = parts[_GOP][1]
    (at,) = struct.unpack_from(">q", told, 5)
    place = 5 + (16 if told[0] >= 2 else 8)
    number, count = struct.unpack_from(">IH", told, place)
    place += 6
    length = (len(told) - place) // 2
    if length not in (32, 48, 64):
        raise ValueError("no hash has this length")
    listed = None
    if _LIST in parts:
        content = parts[_LIST][1][1:]
        listed = [content[i : i + length] for i in range(0, len(content) - length + 1, length)]
    digest, before = told[place : place + length], told[place + length : place + 2 * length]
    return _Group(number, count, at, digest, before, listed)


def _signature_holds(state: _State, sei: _Sei) -> bool:
    content = sei.parts[_SIGNATURE][1]
    size = int.from_bytes(content[1:3], "big")
    signature = content[3 : 3 + size]
    if not state.chain:
        return False
    key = state.chain[0].public_key()
    how = utils.Prehashed(state.algorithm)
    try:
        digest = state.digest(sei.signed_bytes)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(how))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), how)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _judge(state: _State, group: _Group, signature_holds: bool) -> None:
    """Compares one group's message with the units that were seen."""
    state.first_at = group.at if state.first_at is None else state.first_at
    state.groups += 1
    units = _units_of(state, group)
    if units is None:
        return
    is_linked = state.first_before is None or group.before == state.first_before
    if not (signature_holds and is_linked and units):
        state.bad += 1
    state.first_before = units[0] if units else None


def _units_of(state: _State, group: _Group) -> list[bytes | None] | None:
    """The group's units and moves on; [] when they are not what was signed, None for a cut beginning."""
    if not state.is_aligned:
        return _align(state, group)
    listed = group.listed
    for count in dict.fromkeys([group.count, len(listed) if listed else group.count]):
        units = state.units[state.place : state.place + count]
        if _matches(state, units, group):
            state.place += count
            return units
    present = state.units[state.place :]
    if listed and 0 < len(present) < len(listed) and _is_part_of(present, listed):
        state.missing += len(listed) - len(present)
        state.place = len(state.units)
        return present
    state.place = min(state.place + group.count, len(state.units))
    return []


def _matches(state: _State, units: list[bytes | None], group: _Group) -> bool:
    if not units or None in units:
        return False
    if units == group.listed:
        return True
    joined = b"".join(unit for unit in units if unit)
    return len(units) == group.count and state.digest(joined) == group.digest


def _is_part_of(present: list[bytes | None], listed: list[bytes]) -> bool:
    """Whether the units are some of the listed ones, in their order."""
    rest: Iterator[bytes | None] = iter(listed)
    return all(unit in rest for unit in present)


def _align(state: _State, group: _Group) -> list[bytes | None] | None:
    """The first message of a recording may speak of pictures that were cut off."""
    if state.anchor is None:
        # No key picture came before it: what it speaks of is not in this recording.
        state.is_aligned, state.place = True, len(state.units)
        state.partial, state.groups = state.place, state.groups - 1
        return None
    last = min(len(state.units), MOST_ALIGNED)
    for start in range(last):
        units = state.units[start : start + group.count]
        if _matches(state, units, group):
            state.is_aligned, state.place, state.partial = True, start + group.count, start
            return units
    if group.listed:
        for count in range(min(len(group.listed), last), 0, -1):
            if state.units[:count] == group.listed[-count:]:
                state.is_aligned, state.place, state.partial = True, count, count
                state.groups -= 1
                return None
    # Units that follow an earlier key picture cannot be told apart from units that were changed.
    return []


def _report(state: _State, roots: Sequence[x509.Certificate]) -> SigningReport:
    trusted = _is_trusted(state.chain, roots)
    if not state.groups or state.bad or trusted is False:
        verdict = Verdict.NOT_AUTHENTIC
    elif state.missing:
        verdict = Verdict.AUTHENTIC_WITH_MISSING
    else:
        verdict = Verdict.AUTHENTIC
    first_at = None
    if state.first_at is not None:
        with suppress(OverflowError):
            first_at = _SINCE_1601 + dt.timedelta(microseconds=state.first_at // 10)
    return SigningReport(
        verdict,
        trusted,
        state.groups,
        state.bad,
        state.missing,
        len(state.units),
        len(state.units) - state.place + state.partial,
        state.chain[0].subject.rfc4514_string() if state.chain else "",
        first_at,
    )


def _is_trusted(chain: list[x509.Certificate], roots: Sequence[x509.Certificate]) -> bool | None:
    """Whether the chain leads to a factory root. Validity is that of the time of recording, which nobody stamps."""
    if not roots:
        return None
    if not chain:
        return False
    if not all(is_issued_by(certificate, issuer) for certificate, issuer in pairwise(chain)):
        return False
    return any(chain[-1] == root or is_issued_by(chain[-1], root) for root in roots)
