"""The seal of the ONVIF Export File Format (version 26.06) on an MP4 file: written and verified.

One `meta` box at file level names the exporter (`suep`), the corrected start time of every track
(`cstb`) and carries an RSASSA-PSS signature (SHA-256, MGF1 with SHA-256, salt of 20 bytes) over the whole
file with the signature's own bytes as zero (`sibo`) and the signer's certificate (`cert`). The
recording's bytes stay as they were; players ignore the box. The seal says "unchanged since this export" and
nothing about the time before.

Times: `cstb` counts 100 ns since 1601 UTC, `suep` seconds since 1904 UTC.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding

from .boxes import Box, NotMp4, box, child_boxes, find, full_box, top_boxes
from .certificates import is_issued_by
from .sources import Source

SCHEMES = (b"oeff", b"OEFF")
"""The standard's text has the first; ONVIF's own signing tool writes the second."""
SCHEME_VERSION = 0x10000
LARGEST_META = 1024 * 1024
MOST_SEALS = 8
LARGEST_INDEX = 64 * 1024 * 1024
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=20)
_SINCE_1904_S = 2_082_844_800
_SINCE_1601 = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_TICK = dt.timedelta(microseconds=1)


class NotSealable(ValueError):
    """The file cannot carry a seal: it is not an MP4 file, or is sealed already."""


@dataclass(frozen=True)
class Exporter:
    """Who exported: the system, its address and network card, and the person."""

    name: str
    url: str
    mac: str
    operator: str


@dataclass(frozen=True)
class Track:
    """What a track shows: the camera, and the true time of its first frame (UTC)."""

    number: int
    camera: str
    url: str
    mac: str
    line: str
    starts_at: dt.datetime


@dataclass(frozen=True)
class Statement:
    """All that one seal says."""

    exporter: Exporter
    tracks: Sequence[Track]
    sealed_at: dt.datetime
    note: str = ""


@dataclass(frozen=True)
class Signer:
    """The key that seals, and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class SealedForm:
    """How a file looks once it is sealed: `meta` stands at `place`, all else stays.

    `plain_sha256` and `plain_bytes` are those of the file as it was read.
    """

    place: int
    meta: bytes
    bytes: int
    sha256: str
    crc32: int
    plain_bytes: int
    plain_sha256: str


def seal(source: Source, statement: Statement, signer: Signer) -> SealedForm:
    """Reads the file once and makes its seal. Raises NotSealable; the file itself is not touched."""
    place = _place_of_seal(source)
    meta, hole = _meta_box(statement, signer)
    plain, crc = hashlib.sha256(), 0
    for piece in source.pieces(0, place):
        plain.update(piece)
        crc = zlib.crc32(piece, crc)
    to_sign = plain.copy()
    to_sign.update(meta)
    tail = b"".join(source.pieces(place, source.size))
    to_sign.update(tail)
    signature = signer.key.sign(to_sign.digest(), PSS, utils.Prehashed(hashes.SHA256()))
    signed = meta[:hole] + signature + meta[hole + len(signature) :]
    final = plain.copy()
    final.update(signed + tail)
    plain.update(tail)
    return SealedForm(
        place=place,
        meta=signed,
        bytes=source.size + len(signed),
        sha256=final.hexdigest(),
        crc32=zlib.crc32(signed + tail, crc),
        plain_bytes=source.size,
        plain_sha256=plain.hexdigest(),
    )


def sealed_pieces(source: Source, form: SealedForm) -> Iterator[bytes]:
    """The bytes of the sealed file in order."""
    yield from source.pieces(0, form.place)
    yield form.meta
    yield from source.pieces(form.place, source.size)


def _place_of_seal(source: Source) -> int:
    """Where the seal goes: at the end, or before the index of a fragmented file, which must stay last."""
    kinds: set[bytes] = set()
    place = source.size
    try:
        for found in top_boxes(source):
            if found.reaches_to_end:
                raise NotSealable("Its last part has no length of its own.")
            kinds.add(found.kind)
            if found.kind == b"mfra" and found.end == source.size:
                place = found.start
    except NotMp4 as error:
        raise NotSealable(str(error)) from error
    if b"meta" in kinds:
        raise NotSealable("The file has a seal, or other data in a seal's place, already.")
    if not {b"ftyp", b"moov"} <= kinds:
        raise NotSealable("This is not an MP4 file.")
    if source.size - place > LARGEST_INDEX:
        raise NotSealable("The index at the end of the file is too large.")
    return place


def _text(value: str) -> bytes:
    return value.replace("\0", " ").encode() + b"\0"


def _meta_box(statement: Statement, signer: Signer) -> tuple[bytes, int]:
    """The box with zeros where the signature goes, and the place of those zeros in it."""
    exporter = statement.exporter
    suep = _text(exporter.name) + _text(exporter.url) + _text(exporter.mac)
    suep += struct.pack(">Q", int(statement.sealed_at.timestamp()) + _SINCE_1904_S)
    suep += _text(exporter.operator) + struct.pack(">I", len(statement.tracks))
    starts = struct.pack(">I", len(statement.tracks))
    for track in statement.tracks:
        suep += struct.pack(">H", track.number)
        suep += b"".join(_text(t) for t in (track.camera, track.url, track.mac, track.line))
        starts += struct.pack(">IQ", track.number, _ticks(track.starts_at))
    signature_bytes = signer.key.key_size // 8
    scheme = box(b"sibo", bytes(signature_bytes))
    scheme += box(b"cert", signer.certificate.public_bytes(Encoding.DER))
    if statement.note:
        scheme += box(b"auib", _text(statement.note))
    sinf = box(b"cstb", starts)
    sinf += full_box(b"schm", struct.pack(">4sI", SCHEMES[0], SCHEME_VERSION))
    sinf += box(b"schi", scheme)
    handler = full_box(b"hdlr", bytes(4) + SCHEMES[0] + bytes(12) + b"\0")
    protection = full_box(b"ipro", struct.pack(">H", 1) + box(b"sinf", sinf))
    before = handler + full_box(b"suep", suep, version=1)
    meta = full_box(b"meta", before + protection)
    return meta, meta.rindex(b"sibo" + bytes(signature_bytes)) + 4


def _ticks(instant: dt.datetime) -> int:
    return (instant - _SINCE_1601) // _TICK * 10


# --- verification --------------------------------------------------------------------------------


class Answer(StrEnum):
    """Three answers and their reasons: NOT_SEALED is not "false", it only proves nothing."""

    INTACT = "INTACT"
    NOT_SEALED = "NOT_SEALED"
    UNKNOWN_SIGNER = "UNKNOWN_SIGNER"
    CHANGED = "CHANGED"


@dataclass(frozen=True)
class OneSeal:
    """One of the seals that stand on each other, the oldest first."""

    answer: Answer
    certificate: x509.Certificate
    starts_at: dict[int, dt.datetime]


@dataclass(frozen=True)
class SealReport:
    """What the seals of a file say and whether all of them hold; `certificate` and `starts_at` are the latest's."""

    answer: Answer
    exporter: Exporter | None = None
    starts_at: dict[int, dt.datetime] = field(default_factory=dict)
    sealed_at: dt.datetime | None = None
    certificate: x509.Certificate | None = None
    problem: str = ""
    seals: tuple[OneSeal, ...] = ()


def verify(source: Source, trusted: Sequence[x509.Certificate] = ()) -> SealReport:
    """Checks the seal of a file. A certificate is known when it is, or was issued by, one of `trusted`.

    Reads the whole file once. Never raises for a bad file: what is wrong stands in the report.
    """
    try:
        metas = [found for found in top_boxes(source) if found.kind == b"meta"]
        if not metas:
            return SealReport(Answer.NOT_SEALED)
        if len(metas) > 1:
            return SealReport(Answer.CHANGED, problem="Several boxes in a seal's place.")
        if metas[0].end - metas[0].start > LARGEST_META:
            return SealReport(Answer.CHANGED, problem="The seal is too large.")
        return _check(source, metas[0], trusted)
    except (ValueError, OverflowError, struct.error) as error:
        return SealReport(Answer.CHANGED, problem=str(error))


def _check(source: Source, meta: Box, trusted: Sequence[x509.Certificate]) -> SealReport:
    data = source.read_at(meta.start, meta.end - meta.start)
    inside = (meta.body - meta.start + 4, len(data))
    suep = find(data, *inside, b"suep")
    protection = find(data, *inside, b"ipro")
    if suep is None or protection is None:
        return SealReport(Answer.NOT_SEALED)
    sinfs = [b for b in child_boxes(data, protection.body + 6, protection.end) if b.kind == b"sinf"]
    if not 1 <= len(sinfs) <= MOST_SEALS:
        return SealReport(Answer.CHANGED, problem="The file has no seal, or too many.")
    exporter, sealed_at = _read_exporter(data, suep)
    # Each seal was made over the file as it was before the later ones were put on it.
    seals = tuple(
        _one_seal(source, meta, _with_first(data, meta, protection, sinfs, count), trusted)
        for count in range(1, len(sinfs) + 1)
    )
    latest = seals[-1]
    return SealReport(
        max((one.answer for one in seals), key=_WORSE.index),
        exporter,
        latest.starts_at,
        sealed_at,
        latest.certificate,
        seals=seals,
    )


_WORSE = (Answer.INTACT, Answer.UNKNOWN_SIGNER, Answer.CHANGED)


def _with_first(
    data: bytes, meta: Box, protection: Box, sinfs: Sequence[Box], count: int
) -> tuple[bytes, Box]:
    """The seal's box with its first so many seals alone, and the last of them in it."""
    last = sinfs[count - 1]
    kept = data[protection.body + 6 : last.end]
    inner = data[protection.body : protection.body + 4] + struct.pack(">H", count) + kept
    ipro = box(b"ipro", inner)
    before = data[meta.body - meta.start : protection.start]
    reduced = box(b"meta", before + ipro + data[protection.end :])
    if count == len(sinfs):
        reduced = data
    start = last.start
    return reduced, Box(b"sinf", start, last.body, last.end)


def _one_seal(
    source: Source,
    meta: Box,
    sealed: tuple[bytes, Box],
    trusted: Sequence[x509.Certificate],
) -> OneSeal:
    data, sinf = sealed
    schm = find(data, sinf.body, sinf.end, b"schm")
    schi = find(data, sinf.body, sinf.end, b"schi")
    if schm is None or schi is None or data[schm.body + 4 : schm.body + 8] not in SCHEMES:
        raise NotMp4("The seal is of an unknown kind.")
    signature = find(data, schi.body, schi.end, b"sibo")
    cert = find(data, schi.body, schi.end, b"cert")
    if signature is None or cert is None:
        raise NotMp4("The seal has no signature.")
    certificate = x509.load_der_x509_certificate(data[cert.body : cert.end])
    hole = (signature.body, signature.end)
    intact = _signature_holds(source, meta, data, hole, certificate)
    answer = Answer.INTACT if intact else Answer.CHANGED
    if intact and not _is_known(certificate, trusted):
        answer = Answer.UNKNOWN_SIGNER
    starts = _read_starts(data, find(data, sinf.body, sinf.end, b"cstb"))
    return OneSeal(answer, certificate, starts)


def _signature_holds(
    source: Source,
    meta: Box,
    sealed: bytes,
    hole: tuple[int, int],
    certificate: x509.Certificate,
) -> bool:
    """Over the file with `sealed` in the place of its seal's box, and zeros in `hole` of it."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    signature = sealed[hole[0] : hole[1]]
    found = hashlib.sha256()
    for piece in source.pieces(0, meta.start):
        found.update(piece)
    found.update(sealed[: hole[0]] + bytes(hole[1] - hole[0]) + sealed[hole[1] :])
    for piece in source.pieces(meta.end, source.size):
        found.update(piece)
    try:
        key.verify(signature, found.digest(), PSS, utils.Prehashed(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _is_known(certificate: x509.Certificate, trusted: Sequence[x509.Certificate]) -> bool:
    return any(certificate == known or is_issued_by(certificate, known) for known in trusted)


def _read_exporter(data: bytes, suep: Box) -> tuple[Exporter, dt.datetime]:
    name, place = _read_text(data, suep.body + 4, suep.end)
    url, place = _read_text(data, place, suep.end)
    mac, place = _read_text(data, place, suep.end)
    (seconds,) = struct.unpack_from(">Q", data, place)
    operator, _place = _read_text(data, place + 8, suep.end)
    sealed_at = dt.datetime(1904, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return Exporter(name, url, mac, operator), sealed_at


def _read_text(data: bytes, place: int, end: int) -> tuple[str, int]:
    stop = data.index(b"\0", place, end)
    return data[place:stop].decode(), stop + 1


def _read_starts(data: bytes, cstb: Box | None) -> dict[int, dt.datetime]:
    if cstb is None:
        return {}
    (count,) = struct.unpack_from(">I", data, cstb.body)
    if cstb.body + 4 + 12 * count != cstb.end:
        raise NotMp4("The start times of the seal do not fit.")
    pairs = struct.iter_unpack(">IQ", data[cstb.body + 4 : cstb.end])
    return {number: _SINCE_1601 + dt.timedelta(microseconds=ticks // 10) for number, ticks in pairs}
