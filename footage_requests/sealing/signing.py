"""Signatures over a package: CMS over the manifest (RFC 5652), a time stamp over that (RFC 3161), PAdES in PDFs."""

from __future__ import annotations

import contextlib
import http.client
import io
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from django.conf import settings
from django.utils.translation import gettext as _
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client import VerificationError as StampRefused
from rfc3161_client.tsp import TimeStampRequest, TimeStampResponse

from ..errors import Refused
from .keys import EvidenceKey

STAMP_DEADLINE_S = 20.0
LARGEST_STAMP = 64 * 1024


class NoTimeStamp(Refused):
    """The time server did not give a stamp that holds. Sealing can be tried again."""


def sign_detached(content: bytes, key: EvidenceKey) -> bytes:
    """A detached CMS signature in DER over exactly these bytes, with the signing time and both certificates."""
    builder = (
        PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(key.signer.certificate, key.signer.key, hashes.SHA256())
        .add_certificate(key.authority)
    )
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
    return builder.sign(Encoding.DER, options)


def sign_pdf(data: bytes, key: EvidenceKey, *, reason: str, place: str) -> bytes:
    """The PDF with a PAdES B-B signature that covers all of it."""
    # pyHanko takes 20 MB and a fifth of a second: only who signs pays for that.
    from pyhanko.keys.internal import (
        translate_pyca_cryptography_cert_to_asn1,
        translate_pyca_cryptography_key_to_asn1,
    )
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()
    store.register(translate_pyca_cryptography_cert_to_asn1(key.authority))
    signer = signers.SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(key.signer.certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(key.signer.key),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        reason=reason,
        location=place,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
    )
    out = io.BytesIO()
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(data)), metadata, signer=signer, output=out
    )
    return out.getvalue()


def time_stamp(signature: bytes, deadline_s: float = STAMP_DEADLINE_S) -> bytes | None:
    """The answer of the time server for these bytes (DER); None where no server is set.

    The stamp is over the signature, so it proves when the signature existed. Its own signature is
    checked when TSA_CA_FILE names the server's authority. Raises NoTimeStamp.
    """
    if not settings.TSA_URL:
        return None
    request = (
        TimestampRequestBuilder().data(signature).nonce(nonce=True).cert_request(cert_request=True)
    )
    asked = request.build()
    answer = _post(settings.TSA_URL, asked.as_bytes(), deadline_s)
    try:
        stamp = decode_timestamp_response(answer)
        if stamp.status not in (0, 1):
            raise NoTimeStamp(_("The time server refused to give a time stamp."))
        builder = VerifierBuilder.from_request(asked)
        authorities = stamp_authorities()
        if not authorities:
            _compare(stamp, asked)
            return answer
        for certificate in authorities:
            builder = builder.add_root_certificate(certificate)
        builder.build().verify_message(stamp, signature)
    except (ValueError, StampRefused) as error:
        raise NoTimeStamp(_("The answer of the time server does not hold.")) from error
    return answer


def stamp_authorities() -> list[x509.Certificate]:
    """The certificates that vouch for the time server (TSA_CA_FILE)."""
    if not settings.TSA_CA_FILE:
        return []
    try:
        return x509.load_pem_x509_certificates(Path(settings.TSA_CA_FILE).read_bytes())
    except (OSError, ValueError):
        raise NoTimeStamp(_("TSA_CA_FILE cannot be read.")) from None


def _compare(stamp: TimeStampResponse, asked: TimeStampRequest) -> None:
    """What can be told without the server's authority: it is an answer to this question."""
    info = stamp.tst_info
    if info.nonce != asked.nonce or info.message_imprint.message != asked.message_imprint.message:
        raise NoTimeStamp(_("The answer of the time server belongs to another question."))


def _post(url: str, body: bytes, deadline_s: float) -> bytes:
    """One POST within a total deadline; nothing is followed and nothing large is read."""
    parts = urlsplit(url)
    until = time.monotonic() + deadline_s
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=5, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = {"Content-Type": "application/timestamp-query", "Accept-Encoding": "identity"}
    with contextlib.closing(connection):
        try:
            connection.request("POST", path, body=body, headers=head)
            answer = connection.getresponse()
            if answer.status != 200:
                raise NoTimeStamp(
                    _("The time server answered with %(status)s.") % {"status": answer.status}
                )
            return _read(answer, until)
        except (OSError, http.client.HTTPException):
            raise NoTimeStamp(_("The time server does not answer. Try again later.")) from None


def _read(answer: http.client.HTTPResponse, until: float) -> bytes:
    data = bytearray()
    while piece := answer.read1(4096):
        data += piece
        if len(data) > LARGEST_STAMP:
            raise NoTimeStamp(_("The answer of the time server is too large."))
        if time.monotonic() > until:
            raise NoTimeStamp(_("The time server is too slow. Try again later."))
    return bytes(data)
