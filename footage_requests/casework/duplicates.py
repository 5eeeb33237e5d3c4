"""Requests that may be about the same matter: proposed to a person, never merged by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from ..models import FootageRequest

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 5


@dataclass(frozen=True)
class Duplicate:
    row: FootageRequest
    because: str


def likely_duplicates(request: FootageRequest, person: Person) -> list[Duplicate]:
    """Other requests that this person sees with the same reference, the same requester, or the same
    place, for an overlapping time. Three queries.
    """
    cameras = set(request.items.values_list("position_id", flat=True))
    alike = Q()
    if request.reference_no:
        alike |= Q(reference_no__iexact=request.reference_no, kind=request.kind_id)
    overlapping = Q(starts_at__lt=request.ends_at, ends_at__gt=request.starts_at)
    if request.identity_hash:
        alike |= overlapping & Q(identity_hash=request.identity_hash)
    if request.building_id:
        alike |= overlapping & Q(building=request.building_id)
    if cameras:
        alike |= overlapping & Q(items__position__in=cameras)
    if not alike:
        return []
    merged = FootageRequest.Status.MERGED
    others = FootageRequest.objects.visible_to(person).exclude(pk=request.pk)
    found = others.filter(alike).exclude(status=merged).distinct()[:MOST]
    return [Duplicate(row, _because(request, row)) for row in found]


def _because(request: FootageRequest, other: FootageRequest) -> str:
    if request.reference_no and request.reference_no.lower() == other.reference_no.lower():
        return _("the same reference number")
    if request.identity_hash and request.identity_hash == other.identity_hash:
        return _("the same person, an overlapping time")
    return _("the same place, an overlapping time")
