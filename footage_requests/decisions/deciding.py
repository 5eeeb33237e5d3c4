"""The decision: what exactly may leave, decided by another person than the one who filed it.

A decision is bound to the hash of the content that was on the screen. It expires, and any edit of the
request voids it together with a package that is not yet sealed.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from accounts.models import Role, RoleGrant
from core.steps import InvalidTransition
from core.tsi import today

from .. import refusals, said
from ..errors import ContentChanged, NotThisPerson, Refused
from ..models import (
    Decision,
    DecisionLine,
    FootageRequest,
    Package,
    RefusalCode,
    RequesterKind,
    RequestItem,
)
from ..parts import Part, refuse_same_person
from ..permissions import ON_DUTY, can_decide, can_decide_on_duty, places_of_case
from ..secrecy import interests
from . import sound_rules
from .content import sha256_of
from .decision_view import Summary, summary
from .ruled_out import ruled_out

if TYPE_CHECKING:
    from accounts.models import Person

__all__ = ["LineChoice", "decide", "expire_due", "standing_decision", "summary", "void"]

_STEP_OF = {
    Decision.Kind.COPY: "approve",
    Decision.Kind.VIEWING: "approve",
    Decision.Kind.PART: "approve",
    Decision.Kind.REFUSE: "refuse",
    Decision.Kind.NO_RECORDING: "find_no_recording",
    Decision.Kind.RETURN: "return",
}


@dataclass(frozen=True)
class LineChoice:
    """What the superior lets leave of one item, where only a part is released."""

    item_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    must_be_masked: bool = False
    masking_note: str = ""


@dataclass(frozen=True)
class Choice:
    """A decision as it comes from the screen. `seen_sha256` is the content that was shown there,
    `shown_sha256` what the recorders had told of it, where the door shows that.
    """

    kind: str
    seen_sha256: str
    shown_sha256: str = ""
    reason: str = ""
    codes: Collection[str] = ()
    lines: Collection[LineChoice] = ()
    includes_audio: bool = False
    audio_items: Collection[int] = ()
    """Of which items sound is released; none named means all that leave."""
    audio_reason: str = ""
    confirmed_how: str = "password"


@refusals.are_noted
def decide(request: FootageRequest, choice: Choice, *, by: Person) -> Decision:
    """Stores one decision and takes the request's step.

    Raises NotThisPerson (the filer, a deputy of the filer, no role here now), ContentChanged (the
    request is no longer what was shown), Refused (what the rules do not allow), InvalidTransition (it
    was decided meanwhile).
    """
    with transaction.atomic():
        request = FootageRequest.objects.select_for_update(of=("self",), no_key=True).get(
            pk=request.pk
        )
        if request.status != FootageRequest.Status.AWAITING_DECISION:
            raise InvalidTransition(_STEP_OF[Decision.Kind(choice.kind)], request)
        grant, is_on_duty = _authority(request, by, choice)
        if sha256_of(request) != choice.seen_sha256:
            raise ContentChanged(
                _("The request was changed after you opened it. Read it again before you decide.")
            )
        shown = summary(request)
        if choice.shown_sha256 not in {"", shown.shown_sha256}:
            raise ContentChanged(
                _("The recorders have told something else meanwhile. Read it again, then decide.")
            )
        _check(request, choice, shown)
        lines = _lines(request, choice, shown)
        heard = sound_rules.heard(
            [line.item_id for line in lines], choice.audio_items, is_released=choice.includes_audio
        )
        decision = _store(request, choice, by, grant, shown, is_on_duty=is_on_duty)
        DecisionLine.objects.bulk_create(
            DecisionLine(
                decision=decision,
                item_id=line.item_id,
                starts_at=line.starts_at,
                ends_at=line.ends_at,
                must_be_masked=line.must_be_masked,
                masking_note=line.masking_note,
                includes_audio=line.item_id in heard,
            )
            for line in lines
        )
        decision.refusal_codes.set(RefusalCode.objects.filter(code__in=choice.codes))
        request.take(
            _STEP_OF[Decision.Kind(choice.kind)],
            by=by,
            because=choice.reason,
        )
        _note(decision, choice, shown, lines, heard, by=by)
    return decision


def _note(
    decision: Decision,
    choice: Choice,
    shown: Summary,
    lines: Collection[LineChoice],
    heard: Collection[int],
    *,
    by: Person,
) -> None:
    """The decision in the log, with everything that it is bound to."""
    audit.record(
        "decision.make",
        actor=by,
        target=decision.request,
        because=choice.reason,
        decision=str(decision.uuid),
        kind=choice.kind,
        content_sha256=decision.content_sha256,
        deputy=decision.is_deputy,
        on_duty=decision.is_on_duty,
        codes=sorted(choice.codes),
        shown_sha256=shown.shown_sha256,
        sound=decision.shown["sound"],
        lines=[
            {
                "item": line.item_id,
                "from": line.starts_at.astimezone(dt.UTC).isoformat(),
                "until": line.ends_at.astimezone(dt.UTC).isoformat(),
                "masked": line.must_be_masked,
                "sound": line.item_id in heard,
            }
            for line in lines
        ],
    )


def standing_decision(request: FootageRequest) -> Decision | None:
    """The decision that holds now: not voided, not expired, and still about the same content."""
    rows = request.decisions.all()
    held = (row for row in rows if row.voided_at is None and row.kind != Decision.Kind.RETURN)
    decision = next(held, None)
    if decision is None or not decision.is_standing():
        return None
    return decision if decision.content_sha256 == sha256_of(request) else None


def void(request: FootageRequest, *, because: str, by: Person | str) -> bool:
    """Takes back the decision of a request that is being changed; True when there was one.

    Run inside the transaction of the change. Raises Refused when the package is sealed or gone: what
    has left is not undone by an edit.
    """
    decision = request.decisions.filter(voided_at=None).exclude(kind="RETURN").first()
    if decision is None:
        return False
    packages = Package.objects.select_for_update(no_key=True).filter(decision=decision)
    for package in packages:
        if package.status in Package.BEFORE_SEALING:
            package.take("cancel", by=by, because=because)
        elif not package.is_undone:
            raise Refused(
                _(
                    "The package is sealed. What has been released is not changed: file a new request."
                )
            )
    now = timezone.now()
    if not Decision.objects.filter(pk=decision.pk, voided_at=None).update(
        voided_at=now, voided_because=because[:200]
    ):
        return False
    audit.record(
        "decision.void",
        actor=by,
        target=request,
        because=because,
        decision=str(decision.uuid),
    )
    request.take("reopen", by=by, because=because)
    return True


def expire_due(now: dt.datetime | None = None) -> int:
    """Voids approvals whose time has passed before the package was sealed; returns how many."""
    now = now or timezone.now()
    done = 0
    used = Package.objects.filter(decision=OuterRef("pk")).filter(
        Q(status__in=[Package.Status.SEALED, *Package.DELIVERED])
        | Q(status=Package.Status.DESTROYED, delivered_at__isnull=False)
    )
    due = Decision.objects.filter(
        ~Exists(used),
        voided_at=None,
        expires_at__lte=now,
        request__status=FootageRequest.Status.APPROVED,
    )
    for decision in due:
        try:
            with transaction.atomic():
                # The case before the decision, as everywhere, and only while this one still stands.
                request = FootageRequest.objects.select_for_update(no_key=True).get(
                    pk=decision.request_id
                )
                if request.decisions.filter(pk=decision.pk, voided_at=None).exists():
                    done += void(request, because=said.because("APPROVAL_EXPIRED"), by="deadlines")
        except (Refused, InvalidTransition):
            # Sealed, or changed by a person, while we looked.
            continue
    return done


def _authority(request: FootageRequest, by: Person, choice: Choice) -> tuple[RoleGrant, bool]:
    """The grant on which this person decides, evaluated now and not when the case was submitted; and
    whether it is only that of the most senior person on duty.
    """
    if by.pk in request.filers:
        raise NotThisPerson(_("Nobody decides on a request that he entered himself."))
    if interests.is_out(by, request):
        raise NotThisPerson(_("You are out of this case: another person decides."))
    if interests.must_answer(by, request):
        raise NotThisPerson(_("Answer first whether this case is your own."))
    if not can_decide(by, request) and can_decide_on_duty(by, request):
        return _on_duty(request, by, choice), True
    if not can_decide(by, request):
        raise NotThisPerson(_("You hold no role that decides on this request."))
    refuse_same_person(Part.APPROVER, by, {Part.FILER: request.filer_id})
    places = places_of_case(request)
    grants = [
        grant
        for grant in by.grants_on(today())
        if grant.role == Role.SUPERIOR
        and grant.covers(places)
        and grant.acting_for_id not in request.filers
    ]
    if not grants:
        raise NotThisPerson(
            _("A deputy of the person who entered the request does not decide on it.")
        )
    # Whoever holds the office himself does not sign as a deputy.
    return min(grants, key=lambda grant: grant.acting_for_id is not None), False


def _on_duty(request: FootageRequest, by: Person, choice: Choice) -> RoleGrant:
    """The grant of the most senior person on duty, who lets footage be watched and nothing else."""
    if choice.kind not in {Decision.Kind.VIEWING, Decision.Kind.RETURN}:
        raise NotThisPerson(
            _(
                "As the most senior person on duty you may let the footage be watched under supervision, "
                "or return the request. Everything else is decided by the superior."
            )
        )
    if choice.includes_audio:
        sound_rules.refuse_on_duty()
    places = places_of_case(request)
    return next(
        grant for grant in by.grants_on(today()) if grant.role in ON_DUTY and grant.covers(places)
    )


def _check(request: FootageRequest, choice: Choice, shown: Summary) -> None:
    kind = Decision.Kind(choice.kind)
    why_not = ruled_out(request).get(kind)
    if why_not:
        raise Refused(why_not)
    if kind in Decision.RELEASING:
        _check_release(request, choice, shown)
    known = set(RefusalCode.objects.usable().values_list("code", flat=True))
    if set(choice.codes) - known:
        raise Refused(_("There is no such refusal code."))
    if kind == Decision.Kind.REFUSE and not choice.codes:
        raise Refused(_("Say why: choose at least one refusal code."))
    says_nothing = RefusalCode.objects.filter(code__in=choice.codes, needs_evidence=True)
    if kind == Decision.Kind.REFUSE and shown.something_recorded and says_nothing.exists():
        raise Refused(
            _("This refusal says that there is no recording, but the recorder holds footage of it.")
        )
    if kind == Decision.Kind.NO_RECORDING and not shown.nothing_recorded:
        raise Refused(
            _(
                "“No recording” needs the proof: the recorder was asked and holds nothing of the window."
            )
        )
    if kind != Decision.Kind.COPY and not choice.reason.strip():
        raise Refused(_("Write the reason: it goes into the answer and into the record."))


def _check_release(request: FootageRequest, choice: Choice, shown: Summary) -> None:
    if shown.undecided:
        raise Refused(_("Some cameras are neither included nor excluded yet."))
    if not shown.lines:
        raise Refused(_("No camera is included: there is nothing to release."))
    if shown.unchecked:
        raise Refused(
            _("The recorder has not been asked yet about: %(names)s.")
            % {"names": ", ".join(shown.unchecked)}
        )
    if request.kind.reference_required and not request.reference_no.strip():
        raise Refused(_("%(reference)s is missing.") % {"reference": request.kind.reference_name})
    if choice.includes_audio:
        sound_rules.check(request, choice.audio_reason)
    wider = request.kind.gives != RequesterKind.Gives.COPY and choice.kind != Decision.Kind.VIEWING
    if wider and not choice.reason.strip():
        raise Refused(
            _("This kind of requester normally gets %(gives)s. Write why it gets more.")
            % {"gives": request.kind.get_gives_display()}
        )


def _lines(request: FootageRequest, choice: Choice, shown: Summary) -> list[LineChoice]:
    """The lines of a release: of a part as chosen, otherwise every included item as a whole."""
    kind = Decision.Kind(choice.kind)
    if choice.lines and kind != Decision.Kind.PART:
        raise Refused(
            _("Cameras and minutes are chosen only for “%(part)s”; “%(kind)s” names none.")
            % {"part": Decision.Kind.PART.label, "kind": kind.label}
        )
    if kind not in Decision.RELEASING:
        return []
    items = {item.pk: item for item in request.items.filter(is_included=True)}
    masked = {line.item_id: line.only_fixed for line in shown.lines if line.must_be_masked}
    if kind != Decision.Kind.PART:
        return [
            LineChoice(item.pk, item.starts_at, item.ends_at, must_be_masked=item.pk in masked)
            for item in items.values()
        ]
    if not choice.lines:
        raise Refused(_("Choose what may leave: at least one camera and its minutes."))
    return [_within(line, items, masked) for line in _sorted(choice.lines)]


def _within(line: LineChoice, items: dict[int, RequestItem], masked: dict[int, bool]) -> LineChoice:
    """The line, when it lies within the request. `masked`: what must be; True: only its fixed areas."""
    item = items.get(line.item_id)
    if item is None:
        raise Refused(_("A camera that the request does not include cannot be released."))
    if not item.starts_at <= line.starts_at < line.ends_at <= item.ends_at:
        raise Refused(_("The released minutes must lie inside the requested ones."))
    if masked.get(line.item_id) and not line.must_be_masked:
        raise Refused(_("This camera has areas that are masked in what leaves: let it be masked."))
    if line.item_id in masked and not line.must_be_masked:
        raise Refused(_("For this kind of requester every other person must be masked."))
    return line


def _sorted(lines: Iterable[LineChoice]) -> list[LineChoice]:
    """In order, refusing minutes that are named twice."""
    ordered = sorted(lines, key=lambda line: (line.item_id, line.starts_at))
    for one, following in itertools.pairwise(ordered):
        if one.item_id == following.item_id and following.starts_at < one.ends_at:
            raise Refused(_("The same minutes of a camera are named twice."))
    return ordered


def _store(
    request: FootageRequest,
    choice: Choice,
    by: Person,
    grant: RoleGrant,
    shown: Summary,
    *,
    is_on_duty: bool,
) -> Decision:
    releases = choice.kind in Decision.RELEASING
    has_sound = choice.includes_audio and releases
    sound = sound_rules.as_data(request, choice.audio_reason, is_released=has_sound)
    valid = dt.timedelta(days=settings.APPROVAL_VALID_DAYS)
    try:
        with transaction.atomic():
            return Decision.objects.create(
                request=request,
                kind=choice.kind,
                filer_id=request.filer_id,
                decided_by=by,
                is_deputy=grant.acting_for_id is not None,
                is_on_duty=is_on_duty,
                authority=grant.document,
                reason=choice.reason.strip(),
                content_version=request.content_version,
                content_sha256=choice.seen_sha256,
                shown={**shown.as_data(), "sound": sound},
                includes_audio=has_sound,
                audio_reason=sound["reason"],
                confirmed_how=choice.confirmed_how,
                expires_at=timezone.now() + valid if releases else None,
            )
    except IntegrityError as error:
        raise Refused(_("A decision on this request stands already.")) from error
