"""Closing a case: a completeness check in words, the delete-by date of our copy, then the archive."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.tsi import today

from ..errors import NotThisPerson, Refused
from ..models import FootageRequest, HandOverRecord, Package
from ..permissions import can_assess

if TYPE_CHECKING:
    from accounts.models import Person

Status = FootageRequest.Status


def missing(request: FootageRequest) -> list[str]:
    """What a case still lacks before it can be closed; nothing = it is complete."""
    found: list[str] = []
    # What nobody wrote about has no number; that is stated on the case.
    has_no_letter = request.kind.starts_preservation_only or request.writing_lapsed_at
    if not request.ebys_number.strip() and not has_no_letter:
        found.append(_("The EBYS number of the request is missing."))
    if request.status == Status.APPROVED:
        found += _missing_of_release(request)
    elif request.status == Status.NO_RECORDING:
        kinds = {row.kind for row in request.records.all()}
        if HandOverRecord.Kind.NO_RECORDING not in kinds:
            found.append(_("The record that no recording was found is missing."))
    elif request.status != Status.REFUSED:
        found.append(_("There is no decision yet."))
    unsigned = [row for row in request.records.all() if row.signed_paper_id is None]
    found += [
        _("The signed paper of %(number)s has not been scanned in.") % {"number": row.number}
        for row in unsigned
    ]
    return found


def _missing_of_release(request: FootageRequest) -> list[str]:
    packages = [package for package in request.packages.all() if not package.is_undone]
    if not packages:
        return [_("Nothing has been exported yet.")]
    found = [
        _("%(number)s has been neither handed over nor shown.") % {"number": package.number}
        for package in packages
        if package.status not in {*Package.DELIVERED, Package.Status.DESTROYED}
    ]
    found += [
        _("The compensating control of %(number)s has not been reviewed.")
        % {"number": package.number}
        for package in packages
        if package.is_small_unit and package.reviewed_at is None
    ]
    return found


def close(request: FootageRequest, *, by: Person, delete_by: dt.date | None = None) -> None:
    """Closes a complete case and sets the date by which our copy is destroyed. Raises Refused."""
    if not can_assess(by, request):
        raise NotThisPerson(_("You hold no role that closes this request."))
    lacking = missing(request)
    if lacking:
        raise Refused(" ".join(lacking))
    last = delete_by or today() + dt.timedelta(days=settings.COPY_KEPT_DAYS)
    if last < today():
        raise Refused(_("The delete-by date lies in the past."))
    with transaction.atomic():
        Package.objects.filter(request=request, delete_by=None, destroyed_at=None).exclude(
            status=Package.Status.CANCELLED
        ).update(delete_by=last)
        request.take("close", by=by, closed_at=timezone.now())


def archive(request: FootageRequest, *, by: Person) -> None:
    """Files a closed case; its footage must be gone."""
    if not can_assess(by, request):
        raise NotThisPerson(_("You hold no role that archives this request."))
    if request.packages.filter(destroyed_at=None).exclude(status=Package.Status.CANCELLED).exists():
        raise Refused(_("Our copy of the footage is still here: destroy it first."))
    request.take("archive", by=by)
