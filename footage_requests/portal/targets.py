"""Where webhooks may go: hosts of PORTAL_HOSTS, over TLS, at public addresses or inside PORTAL_NETWORKS."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cameras.protocols.addresses import is_allowed_port

LONGEST_URL = 500
_LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Outcome:
    """What came of one message. `failure` is a code of `failure_words`, "" when it was taken."""

    status: int | None
    failure: str
    took_ms: int

    @property
    def is_taken(self) -> bool:
        return not self.failure


def check_url(url: str) -> None:
    """Raises ValidationError with a sentence when messages may not go to that address."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise ValidationError(_("This is no address.")) from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ValidationError(_("Write an address of at most 500 ASCII characters."))
    host = (parts.hostname or "").lower()
    if not host or parts.username or parts.password or parts.fragment or "\\" in url:
        raise ValidationError(_("Write an address such as https://portal.example.edu/cctv/."))
    is_local = host in _LOCAL_NAMES and not settings.PRODUCTION
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise ValidationError(_("The address must begin with https://."))
    if not is_allowed_port(port):
        raise ValidationError(_("This port is not allowed."))
    if host not in {name.lower() for name in settings.PORTAL_HOSTS}:
        raise ValidationError(
            _("%(host)s is not on the list of allowed hosts (PORTAL_HOSTS).") % {"host": host[:100]}
        )


def is_allowed(address: Address) -> bool:
    """Whether a message may go to that IP address."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if address.is_loopback and settings.PRODUCTION:
        return False
    networks = [net for net in settings.PORTAL_NETWORKS if net.version == address.version]
    return address.is_global or any(address in network for network in networks)


def failure_words(failure: str) -> str:
    """What went wrong, for the page."""
    words = {
        "NOT_ALLOWED": _("the address is not allowed (PORTAL_HOSTS)"),
        "NO_ADDRESS": _("the name has no address"),
        "FORBIDDEN_ADDRESS": _(
            "the name leads into a network that is not allowed (PORTAL_NETWORKS)"
        ),
        "UNREACHABLE": _("no connection"),
        "TLS": _("the certificate does not hold"),
        "TOO_SLOW": _("no answer in 10 seconds"),
        "REDIRECTED": _("redirected, which is not followed"),
        "REFUSED": _("refused"),
        "NO_SECRET": _("its secret cannot be opened: see the vault"),
    }
    return words.get(failure, failure)
