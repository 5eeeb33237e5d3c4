"""Letters of the unit to its own people: in the reader's language, once, and never with case content."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Iterable

from django.core.mail import send_mail
from django.utils import translation

from accounts.models import Person, RoleGrant
from cameras.daily_sheets.sheet_sweep import sender, sends_mail
from core import tsi

log = logging.getLogger(__name__)

Letter = Callable[[], tuple[str, str]]
"""Subject and text, made in the active language."""


def holders(roles: Iterable[str]) -> list[Person]:
    """People with an address who hold one of the roles for the whole campus today."""
    grants = RoleGrant.objects.on(tsi.today()).filter(
        role__in=list(roles), scope_kind=RoleGrant.ScopeKind.ALL, person__is_active=True
    )
    found = {grant.person for grant in grants.exclude(person__email="").select_related("person")}
    return sorted(found, key=lambda person: person.pk)


def write(people: Iterable[Person], letter: Letter) -> list[int]:
    """Sends to each; the keys of those to whom it went. A mail server that is away costs a line in the log."""
    told: list[int] = []
    if not sends_mail():
        return told
    for person in people:
        with translation.override(person.language):
            subject, text = letter()
        try:
            send_mail(subject, text, sender(), [person.email])
        except (smtplib.SMTPException, OSError):
            log.warning("A letter to person %s could not be sent.", person.pk)
            continue
        told.append(person.pk)
    return told
