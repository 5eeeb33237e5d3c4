"""Endpoints of webhooks: entered with a secret that is shown once, rotated, switched off. All audited."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from core.secret import Secret
from vault import crypto

from ..errors import Refused
from ..models import WebhookEndpoint
from .targets import check_url

if TYPE_CHECKING:
    from accounts.models import Person

PREFIX = "whsec_"
# So long the receiver may take to change over to a new secret.
OLD_HOLDS_FOR = dt.timedelta(hours=24)


def place_of(endpoint: WebhookEndpoint, field: str) -> crypto.Place:
    """Where a secret of that endpoint is sealed."""
    return crypto.Place("footage_requests_webhookendpoint", str(endpoint.uuid), field)


@sensitive_variables()
def add(*, name: str, url: str, person: Person, by: Person) -> tuple[WebhookEndpoint, Secret]:
    """A new endpoint and its secret, which nobody reads again. Raises ValidationError by field."""
    row = WebhookEndpoint(name=" ".join(name.split()), url=url.strip(), person=person)
    row.created_by = by
    try:
        check_url(row.url)
    except ValidationError as error:
        raise ValidationError({"url": error.messages}) from None
    if not person.is_active:
        raise ValidationError({"person": _("This account is switched off.")})
    secret = _new_secret()
    row.secret_sealed = crypto.seal(secret.reveal(), place_of(row, "secret_sealed"))
    row.full_clean(exclude=["secret_sealed"])
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(
            "webhook.create", actor=by, target=row, url=row.url, person=person.staff_number
        )
    return row, secret


@sensitive_variables()
def rotate(endpoint: WebhookEndpoint, *, by: Person) -> Secret:
    """A new secret; the old one signs beside it for OLD_HOLDS_FOR.

    Raises Refused in that time: pressed twice, the secret that the portal still uses would be gone.
    """
    secret = _new_secret()
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        if row.old_secret_until is not None and timezone.now() < row.old_secret_until:
            raise Refused(
                _(
                    "A new secret was made less than a day ago. If it has become known, switch "
                    "this webhook off and enter another one."
                )
            )
        old = crypto.open_text(row.secret_sealed, place_of(row, "secret_sealed"))
        row.old_secret_sealed = crypto.seal(old, place_of(row, "old_secret_sealed"))
        row.old_secret_until = timezone.now() + OLD_HOLDS_FOR
        row.secret_sealed = crypto.seal(secret.reveal(), place_of(row, "secret_sealed"))
        row.rotated_at = timezone.now()
        row.save()
        audit.record("webhook.rotate", actor=by, target=row)
    return secret


def switch(endpoint: WebhookEndpoint, *, on: bool, by: Person) -> bool:
    """Switches an endpoint on or off; False when it was so already. What waits then goes, or stays."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=not on)
        if not rows.update(is_active=on):
            return False
        action = "webhook.switch_on" if on else "webhook.switch_off"
        audit.record(action, actor=by, target=endpoint)
    return True


@sensitive_variables()
def signature(
    endpoint: WebhookEndpoint, timestamp: int, body: bytes, now: dt.datetime | None = None
) -> str:
    """`t=<timestamp>,v1=<hex>`: HMAC-SHA256 over "<timestamp>.<body>", one v1 per secret that holds.

    Raises vault.errors.VaultError.
    """
    message = f"{timestamp}.".encode() + body
    parts = [f"t={timestamp}"]
    for secret in _secrets(endpoint, now or timezone.now()):
        key = secret.reveal().encode()
        parts.append("v1=" + hmac.new(key, message, hashlib.sha256).hexdigest())
    return ",".join(parts)


@sensitive_variables()
def _secrets(endpoint: WebhookEndpoint, now: dt.datetime) -> list[Secret]:
    found = [Secret(crypto.open_text(endpoint.secret_sealed, place_of(endpoint, "secret_sealed")))]
    holds = endpoint.old_secret_until is not None and now < endpoint.old_secret_until
    if holds and endpoint.old_secret_sealed:
        place = place_of(endpoint, "old_secret_sealed")
        found.append(Secret(crypto.open_text(endpoint.old_secret_sealed, place)))
    return found


def forget_old_secrets(now: dt.datetime | None = None) -> int:
    """Wipes secrets that no longer sign; how many."""
    ended = WebhookEndpoint.objects.filter(old_secret_until__lt=now or timezone.now())
    return ended.update(old_secret_sealed="", old_secret_until=None)


@sensitive_variables()
def _new_secret() -> Secret:
    return Secret(PREFIX + secrets.token_urlsafe(32))
