"""Who plays which part in a case: nobody files, approves, exports, verifies and delivers the same one.

The rules are those of KFS 9 (segregation of duties) as domain.md section 5 words them. The database
repeats them as constraints on `Decision` and `Package`; here they become sentences, asked at the
moment of the act. Small-unit mode is the dated compensating control: it relaxes three pairs, every
use is stamped on the package, and a superior reviews it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import audit
from accounts.models import Role
from core.tsi import today

from . import refusals
from .errors import NotThisPerson, Refused
from .models import Package, SmallUnitPeriod
from .permissions import can_decide

if TYPE_CHECKING:
    from accounts.models import Person


class Part(models.TextChoices):
    """A part in a case; at most one person plays it."""

    FILER = "filer", gettext_lazy("entered the request")
    APPROVER = "approver", gettext_lazy("decided")
    EXPORTER = "exporter", gettext_lazy("exported")
    VERIFIER = "verifier", gettext_lazy("verified")
    DELIVERER = "deliverer", gettext_lazy("hands over")


def _pair(one: Part, other: Part) -> frozenset[Part]:
    return frozenset({one, other})


NEVER_TOGETHER = frozenset(
    {
        _pair(Part.FILER, Part.APPROVER),
        _pair(Part.APPROVER, Part.EXPORTER),
        _pair(Part.APPROVER, Part.VERIFIER),
        _pair(Part.APPROVER, Part.DELIVERER),
        _pair(Part.EXPORTER, Part.VERIFIER),
    }
)
ONLY_IN_A_SMALL_UNIT = frozenset(
    {
        _pair(Part.FILER, Part.EXPORTER),
        _pair(Part.FILER, Part.VERIFIER),
        _pair(Part.EXPORTER, Part.DELIVERER),
    }
)


def refuse_same_person(part: Part, person: Person, others: Mapping[Part, int | None]) -> bool:
    """Whether `person` may play `part` beside those who already play one.

    `others` maps parts to the keys of people. Returns True when only small-unit mode allows it, so that
    the caller stamps it. Raises NotThisPerson with the reason.
    """
    played = {other for other, key in others.items() if key == person.pk and other != part}
    for other in sorted(played):
        if _pair(part, other) in NEVER_TOGETHER:
            raise NotThisPerson(
                _("%(person)s %(part)s this request: another person must do the next step.")
                % {"person": person, "part": other.label}
            )
    stamped = [other for other in sorted(played) if _pair(part, other) in ONLY_IN_A_SMALL_UNIT]
    if not stamped:
        return False
    if SmallUnitPeriod.holds_on(today(), person) is None:
        raise NotThisPerson(
            _(
                "%(person)s %(part)s this request. One person may do both only while small-unit mode holds "
                "that another person has entered."
            )
            % {"person": person, "part": stamped[0].label}
        )
    if part == Part.VERIFIER and not person.has_role(Role.UNIT_HEAD):
        raise NotThisPerson(
            _("In a small unit the unit head verifies what he entered himself, nobody else.")
        )
    return True


def may_play(part: Part, person: Person, others: Mapping[Part, int | None]) -> bool:
    """Whether `refuse_same_person` lets it pass: for buttons, which are shown only where they work."""
    try:
        refuse_same_person(part, person, others)
    except NotThisPerson:
        return False
    return True


def people_of(package: Package) -> dict[Part, int | None]:
    """The keys of the people who already play a part in a package."""
    return {part: getattr(package, f"{part.value}_id") for part in Part}


@refusals.are_noted
def review(package: Package, *, by: Person) -> None:
    """A superior looks at a case in which small-unit mode was used (due within three working days)."""
    if not package.is_small_unit:
        raise Refused(_("No compensating control was used in this case."))
    if not can_decide(by, package.request) or by.pk in {package.exporter_id, package.verifier_id}:
        raise NotThisPerson(_("A superior who took no part in the export reviews it."))
    with transaction.atomic():
        now = timezone.now()
        rows = Package.objects.filter(pk=package.pk, reviewed_at=None)
        if rows.update(reviewed_by=by, reviewed_at=now):
            audit.record("package.review", actor=by, target=package)
            package.reviewed_by, package.reviewed_at = by, now
