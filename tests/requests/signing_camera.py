"""A camera that signs what it records (ONVIF Media Signing), with a factory of our own: makes films for tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import struct
from dataclasses import dataclass, field

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from footage_requests.sealing.media_signing import SCHEME

AT = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
SHA256_OID = bytes.fromhex("608648016503040201")


@dataclass
class Factory:
    """The maker's root, and one camera's key and certificate."""

    root: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def chain(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def factory() -> Factory:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _one in range(2))
    root = _certificate("Factory root", "Factory root", root_key, root_key, is_root=True)
    return Factory(root, key, _certificate("Camera 1", "Factory root", key, root_key))


def _certificate(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_root: bool = False,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(AT - dt.timedelta(days=9))
    builder = builder.not_valid_after(AT + dt.timedelta(days=9))
    basic = x509.BasicConstraints(ca=is_root, path_length=None)
    return builder.add_extension(basic, critical=True).sign(signer, hashes.SHA256())


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def escaped(unit: bytes) -> bytes:
    """Emulation prevention (H.264 7.4.1)."""
    out, zeros = bytearray(), 0
    for byte in unit:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


@dataclass
class Signer:
    """Sees every NAL unit in order and gives the SEI message that goes before each key picture."""

    maker: Factory
    codec: str = "h264"
    lists: bool = True
    prevents: bool = False
    number: int = 0
    group: list[bytes] = field(default_factory=list)
    before: bytes = bytes(32)
    anchor: bytes = b""

    def picture(self, unit: bytes, *, is_first: bool) -> None:
        own = sha(unit.rstrip(b"\0"))
        if is_first:
            self.anchor = own
        self.group.append(own if is_first else sha(self.anchor + own))

    def message(self) -> bytes:
        """The signed SEI about the group that has just ended."""
        self.number += 1
        times = struct.pack(
            ">q", int((AT - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)).total_seconds()) * 10**7
        )
        told = b"\x01" + bytes(4) + times + struct.pack(">IH", self.number, len(self.group))
        told += sha(b"".join(self.group)) + self.before
        parts = _part(1, told)
        if self.lists:
            parts += _part(2, b"\x01" + b"".join(self.group))
        parts += _part(4, b"\x01" + bytes([len(SHA256_OID)]) + SHA256_OID)
        parts += _part(6, b"\x01\x00" + self.maker.chain)
        if self.group:
            self.before = self.group[0]
        self.group = []
        # A signature of DER has no fixed length: zeros behind it fill the place.
        size = len(SCHEME) + 1 + len(parts) + 3 + 3 + 72
        flags = 0x40 if self.prevents else 0
        head = (b"\x4e\x01" if self.codec == "hevc" else b"\x06") + b"\x05"
        head += b"\xff" * (size // 255) + bytes([size % 255]) + SCHEME + bytes([flags]) + parts
        covered = escaped(head) if self.prevents else head
        signature = self.maker.key.sign(covered, ec.ECDSA(hashes.SHA256()))
        content = b"\x01" + struct.pack(">H", len(signature)) + signature.ljust(72, b"\0")
        unit = head + _part(3, content) + b"\x80"
        return escaped(unit) if self.prevents else unit


def _part(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + struct.pack(">H", len(content)) + content


def units_of(packet: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 4 <= len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")
        found.append(packet[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def packed(units: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def signed_film(data: bytes, signer: Signer) -> bytes:
    """The same film with the camera's messages in it."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            units = units_of(bytes(packet))
            video = [unit for unit in units if _is_video(unit, signer.codec)]
            if packet.is_keyframe and signer.group:
                units.insert(0, signer.message())
            for number, unit in enumerate(video):
                signer.picture(unit, is_first=packet.is_keyframe and number == 0)
            fresh = av.Packet(packed(units))
            fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
            fresh.duration, fresh.is_keyframe = packet.duration, packet.is_keyframe
            fresh.stream = stream
            target.mux(fresh)
    return out.getvalue()


def _is_video(unit: bytes, codec: str) -> bool:
    return (unit[0] >> 1 & 63) < 32 if codec == "hevc" else 1 <= unit[0] & 31 <= 5
