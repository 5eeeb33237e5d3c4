"""The facts of a request: which people fill in, what each kind requires, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from core.tsi import day_of

from ..models import FootageRequest, RequesterKind
from . import questions
from .asked_window import check_window

# What people fill in. All of it is content of a decision, except what only carries the letter and its answer.
FIELDS = (
    "kind",
    "basis",
    "reference_no",
    "ebys_number",
    "ebys_date",
    "arrived_at",
    "written_deadline",
    "requester_name",
    "organisation",
    "requester_title",
    "address",
    "phone",
    "email",
    "represented_by",
    "wants",
    "wants_audio",
    "purpose",
    "event",
    "described",
    "building",
    "place",
    "starts_at",
    "ends_at",
    "answers",
)
NOT_CONTENT = frozenset(
    {"phone", "email", "arrived_at", "written_deadline", "ebys_number", "ebys_date"}
)
_LONGEST_TOLERANCE = dt.timedelta(minutes=2)


def missing_facts(request: FootageRequest) -> dict[str, str]:
    """What the request's kind requires and it lacks, as sentences by field."""
    kind = request.kind
    missing = {}
    if not kind.starts_preservation_only and not (request.requester_name or request.organisation):
        missing["requester_name"] = _("Who asks is missing: a name or an organisation.")
    if kind.reference_required and not request.reference_no.strip():
        missing["reference_no"] = _("%(reference)s is missing.") % {
            "reference": kind.reference_name
        }
    if request.basis_id is None and kind.pk and kind.bases.exists():
        missing["basis"] = _("The legal basis is missing.")
    if kind.identity_required and not _is_identified(request):
        missing["national_id"] = _("The identity is missing.")
    return missing | questions.missing(request)


def _is_identified(request: FootageRequest) -> bool:
    """By a number, or, for officials, by title and staff number."""
    return bool(request.identity_hash or (request.kind.is_judicial and request.requester_title))


def settle(request: FootageRequest) -> None:
    """What follows from the kind."""
    kind = request.kind
    if request.basis_id is None:
        bases = list(kind.bases.usable()[:2])
        request.basis = bases[0] if len(bases) == 1 else None
    known = {row.code for row in kind.questions.all()} if request.answers and kind.pk else set()
    # An answer to another kind's question ends with that kind.
    request.answers = {code: text for code, text in request.answers.items() if code in known}
    if kind.starts_preservation_only:
        request.wants = FootageRequest.Wants.PRESERVATION


def check(
    request: FootageRequest, *, has_places: bool, is_draft: bool, accept_missing: bool
) -> None:
    """Raises ValidationError with everything that is wrong, by field."""
    _check_texts(request)
    request.clean_fields(exclude=["number", "filer", "identity_sealed", "search_text"])
    check_window(request.starts_at, request.ends_at)
    questions.check(request)
    faults: dict[str, str] = {}
    if request.arrived_at > timezone.now() + _LONGEST_TOLERANCE:
        faults["arrived_at"] = _("A request cannot have arrived in the future.")
    elif request.written_deadline and request.written_deadline < day_of(request.arrived_at):
        faults["written_deadline"] = _("The date set in the letter lies before its arrival.")
    if request.basis and not request.kind.bases.filter(pk=request.basis.pk).exists():
        faults["basis"] = _("This legal basis does not belong to this kind of requester.")
    if not is_draft:
        if not (has_places or request.building_id or request.place.strip()):
            faults["place"] = _("Say where it happened: a building, a place or a camera.")
        if not accept_missing:
            faults |= missing_facts(request)
    if faults:
        raise ValidationError(faults)


def _check_texts(request: FootageRequest) -> None:
    """PostgreSQL stores no NUL, and no honest door sends one."""
    texts = {name: getattr(request, name) for name in FIELDS}
    wrong = [name for name, text in texts.items() if isinstance(text, str) and "\x00" in text]
    if wrong:
        raise ValidationError(
            {name: _("This text holds characters that cannot be stored.") for name in wrong}
        )


def plain(request: FootageRequest) -> dict[str, Any]:
    """The facts as the audit log keeps them: rows by their code, never the national id."""
    plain = {name: getattr(request, name) for name in FIELDS}
    plain["kind"] = request.kind.code
    plain["basis"] = request.basis.code if request.basis else None
    plain["building"] = request.building.code if request.building else None
    plain["has_identity"] = bool(request.identity_hash)
    plain["identity"] = request.identity_hash[:8]
    plain["deadline_at"] = request.deadline_at
    return plain


def kinds_for(door: str) -> Any:
    """The kinds that a door offers: a call can only start preservation, the portal has kinds of its own."""
    kinds = RequesterKind.objects.usable()
    if door == FootageRequest.Door.PHONE:
        return kinds.filter(lapses_after_working_days__isnull=False)
    if door == FootageRequest.Door.PORTAL:
        return kinds.filter(by_portal=True, lapses_after_working_days=None, is_judicial=False)
    return kinds
