"""Questions about X.509 certificates that several parts of sealing ask."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether names and signature say so; dates and extensions are not looked at."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
