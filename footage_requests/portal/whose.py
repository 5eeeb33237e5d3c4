"""Whose requests the portal asks for: its opaque word for a person, kept as a keyed hash.

The key is a random one of our own that only the vault can open, so that a new SECRET_KEY or a new vault
key does not cut people off from their requests. Rows from before carry a hash keyed with SECRET_KEY:
they are still found, and get the new hash when their person is next seen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from vault import crypto

from ..models import FootageRequest, LookupKey

if TYPE_CHECKING:
    from accounts.models import Person

NAME = "on_behalf_of"
_OLD_SALT = "footage_requests.on_behalf_of"
_KEY_BYTES = 32


def place_of(row: LookupKey) -> crypto.Place:
    """Where that key is sealed."""
    return crypto.Place(LookupKey._meta.db_table, row.name, "sealed")


@sensitive_variables()
def hash_of(on_behalf_of: str) -> str:
    """What is stored of the word. Raises VaultError when the vault cannot open the key."""
    return hmac.new(_key(), on_behalf_of.encode(), hashlib.sha256).hexdigest()


@sensitive_variables()
def old_hash_of(on_behalf_of: str) -> str:
    """What was stored before there was a key for it."""
    return salted_hmac(_OLD_SALT, on_behalf_of, algorithm="sha256").hexdigest()


@sensitive_variables()
def recognise(filer: Person, on_behalf_of: str) -> str:
    """The hash under which that person's requests stand; those with the old one get it now."""
    found = hash_of(on_behalf_of)
    FootageRequest.objects.filter(filer=filer, on_behalf_of_hash=old_hash_of(on_behalf_of)).update(
        on_behalf_of_hash=found
    )
    return found


@sensitive_variables()
def _key() -> bytes:
    row = LookupKey.objects.filter(name=NAME).first()
    if row is None:
        fresh = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
        sealed = crypto.seal(fresh, place_of(LookupKey(name=NAME)))
        # Of two at once one is kept, and both read that one.
        row, _made = LookupKey.objects.get_or_create(name=NAME, defaults={"sealed": sealed})
    return base64.b64decode(crypto.open_text(row.sealed, place_of(row)))
