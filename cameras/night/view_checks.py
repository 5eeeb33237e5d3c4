"""Has the view of a camera changed? Its last picture against the reference picture of its position.

Two outlines are compared (`cameras.scene`). Pictures in the same light count in both directions; across lights
(infrared against colour) a likeness counts and an unlikeness says nothing, until a person has said once of a
picture in the other light that it shows the same view. One night is no evidence: fog, a lorry, a raindrop.
What comes of it is a doubt for a person to look at.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from cameras.models import Finding, LastPicture, ReferencePicture, ViewCheck
from cameras.night.findings import Found, Subject, settle
from core.tsi import day_of
from inventory.models import Installation

if TYPE_CHECKING:
    from accounts.models import Person

Answer = ViewCheck.Answer
NO_OUTLINE = "NO_OUTLINE"
FEATURELESS = "FEATURELESS"
OTHER_LIGHT = "OTHER_LIGHT"

# Infrared pictures are grey but for a tinge of compression; in between the light is not told apart.
_GREY, _COLOURED = 2, 6


def outlined(sketch: bytes) -> bytes:
    """The outline of a decoded picture, to be kept beside it."""
    # Only who compares pictures loads NumPy.
    from cameras.scene import outline_of

    return outline_of(sketch)


def night_of(instant: datetime) -> date:
    """The night or day to which a picture belongs: from noon to noon, so that no night is two."""
    return day_of(instant - timedelta(hours=12))


def note(picture: LastPicture, now: datetime) -> None:
    """Compares a new last picture where its camera's position has a reference picture, and settles the finding."""
    # Pictures are taken of a camera's first lens only.
    here = Installation.objects.current().filter(device=picture.device_id, lens_no=1)
    reference = (
        ReferencePicture.objects.select_for_update(of=("self",))
        .filter(position__in=here.values("position"))
        .select_related("position", "view_check")
        .defer("sealed")
        .first()
    )
    if reference is None:
        return
    check = getattr(reference, "view_check", None) or ViewCheck(reference=reference)
    check.picture_at = picture.taken_at
    check.answer, check.reason, check.agreement = compare(reference, picture)
    if check.answer == Answer.UNLIKE:
        _count(check, night_of(picture.taken_at))
    elif check.answer == Answer.LIKE:
        check.unlike_nights, check.unlike_since, check.unlike_last = 0, None, None
    check.save()
    if check.answer in {Answer.LIKE, Answer.UNLIKE}:
        _settle(reference, check, now)


def _count(check: ViewCheck, night: date) -> None:
    if check.unlike_last == night:
        return
    check.unlike_nights += 1
    check.unlike_since, check.unlike_last = check.unlike_since or night, night


def _settle(reference: ReferencePicture, check: ViewCheck, now: datetime) -> None:
    subject = Subject(Finding.Subject.POSITION, reference.pk, reference.position.name)
    kind = Finding.Kind.VIEW_CHANGED
    detail = {"day": str(check.unlike_since), "nights": check.unlike_nights}
    is_wrong = check.unlike_nights >= settings.VIEW_CHANGED_NIGHTS
    settle([Found(kind, subject, detail=detail)] if is_wrong else [], [(kind, subject)], now)


def compare(reference: ReferencePicture, picture: LastPicture) -> tuple[str, str, int | None]:
    """The answer, why there is none, and the agreement in per cent."""
    from cameras.scene import OTHER_SCENE, SAME_SCENE, scenes_agree

    if reference.outline is None or picture.outline is None:
        return Answer.NOT_COMPARED, NO_OUTLINE, None
    known = [
        (reference.outline, reference.colour),
        (reference.other_outline, reference.other_colour),
    ]
    alike = [
        outline for outline, colour in known if outline and _same_light(colour, picture.colour)
    ]
    shown = bytes(picture.outline)
    told = [scenes_agree(bytes(outline), shown) for outline in alike or [reference.outline]]
    best = max((agreement for agreement in told if agreement is not None), default=None)
    if best is None:
        return Answer.NOT_COMPARED, FEATURELESS, None
    agreement = round(best * 100)
    if best >= SAME_SCENE:
        return Answer.LIKE, "", agreement
    if not alike:
        return Answer.NOT_COMPARED, OTHER_LIGHT, agreement
    return (Answer.UNLIKE if best < OTHER_SCENE else Answer.PARTLY), "", agreement


def _same_light(one: int | None, other: int | None) -> bool:
    """Unless one picture is clearly grey and the other clearly coloured."""
    if one is None or other is None:
        return True
    return min(one, other) > _GREY or max(one, other) < _COLOURED


def begin_anew(reference: ReferencePicture, *, by: Person, because: str) -> None:
    """Another picture is the reference from now on: what was said about the old one is over."""
    ViewCheck.objects.filter(reference=reference).delete()
    _close(reference, by=by, because=because)


def confirmed(
    reference: ReferencePicture, picture_at: datetime, *, by: Person, because: str
) -> None:
    """A person says that the picture of that time shows the same view; in the other light it is kept to compare."""
    here = Installation.objects.current().filter(position=reference.pk, lens_no=1)
    picture = LastPicture.objects.filter(
        device__in=here.values("device"), taken_at=picture_at, outline__isnull=False
    ).first()
    if picture is not None and not _same_light(reference.colour, picture.colour):
        reference.other_outline, reference.other_colour = picture.outline, picture.colour
        reference.save(update_fields=["other_outline", "other_colour"])
    ViewCheck.objects.filter(reference=reference).update(
        unlike_nights=0, unlike_since=None, unlike_last=None
    )
    _close(reference, by=by, because=because)


def _close(reference: ReferencePicture, *, by: Person, because: str) -> None:
    about = Finding.objects.open().filter(
        kind=Finding.Kind.VIEW_CHANGED,
        subject_kind=Finding.Subject.POSITION,
        subject_id=reference.pk,
    )
    for finding in about:
        finding.acknowledge(by=by, because=because)
