"""Storing, giving out and parking the login of a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from core.secret import Secret

from . import crypto
from .errors import CredentialParked, VaultError
from .models import Credential

if TYPE_CHECKING:
    from accounts.models import Person
    from inventory.models import Device


@dataclass(frozen=True)
class Login:
    """A user name and a password that prints as ***."""

    username: str
    password: Secret


def place_of(credential: Credential, field: str = "ciphertext") -> crypto.Place:
    """Where a credential's password is sealed: its uuid is known before the row is stored."""
    return crypto.Place(Credential._meta.db_table, str(credential.uuid), field)


@sensitive_variables()
def login_for(device: Device) -> Login | None:
    """The login of a device, for the worker that is about to use it; None when there is none.

    Raises CredentialParked while it must not be tried, NotOpened or KeyMissing when it cannot be opened.
    """
    credential = Credential.objects.filter(device_id=device.pk).first()
    if credential is None:
        return None
    if credential.is_parked:
        raise CredentialParked(credential.parked_reason)
    return _opened(credential)


@sensitive_variables()
@transaction.atomic
def store(
    device: Device, username: str, secret: Secret, *, by: Person | str, because: str
) -> Credential:
    """Sets the login of a device. A parked one is freed, unless the device refused exactly this one.

    The audit entry proves that the password changed by a keyed HMAC of it, and says nothing else.
    Raises VaultError for an empty or unusable secret.
    """
    plain = secret.reveal()
    if not plain or "\x00" in plain or "\n" in plain or "\r" in plain:
        raise VaultError(_("A password cannot be empty and has no line breaks."))
    now = timezone.now()
    credential = Credential.objects.select_for_update().filter(device=device).first()
    before = None if credential is None else _facts(credential)
    if credential is None:
        credential = Credential(device=device, version=0)
    credential.username = username
    credential.ciphertext = crypto.seal(plain, place_of(credential))
    credential.key_id = crypto.key_id_of(credential.ciphertext)
    credential.version += 1
    credential.changed_at = now
    if not crypto.matches(credential.refused_fingerprint, username, plain):
        credential.parked_reason, credential.parked_at = "", None
        credential.refused_fingerprint = ""
    credential.save()
    after = _facts(credential) | {"password_hmac": crypto.fingerprint(username, plain)}
    audit.record(
        "credential.store", actor=by, target=device, because=because, before=before, after=after
    )
    return credential


@sensitive_variables()
@transaction.atomic
def park(device: Device, reason: str, *, tried: Login | None = None) -> bool:
    """Stops the use of a login that the device refused: trying on would lock the account.

    `tried` is the login that was refused: one that was entered meanwhile is left alone. Returns whether it
    was free before. Nights may park twice; only the first writes an entry.
    """
    credential = Credential.objects.select_for_update().filter(device=device).first()
    if credential is None or credential.is_parked:
        return False
    login = _opened(credential)
    if tried is not None and tried != login:
        return False
    credential.parked_reason = (reason or "CREDENTIAL_REFUSED")[:200]
    credential.parked_at = timezone.now()
    credential.refused_fingerprint = crypto.fingerprint(login.username, login.password.reveal())
    credential.save(update_fields=["parked_reason", "parked_at", "refused_fingerprint"])
    audit.record("credential.park", actor="vault", target=device, because=reason)
    return True


@transaction.atomic
def unpark(device: Device, *, by: Person | str, because: str = "") -> bool:
    """A person wants the login tried once more. Returns whether it was parked."""
    credential = Credential.objects.select_for_update().filter(device=device).first()
    if credential is None or not credential.is_parked:
        return False
    before = {"parked": credential.parked_reason}
    credential.parked_reason, credential.parked_at = "", None
    credential.refused_fingerprint = ""
    credential.save(update_fields=["parked_reason", "parked_at", "refused_fingerprint"])
    audit.record("credential.unpark", actor=by, target=device, because=because, before=before)
    return True


@sensitive_variables()
def sealed_anew(credential: Credential, plain: bytes) -> dict[str, object]:
    """What changes along with the ciphertext when a credential is sealed with a new key."""
    again = {}
    if credential.refused_fingerprint:
        # A password that replaces the refused one clears the fingerprint, so it is of this very one.
        again["refused_fingerprint"] = crypto.fingerprint(credential.username, plain.decode())
    return {"key_id": crypto.keys().current, "version": F("version") + 1, **again}


@sensitive_variables()
def _opened(credential: Credential) -> Login:
    plain = crypto.open_text(credential.ciphertext, place_of(credential))
    return Login(credential.username, Secret(plain))


def _facts(credential: Credential) -> dict[str, object]:
    return {
        "username": credential.username,
        "key_id": credential.key_id,
        "version": credential.version,
        "parked": credential.parked_reason,
    }
