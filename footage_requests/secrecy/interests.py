"""Whether a case is a person's own: what he declared, and what the system sees in its words.

Reads only; `declaring` writes. Permissions ask here, so that every button, page and service obeys alike.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.text import fold

from ..casework import identity
from ..casework.gathering import is_gathered
from ..models import FootageRequest, InterestDeclaration

if TYPE_CHECKING:
    from accounts.models import Person

_KEPT = "_interests"
_WORD = re.compile(r"\w+")


def declarations(request: FootageRequest) -> list[InterestDeclaration]:
    """Everything that was said about interests in this case, read once per instance."""
    if request.pk is None:
        return []
    kept: list[InterestDeclaration] | None = request.__dict__.get(_KEPT)
    if kept is None:
        rows = request.interests.all()
        # What a list has prefetched is not asked for again.
        is_there = is_gathered(request, "interests")
        kept = list(rows if is_there else rows.select_related("person", "withdrawn_by"))
        request.__dict__[_KEPT] = kept
    return kept


def forget(request: FootageRequest) -> None:
    """Makes this instance read its declarations again."""
    request.__dict__.pop(_KEPT, None)


def outs(request: FootageRequest) -> list[InterestDeclaration]:
    """Who is out of the case now, and why."""
    return [each for each in declarations(request) if each.is_out and each.withdrawn_at is None]


def is_out(person: Person, request: FootageRequest) -> bool:
    return any(each.person_id == person.pk for each in outs(request))


def must_answer(person: Person, request: FootageRequest) -> list[str]:
    """Why the person must say whether the case is his own before he acts on it; nothing once he has.

    An answer says nothing of requests that are merged in after it: what they add is asked about.
    """
    mine = [each for each in declarations(request) if each.person_id == person.pk]
    answered = max((each.withdrawn_at or each.said_at for each in mine), default=None)
    cases = [request, *request.absorbed]
    known: set[str] = set()
    if answered is not None:
        came_in = _came_in(request)
        later = [case for case in cases if case.pk in came_in and came_in[case.pk] >= answered]
        if not later:
            return []
        known = {hint for case in cases if case not in later for hint in hints(person, case)}
        cases = later
    found = dict.fromkeys(hint for case in cases for hint in hints(person, case))
    return [hint for hint in found if hint not in known]


def _came_in(request: FootageRequest) -> dict[int | None, dt.datetime]:
    """When each request that was merged into this one came into it, by way of others or not."""
    moments: dict[int | None, dt.datetime] = {}
    for case in request.absorbed:
        # Each after what it was merged into. A merged request has ended at its merge.
        ended = case.closed_at or case.created_at
        moments[case.pk] = max(ended, moments.get(case.merged_into_id, ended))
    return moments


def blocks(person: Person, request: FootageRequest) -> bool:
    """Whether the person may play no part in this case, or not before he has answered."""
    return is_out(person, request) or bool(must_answer(person, request))


def hints(person: Person, request: FootageRequest) -> list[str]:
    """What in this request alone points to this person, as sentences. Names are compared without case and accents."""
    found = []
    if _same(person.full_name, request.requester_name, request.represented_by):
        found.append(_("Your name stands there as the one who asks."))
    elif person.email and person.email.casefold() == request.email.casefold():
        found.append(_("The requester's e-mail address is yours."))
    if _number_in(person.staff_number, request.requester_title, request.requester_name):
        found.append(_("Your staff number stands there as the one who asks."))
    if _is_identity_of(person, request):
        found.append(_("The requester's identity number is your staff number."))
    described = f"{request.described}\n{request.event}"
    if _named_in(person.full_name, described) or _number_in(person.staff_number, described):
        found.append(_("Your name or staff number stands in the description."))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _same(name: str, *texts: str) -> bool:
    """Equal words in any order: "Işık Ayşe" is "Ayşe Işık". One word alone names nobody."""
    mine = sorted(_words(name))
    return len(mine) > 1 and any(sorted(_words(text)) == mine for text in texts)


def _named_in(name: str, text: str) -> bool:
    mine, there = _words(name), _words(text)
    pairs = (there[at : at + len(mine)] for at in range(len(there) - len(mine) + 1))
    return len(mine) > 1 and any(pair == mine for pair in pairs)


def _number_in(number: str, *texts: str) -> bool:
    """A staff number of at least four signs that stands there as a word of its own."""
    mine = fold(number)
    return len(mine) >= 4 and any(mine in _words(text) for text in texts)


def _is_identity_of(person: Person, request: FootageRequest) -> bool:
    """Some institutions use the national number as the staff number."""
    if not request.identity_hash:
        return False
    try:
        return identity.hash_of(person.staff_number) == request.identity_hash
    except ValidationError:
        return False
