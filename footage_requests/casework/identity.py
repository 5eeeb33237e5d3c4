"""National identity and passport numbers: sealed by the vault, found by a keyed hash, shown masked.

The hash is keyed with the installation's secret key and not with the vault's: it is part of what a
decision is bound to, and re-wrapping the vault must not change that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from vault import crypto
from vault.errors import VaultError

from ..models import FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person

_SALT = "footage_requests.casework.identity"
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}")
SHOWN_DIGITS = 2


@sensitive_variables()
def normal(text: str) -> str:
    """The number without blanks, in capitals. Raises ValidationError when it cannot be one.

    Eleven digits are a Turkish identity number and must carry its two check digits; anything else is
    taken for a passport: 5 to 20 letters and digits.
    """
    plain = re.sub(r"[\s.\-]", "", text).upper()
    if not plain:
        return ""
    if re.fullmatch(r"\d{11}", plain):
        if not _is_identity_number(plain):
            raise ValidationError(
                _("This is not a valid Turkish identity number: check the digits.")
            )
        return plain
    if not _PASSPORT.fullmatch(plain) or not any(sign.isdigit() for sign in plain):
        raise ValidationError(
            _("Write the 11 digits of the identity number, or the passport number.")
        )
    return plain


def _is_identity_number(plain: str) -> bool:
    """The check digits of the identity number: the 10th over odd and even places, the 11th over all."""
    digits = [int(sign) for sign in plain]
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[0] != 0 and digits[9] == tenth and digits[10] == sum(digits[:10]) % 10


@sensitive_variables()
def hash_of(text: str) -> str:
    """What equal numbers have in common, keyed, so that ten digits cannot be guessed from it."""
    return salted_hmac(_SALT, normal(text), algorithm="sha256").hexdigest() if text else ""


def place_of(request: FootageRequest) -> crypto.Place:
    """Where the number of that request is sealed."""
    return crypto.Place("footage_requests_footagerequest", str(request.uuid), "identity_sealed")


@sensitive_variables()
def put(request: FootageRequest, text: str) -> None:
    """Sets both columns of an unsaved or locked row. Raises ValidationError."""
    plain = normal(text)
    request.identity_sealed = crypto.seal(plain, place_of(request)) if plain else ""
    request.identity_hash = hash_of(plain)


@sensitive_variables()
def masked(request: FootageRequest) -> str:
    """ "•••••••••42": that a number is known, and its last digits; "" when there is none."""
    if not request.identity_sealed:
        return ""
    try:
        plain = crypto.open_text(request.identity_sealed, place_of(request))
    except VaultError:
        return "•••"
    return "•" * (len(plain) - SHOWN_DIGITS) + plain[-SHOWN_DIGITS:]


@sensitive_variables()
def reveal(request: FootageRequest, *, by: Person, because: str) -> str:
    """The whole number, for the person whose look at it is written down. Raises VaultError."""
    with transaction.atomic():
        audit.record("footagerequest.reveal_identity", actor=by, target=request, because=because)
        return crypto.open_text(request.identity_sealed, place_of(request))
