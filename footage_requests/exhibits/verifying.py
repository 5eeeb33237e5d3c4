"""Looking at exhibits, and the second person's verification before anything is sealed.

A viewing is a row and an audit entry before the first byte is given. While it is open the player
reports which parts were watched; when it closes, the log gets who, what and how long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from audit.canon import utc_text
from core.tsi import to_ms

from .. import refusals
from ..errors import NotThisPerson, Refused
from ..footage import right_channel, store
from ..models import Exhibit, Package, Viewing
from ..parts import Part, people_of, refuse_same_person
from ..permissions import can_deliver, can_verify
from ..release.giving_out import refuse_unpaid
from ..secrecy import interests
from .exhibit_time import time_of
from .masking import may_mask, missing_masks
from .watching import Watch, may_be_excepted, merged, plausible, watch_of

if TYPE_CHECKING:
    from accounts.models import Person

Span = tuple[int, int]

# The checks of a person; each is confirmed for every exhibit before the package may be sealed.
CHECKS = ("plays", "right_camera", "right_time", "masks", "nobody_else")
SOUND_CHECKS = ("listened", "fits_pictures", "right_time", "nobody_else")
_UNMASKED = frozenset({Exhibit.Kind.ORIGINAL, Exhibit.Kind.VIEWING})
_IDLE = dt.timedelta(minutes=3)
_LONGEST = dt.timedelta(hours=8)
# Of exports that did not note yet how long their first group of pictures is.
UNMEASURED_GROUP_MS = 12_000


@dataclass(frozen=True)
class Measured:
    """What the system itself finds about one exhibit; `faults` empty = nothing to object to."""

    exhibit: Exhibit
    faults: tuple[str, ...]
    watch: Watch
    doubts: Mapping[str, str]
    """What makes it doubtful that it is the right camera: the check that answers it, and the sentence."""

    @property
    def watched_ms(self) -> int:
        return self.watch.seen_ms


def current_exhibits(package: Package) -> QuerySet[Exhibit]:
    """The exhibits that would leave: replaced ones are gone, masked lines leave only masked."""
    rows = package.exhibits.filter(replaced_at=None).select_related(
        "file", "parent", "line__item__position", "channel__recorder"
    )
    return rows.exclude(line__must_be_masked=True, kind__in=_UNMASKED)


def would_leave(exhibit: Exhibit) -> bool:
    """The same of one exhibit, read with its line."""
    is_kept_back = exhibit.line.must_be_masked and exhibit.kind in _UNMASKED
    return exhibit.replaced_at is None and not is_kept_back


@refusals.are_noted
def open_for_viewing(exhibit: Exhibit, purpose: str, *, by: Person, note: str = "") -> Viewing:
    """Opens one exhibit for one person, audited. Raises NotThisPerson or Refused."""
    package = exhibit.package
    if exhibit.replaced_at is not None or exhibit.file.destroyed_at is not None:
        raise Refused(_("This copy has been replaced and destroyed."))
    _allow(exhibit, Viewing.Purpose(purpose), by, note)
    with transaction.atomic():
        viewing = Viewing.objects.create(
            exhibit=exhibit, person=by, purpose=purpose, note=note.strip()[:300]
        )
        audit.record(
            "exhibit.view",
            actor=by,
            target=package.request,
            because=note.strip(),
            exhibit=exhibit.ident,
            package=package.number,
            purpose=purpose,
            viewing=str(viewing.uuid),
        )
    return viewing


def _allow(exhibit: Exhibit, purpose: Viewing.Purpose, by: Person, note: str) -> None:
    package = exhibit.package
    if purpose == Viewing.Purpose.MASK:
        if not may_mask(package, by):
            raise NotThisPerson(_("You may not mask this package now."))
    elif purpose == Viewing.Purpose.VERIFY:
        _allow_verifying(package, by)
    else:
        if package.status != Package.Status.SEALED:
            raise Refused(_("Footage is shown only after it has been verified and sealed."))
        refuse_unpaid(package.request)
        if not can_deliver(by, package.request):
            raise NotThisPerson(_("You hold no role that shows footage."))
        refuse_same_person(Part.DELIVERER, by, people_of(package))
        if not note.strip():
            raise Refused(_("Write who watches with you."))
        if not current_exhibits(package).filter(pk=exhibit.pk).exists():
            raise Refused(_("Only the masked copy of this recording may be shown."))


def _allow_verifying(package: Package, by: Person) -> bool:
    """Whether only small-unit mode lets this person verify. Raises NotThisPerson or Refused."""
    if package.status != Package.Status.VERIFYING:
        raise Refused(_("This package does not wait for verification."))
    if not can_verify(by, package.request):
        raise NotThisPerson(_("You hold no role that verifies this request."))
    return refuse_same_person(Part.VERIFIER, by, people_of(package))


def may_stream(viewing: Viewing, by: Person, now: dt.datetime) -> bool:
    """Whether this viewing still gives bytes: to the same person, open, of a file that exists."""
    return (
        viewing.person_id == by.pk
        and viewing.closed_at is None
        and now - viewing.opened_at < _LONGEST
        and viewing.exhibit.file.destroyed_at is None
        and not interests.is_out(by, viewing.exhibit.package.request)
        and viewing.exhibit.package.status
        in {
            Package.Status.MASKING,
            Package.Status.VERIFYING,
            Package.Status.VERIFIED,
            Package.Status.SEALED,
        }
    )


def note_watched(viewing: Viewing, spans: Iterable[Span]) -> None:
    """Adds what the player has shown since its last report. Spans are exhibit milliseconds."""
    length, now = time_of(viewing.exhibit).length_ms, timezone.now()
    is_sound = viewing.exhibit.kind == Exhibit.Kind.SOUND
    with transaction.atomic():
        row = Viewing.objects.select_for_update(of=("self",), no_key=True).get(pk=viewing.pk)
        if row.closed_at is not None:
            return
        row.watched = merged([*row.watched, *plausible(row, spans, length, now, is_sound=is_sound)])
        row.watched_ms = sum(end - start for start, end in row.watched)
        row.last_beat_at = now
        row.save(update_fields=["watched", "watched_ms", "last_beat_at"])


def close(viewing: Viewing) -> None:
    """Ends a viewing; the log gets how long. A second call does nothing."""
    with transaction.atomic():
        row = (
            Viewing.objects.select_for_update(of=("self",), no_key=True)
            .select_related("exhibit__package__request", "person")
            .get(pk=viewing.pk)
        )
        if row.closed_at is not None:
            return
        row.closed_at = timezone.now()
        row.save(update_fields=["closed_at"])
        audit.record(
            "exhibit.viewed",
            actor=row.person,
            target=row.exhibit.package.request,
            exhibit=row.exhibit.ident,
            viewing=str(row.uuid),
            watched_seconds=row.watched_ms // 1000,
            open_seconds=int((row.last_beat_at - row.opened_at).total_seconds()),
        )


def close_idle(now: dt.datetime | None = None) -> int:
    """Ends the viewings whose player has gone; returns how many."""
    before = (now or timezone.now()) - _IDLE
    idle = list(Viewing.objects.filter(closed_at=None, last_beat_at__lt=before)[:200])
    for viewing in idle:
        close(viewing)
    return len(idle)


def measure(package: Package, by: Person | None = None) -> list[Measured]:
    """What the system finds about every exhibit that would leave. Reads every file once."""
    return [
        Measured(exhibit, tuple(_faults(exhibit)), watch_of(exhibit, by), doubts_of(exhibit))
        for exhibit in current_exhibits(package)
    ]


def _faults(exhibit: Exhibit) -> Iterable[str]:
    if not store.measure_again(exhibit.file):
        yield _("The file is not what was stored: its hash has changed.")
    times = time_of(exhibit)
    start, end = to_ms(exhibit.line.starts_at), to_ms(exhibit.line.ends_at)
    if times.delivered[0] <= start - _first_group_ms(exhibit) or times.delivered[1] > end:
        yield _("It reaches beyond the approved minutes.")
    if exhibit.parent is not None and exhibit.parent.file.sha256 != exhibit.parent_sha256:
        yield _("It was not made from the original of this package.")


def _first_group_ms(exhibit: Exhibit) -> int:
    """How far before the approved minutes it may begin: a group of pictures is copied whole."""
    facts = (exhibit.parent or exhibit).facts
    return int(facts.get("first_group_ms", UNMEASURED_GROUP_MS))


def doubts_of(exhibit: Exhibit) -> dict[str, str]:
    """The doubts about an exhibit, its original's included: check and sentence."""
    return {
        right_channel.check_of(doubt): right_channel.doubt_words(doubt)
        for doubt in right_channel.doubts_in(exhibit)
    }


@refusals.are_noted
def verify(
    package: Package,
    checks: Mapping[str, Iterable[str]],
    *,
    by: Person,
    unwatched_because: str = "",
) -> None:
    """The second person's word for every exhibit, over what the system measured itself.

    `checks` maps exhibit idents to the CHECKS that the person confirmed. `unwatched_because` excepts what
    was not watched of a package that is hours long, except for beginnings and ends. Raises Refused with
    what is missing, NotThisPerson for the exporter, the approver and whoever lacks the role.
    """
    is_small_unit = _allow_verifying(package, by)
    missing = missing_masks(package)
    if missing:
        raise Refused(
            _("Still without a masked copy: %(names)s.")
            % {"names": ", ".join(exhibit.ident for exhibit in missing)}
        )
    found = measure(package, by)
    if not found:
        raise Refused(_("There is nothing in this package."))
    for one in found:
        _require(one, set(checks.get(one.exhibit.ident, ())))
    is_watched = _require_watching(found, unwatched_because)
    now = timezone.now()
    with transaction.atomic():
        package.take(
            "verify",
            by=by,
            verifier=by,
            verified_at=now,
            is_watched=is_watched,
            unwatched_because="" if is_watched else unwatched_because.strip()[:300],
            is_small_unit=package.is_small_unit or is_small_unit,
        )
        _note_checks(package, found, checks)


def _note_checks(
    package: Package, found: list[Measured], checks: Mapping[str, Iterable[str]]
) -> None:
    """What was confirmed and watched of every exhibit, into the log with the step itself.

    How doubts about the camera were answered stands on the exhibit as well: it leaves with the package.
    """
    for one in found:
        if one.doubts:
            one.exhibit.facts["answered"] = _answered(package, one.doubts)
            one.exhibit.save(update_fields=["facts"])
    audit.record(
        "package.checks",
        actor=package.verifier,
        target=package.request,
        package=package.number,
        because=package.unwatched_because,
        watched_enough=package.is_watched,
        exhibits=[
            {
                "exhibit": one.exhibit.ident,
                "sha256": one.exhibit.file.sha256,
                "checks": sorted(checks[one.exhibit.ident]),
                "doubts": list(one.doubts.values()),
                "watched_seconds": one.watched_ms // 1000,
                "watched_percent": one.watch.percent,
            }
            for one in found
        ],
    )


def _answered(package: Package, doubts: Iterable[str]) -> dict[str, Any]:
    verifier = package.verifier
    return {
        "checks": sorted(doubts),
        "by": verifier.get_full_name() if verifier else "",
        "staff_number": str(verifier.get_username()) if verifier else "",
        "at": utc_text(package.verified_at or timezone.now()),
    }


def checks_of(exhibit: Exhibit) -> tuple[str, ...]:
    """What a person confirms of an exhibit."""
    return SOUND_CHECKS if exhibit.kind == Exhibit.Kind.SOUND else CHECKS


def _require(one: Measured, confirmed: set[str]) -> None:
    if one.faults:
        raise Refused(f"{one.exhibit.ident}: {' '.join(one.faults)}")
    if one.watched_ms == 0:
        raise Refused(
            _("Open and play %(exhibit)s before you confirm it.") % {"exhibit": one.exhibit.ident}
        )
    if not confirmed.issuperset(one.doubts):
        raise Refused(
            _("%(exhibit)s: answer every doubt about the camera, or send it back.")
            % {"exhibit": one.exhibit.ident}
        )
    left = [check for check in checks_of(one.exhibit) if check not in confirmed]
    if left:
        raise Refused(
            _("Confirm every check of %(exhibit)s, or send it back.")
            % {"exhibit": one.exhibit.ident}
        )


def _require_watching(found: list[Measured], because: str) -> bool:
    """Whether everything was watched that must be; False where a stated exception stands for the rest."""
    short = [one for one in found if not one.watch.is_enough]
    if not short:
        return True
    if may_be_excepted([one.watch for one in found]):
        if because.strip() and all(one.watch.ends_are_seen for one in short):
            return False
        raise Refused(
            _(
                "Not enough of %(names)s was played. Watch on, or watch every beginning and end "
                "and write why the rest was not watched."
            )
            % {"names": _names(short)}
        )
    raise Refused(
        _("Not enough of %(names)s was played: press “Next unseen” in the player.")
        % {"names": _names(short)}
    )


def _names(rows: Iterable[Measured]) -> str:
    return ", ".join(one.exhibit.ident for one in rows)


@refusals.are_noted
def reject(package: Package, *, by: Person, because: str) -> None:
    """Sends a package back: to masking, from where it can also be exported again."""
    _allow_verifying(package, by)
    if not because.strip():
        raise Refused(_("Write what is wrong: the exporter reads it."))
    package.take("reject", by=by, because=because.strip(), failure=because.strip()[:300])
