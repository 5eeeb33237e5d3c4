"""Which addresses may be entered for a device.

A device's address is dialled every night with a login, so it must lie in settings.DEVICE_NETWORKS.
Loopback, link-local, multicast and reserved ranges count only when a listed network lies inside them,
and an address of this machine only when it is listed by itself: otherwise a typing error, or a hostile
import, would point our own client at our own services.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from .errors import AddressRefused

if TYPE_CHECKING:
    from .models import Network

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = r"(0x[0-9a-f]+|0|[1-9][0-9]*)"
_INET_ATON = re.compile(rf"{_NUMBER}(\.{_NUMBER}){{0,3}}", re.IGNORECASE)


def parse(text: str) -> IPAddress:
    """The address that a resolver would dial for this text.

    IPv4 written as one number, in hexadecimal, short or IPv6-mapped comes back as plain IPv4. A leading
    zero means octal to some programs and nothing to others, and is refused. Raises AddressRefused.
    """
    text = text.strip()
    try:
        address: IPAddress = ipaddress.ip_address(text)
    except ValueError:
        if not _INET_ATON.fullmatch(text):
            raise AddressRefused(_("%(text)s is not an IP address.") % {"text": text}) from None
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(text))
        except OSError:
            raise AddressRefused(_("%(text)s is not an IP address.") % {"text": text}) from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            raise AddressRefused(_("An address with a zone cannot be entered."))
        if address.ipv4_mapped:
            return address.ipv4_mapped
    return address


def normal_ip(text: str) -> str:
    """The one spelling under which an address is stored. Raises AddressRefused."""
    return str(parse(text))


def check_dialable(text: str, networks: Sequence[IPNetwork] | None = None) -> str:
    """The normal form of an address that may be dialled. Raises AddressRefused with the reason.

    `networks` defaults to settings.DEVICE_NETWORKS.
    """
    address = parse(text)
    listed = [
        network
        for network in (settings.DEVICE_NETWORKS if networks is None else networks)
        if network.version == address.version and address in network
    ]
    if not listed:
        raise AddressRefused(
            _("%(ip)s lies outside the networks of devices (DEVICE_NETWORKS).") % {"ip": address}
        )
    reserved = _is_special(address)
    if reserved and not any(_is_special(network) for network in listed):
        raise AddressRefused(
            _("%(ip)s is a loopback, link-local, multicast or reserved address.") % {"ip": address}
        )
    alone = any(network.num_addresses == 1 for network in listed)
    if not reserved and not alone and is_own(address):
        raise AddressRefused(_("%(ip)s is an address of this server.") % {"ip": address})
    return str(address)


def check_in_network(text: str, network: Network) -> str:
    """The normal form of an address inside that network.

    An address of an inner network is reached through its recorder and never dialled by us, so
    DEVICE_NETWORKS says nothing about it. Raises AddressRefused.
    """
    address = parse(text)
    try:
        inside = address in ipaddress.ip_network(network.cidr)
    except ValueError:
        raise AddressRefused(
            _("%(cidr)s is not a network range.") % {"cidr": network.cidr}
        ) from None
    if not inside:
        raise AddressRefused(
            _("%(ip)s is not inside %(network)s.") % {"ip": address, "network": network}
        )
    return str(address) if network.via_id else check_dialable(text)


def is_own(address: IPAddress) -> bool:
    """Does this machine answer on that address?"""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _is_special(subject: IPAddress | IPNetwork) -> bool:
    return (
        subject.is_loopback
        or subject.is_link_local
        or subject.is_multicast
        or subject.is_unspecified
        or subject.is_reserved
    )
