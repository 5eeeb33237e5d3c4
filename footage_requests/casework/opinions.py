"""Opinions of the legal office and the data protection contact, asked before a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from accounts.models import Role

from ..errors import NotThisPerson, Refused
from ..models import FootageRequest, Opinion
from . import arriving

if TYPE_CHECKING:
    from accounts.models import Person

_ROLE = {Opinion.Office.LEGAL: Role.LEGAL, Opinion.Office.PRIVACY: Role.PRIVACY}


def wanted_by(request: FootageRequest) -> list[str]:
    """The offices that the request's kind asks and that have not answered yet."""
    kind = request.kind
    wanted = [
        office
        for office, needed in (
            (Opinion.Office.LEGAL, kind.needs_legal_opinion),
            (Opinion.Office.PRIVACY, kind.needs_privacy_opinion),
        )
        if needed
    ]
    given = set(request.opinions.exclude(given_at=None).values_list("office", flat=True))
    return [office.value for office in wanted if office not in given]


def ask(request: FootageRequest, offices: list[str], *, question: str, by: Person) -> None:
    """Asks one or both offices; the request waits for all of them."""
    if not offices or not question.strip():
        raise Refused(_("Choose whom to ask, and write the question."))
    with transaction.atomic():
        row = arriving.locked(request)
        for office in offices:
            # A question that was still open when the case was withdrawn is asked anew, not twice.
            Opinion.objects.update_or_create(
                request=row,
                office=office,
                given_at=None,
                defaults={
                    "question": question.strip()[:1000],
                    "asked_by": by,
                    "asked_at": timezone.now(),
                },
            )
        row.take("ask_opinion", by=by, because=question.strip()[:1000])


def give(request: FootageRequest, *, advice: str, text: str, by: Person) -> Opinion:
    """Stores the opinion of the office that the person speaks for; the last one lets the case go on.

    Raises NotThisPerson when none of the open questions is for the person's office.
    """
    if advice not in Opinion.Advice.values or not text.strip():
        raise Refused(_("Choose an advice and write the opinion."))
    with transaction.atomic():
        row = arriving.locked(request)
        open_ones = list(row.opinions.filter(given_at=None))
        mine = next(
            (each for each in open_ones if by.has_role(_ROLE[Opinion.Office(each.office)])), None
        )
        if mine is None:
            raise NotThisPerson(_("Nobody asked your office about this request."))
        mine.advice, mine.text = advice, text.strip()
        mine.given_by, mine.given_at = by, timezone.now()
        mine.save()
        audit.record(
            "opinion.give",
            actor=by,
            target=row,
            because=text.strip()[:10_000],
            office=mine.office,
            advice=advice,
        )
        if len(open_ones) == 1 and row.status == FootageRequest.Status.OPINION:
            row.take("give_opinion", by=by)
    return mine
