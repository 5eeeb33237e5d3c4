"""Tokens of the REST API: made for a person, shown once, stored as a hash, always with an end.

A token reads "cctv_<prefix>_<secret>". The secret has 256 random bits, so one SHA-256 without salt is
enough: there is nothing to guess. Every creation and revocation is audited; the use is not, it only
leaves its last time and address.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

import audit

from .models import ApiToken, Person

SCOPES = {
    "inventory:read": gettext_lazy("Read places, devices and wiring"),
    "coverage:read": gettext_lazy("Read coverage and clocks"),
    "findings:read": gettext_lazy("Read findings"),
    "findings:write": gettext_lazy("Acknowledge findings"),
    "sheets:read": gettext_lazy("Read daily sheets"),
    "notes:read": gettext_lazy("Read shift notes"),
    "checks:read": gettext_lazy("Read checks"),
    "checks:write": gettext_lazy("Ask for checks and cancel them"),
    "portal": gettext_lazy("File footage requests for people of the portal and follow them"),
}
LONGEST_DAYS = 366
MOST_NETWORKS = 20
# A write per call would be a write per read; a minute is exact enough for "last used".
NOTE_USE_EVERY = dt.timedelta(minutes=1)
_TOKEN = re.compile(r"cctv_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{43})")
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@sensitive_variables()
@transaction.atomic
def make(
    person: Person,
    name: str,
    scopes: Iterable[str],
    *,
    expires_at: dt.datetime,
    networks: Iterable[str] = (),
    by: Person | str,
    because: str = "",
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again. Raises ValidationError."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    token = ApiToken(
        person=person,
        name=" ".join(name.split()),
        prefix=prefix,
        sha256=_hash(secret),
        scopes=_scopes(scopes),
        networks=_networks(networks),
        expires_at=_end(expires_at),
        created_by=None if isinstance(by, str) else by,
    )
    if not person.is_active:
        raise ValidationError({"person": _("This account is switched off.")})
    token.full_clean()
    token.save()
    audit.record("token.create", actor=by, target=token, because=because, after=_facts(token))
    return token, f"cctv_{prefix}_{secret}"


@transaction.atomic
def revoke(token: ApiToken, *, by: Person | str, because: str) -> bool:
    """From now on the token opens nothing. False when it was revoked already."""
    rows = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if not rows.update(revoked_at=timezone.now()):
        return False
    token.refresh_from_db()
    audit.record("token.revoke", actor=by, target=token, because=because)
    return True


@sensitive_variables()
def find(text: str, address: str) -> ApiToken | None:
    """The valid token of that text when it may be used from that address, with its person; else None."""
    parts = _TOKEN.fullmatch(text)
    if parts is None:
        return None
    prefix, secret = parts.groups()
    token = ApiToken.objects.select_related("person").filter(prefix=prefix).first()
    if token is None or not hmac.compare_digest(token.sha256, _hash(secret)):
        return None
    if not token.is_valid or not _is_allowed(address, token.networks):
        return None
    _note_use(token, address)
    return token


def is_in(text: str) -> bool:
    """Whether something in that text is written as tokens are."""
    return _TOKEN.search(text) is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note_use(token: ApiToken, address: str) -> None:
    now = timezone.now()
    if token.used_at is None or now - token.used_at >= NOTE_USE_EVERY:
        late = Q(used_at=None) | Q(used_at__lte=now - NOTE_USE_EVERY)
        rows = ApiToken.objects.filter(late, pk=token.pk)
        rows.update(used_at=now, used_from=address or None)


def _is_allowed(address: str, networks: list[str]) -> bool:
    if not networks:
        return True
    try:
        own = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(own in ipaddress.ip_network(network) for network in networks)


def _scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted or wanted - set(SCOPES):
        raise ValidationError({"scopes": _("Choose at least one scope of the list.")})
    return [scope for scope in SCOPES if scope in wanted]


def _networks(networks: Iterable[str]) -> list[str]:
    given = [text for text in networks if text.strip()]
    if len(given) > MOST_NETWORKS:
        raise ValidationError({"networks": _("At most %(most)d.") % {"most": MOST_NETWORKS}})
    found = []
    for text in given:
        try:
            found.append(str(ipaddress.ip_network(text.strip())))
        except ValueError:
            words = {"text": text.strip()[:50]}
            message = _("%(text)s is no address and no range of addresses.") % words
            raise ValidationError({"networks": message}) from None
    return found


def _end(expires_at: dt.datetime) -> dt.datetime:
    left = expires_at - timezone.now()
    if not dt.timedelta(0) < left <= dt.timedelta(days=LONGEST_DAYS, hours=1):
        words = {"days": LONGEST_DAYS}
        message = _("A token ends in the future, and within %(days)d days.") % words
        raise ValidationError({"expires_at": message})
    return expires_at


def _facts(token: ApiToken) -> dict[str, object]:
    return {
        "person": token.person.staff_number,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "networks": token.networks,
        "expires_at": token.expires_at,
    }
