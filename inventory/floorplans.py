"""Plans of floors: taking a picture in, placing positions on it, and what a page of it shows."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageFile, ImageOps
from simple_history.utils import bulk_create_with_history

import audit
from core.text import safe_file_name
from core.tsi import TSI

from . import attachments, editing
from .models import Floor, FloorPlan, PlanPlace, Position
from .steps import person_or_none

if TYPE_CHECKING:
    from accounts.models import Person

# What a screen can use; larger pictures are made smaller.
LONGEST_SIDE = 4000
_STARTS = (b"\x89PNG", b"\xff\xd8")
_PILLOW = threading.Lock()
PLAN_FIELDS = ("note", "width_cm", "north_degrees")
SPOT_FIELDS = ("x", "y", "direction", "angle", "reach_m")


@dataclass(frozen=True)
class Spot:
    """Where a position stands and looks; units are those of `PlanPlace`."""

    x: int
    y: int
    direction: int
    angle: int
    reach_m: int | None = None


@dataclass(frozen=True)
class Facts:
    """What people enter about a plan; units are those of `FloorPlan`."""

    note: str = ""
    width_cm: int | None = None
    north_degrees: int | None = None


@dataclass(frozen=True)
class Picture:
    """Our own copy of a handed-in picture: pixels without metadata."""

    data: bytes
    content_type: str
    ending: str
    width: int
    height: int


class MovedMeanwhile(ValidationError):
    """Somebody else has placed, moved or taken off the position. `place` is what is stored now. Means 409."""

    def __init__(self, place: PlanPlace | None) -> None:
        super().__init__(_moved_words(place), code="moved")
        self.place = place


def _moved_words(place: PlanPlace | None) -> str:
    if place is None:
        return _("Somebody has taken it off the plan meanwhile. Your change was not saved.")
    return _(
        "%(who)s moved it at %(time)s. Your change was not saved; what is stored is shown."
    ) % {
        "who": place.placed_by_name,
        "time": f"{place.placed_at.astimezone(TSI):%H:%M:%S}",
    }


def read_picture(data: bytes) -> Picture:
    """A JPEG or PNG, judged by its content and written anew. Raises ValidationError with a clear sentence."""
    if not data.startswith(_STARTS) and b"<svg" in data[:4096].lower():
        raise ValidationError(
            _("SVG drawings are not taken: they can carry programs. Save the plan as PNG.")
        )
    if data.startswith(b"%PDF-"):
        raise ValidationError(_("PDF is not taken here. Save the page of the plan as PNG or JPEG."))
    kind = attachments.judge(data, documents=False)
    try:
        with _read_to_the_end(), Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as told:
            picture = _small(told)
    except (OSError, ValueError, SyntaxError):
        raise ValidationError(_("The picture is damaged: it cannot be read to its end.")) from None
    out = io.BytesIO()
    # Saved without the file's own facts: where it was taken and with what stays with its owner.
    picture.save(out, format="PNG" if kind.ending == "png" else "JPEG", quality=88)
    return Picture(out.getvalue(), kind.content_type, kind.ending, *picture.size)


@contextmanager
def _read_to_the_end() -> Iterator[None]:
    """Pillow refuses a picture that is cut off.

    The printing of PDFs (WeasyPrint) makes it fill the missing part with grey, for the whole process.
    """
    with _PILLOW:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _small(told: Image.Image) -> Image.Image:
    """Grey or RGB, upright, no longer than LONGEST_SIDE. Made small first: each copy of the whole costs 160 MB.

    What is transparent becomes white: on a dark page such a plan would be unreadable.
    """
    picture = told
    if told.has_transparency_data:
        picture = told if told.mode == "RGBA" else told.convert("RGBA")
    elif told.mode not in {"L", "RGB"}:
        picture = told.convert("L" if told.mode[0] in "1I" else "RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture).convert("RGB")
    return picture


def path_of(plan: FloorPlan) -> Path:
    """Where the picture lies: a generated name inside the private folder."""
    return Path(settings.MEDIA_ROOT) / "plans" / plan.uuid.hex[:2] / plan.uuid.hex


def add(
    floor: Floor,
    name: str,
    data: bytes,
    facts: Facts,
    *,
    by: Person | str,
    keep_places: bool = True,
) -> FloorPlan:
    """Stores a new version of the floor's plan; the one before stays with its places.

    With `keep_places` the positions stand on the new picture where they stood on the old one.
    Raises ValidationError when the file is not taken, or somebody else was quicker.
    """
    picture = read_picture(data)
    plan = _plan_of(floor, name, picture, facts, by=by)
    plan.original_sha256 = hashlib.sha256(data).hexdigest()
    path = path_of(plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture.data)
    try:
        with transaction.atomic():
            _succeed(plan, by=by, keep_places=keep_places)
    except IntegrityError:
        path.unlink(missing_ok=True)
        raise ValidationError(_("Somebody has just handed in a plan. Look at it first.")) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return plan


def _plan_of(
    floor: Floor, name: str, picture: Picture, facts: Facts, *, by: Person | str
) -> FloorPlan:
    """The row of a picture, not stored yet."""
    stem = safe_file_name(name.rsplit(".", 1)[0], longest=80)
    return FloorPlan(
        uuid=uuid.uuid4(),
        floor=floor,
        file_name=f"{stem}.{picture.ending}",
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size=len(picture.data),
        sha256=hashlib.sha256(picture.data).hexdigest(),
        added_by_name=_name(by),
        added_at=timezone.now(),
        **asdict(facts),
    )


def _succeed(plan: FloorPlan, *, by: Person | str, keep_places: bool) -> None:
    """The new version takes the place of the current one."""
    before = FloorPlan.objects.filter(floor=plan.floor).order_by("-version").first()
    plan.version = before.version + 1 if before else 1
    if before and before.replaced_at is None:
        before.replaced_at = max(plan.added_at, before.added_at)
        before.save(update_fields=["replaced_at"])
    plan.save()
    kept = []
    if before and keep_places:
        kept = list(before.places.shown())
        for place in kept:
            place.pk, place.plan, place.revision = None, plan, 1
        bulk_create_with_history(kept, PlanPlace, default_user=person_or_none(by))
    audit.record(
        "floor_plan.add",
        actor=by,
        target=plan,
        file=plan.file_name,
        sha256=plan.sha256,
        original_sha256=plan.original_sha256,
        places_kept=len(kept),
    )


@transaction.atomic
def change(plan: FloorPlan, facts: Facts, *, by: Person) -> None:
    """Corrects scale, north and note of a plan."""
    row = FloorPlan.objects.select_for_update().get(pk=plan.pk)
    before = editing.state_of(row, PLAN_FIELDS)
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    row.save(update_fields=PLAN_FIELDS)
    after = editing.state_of(row, PLAN_FIELDS)
    editing.record("floor_plan.change", row, by=by, before=before, after=after)


@transaction.atomic
def put_away(floor: Floor, *, because: str, by: Person) -> None:
    """The floor has no plan from now on: its cameras are not placed. The plan stays among its versions.

    Raises ValidationError when somebody else was quicker.
    """
    plan = FloorPlan.objects.select_for_update().current().filter(floor=floor).first()
    if plan is None:
        raise ValidationError(_("This floor has no plan any more."))
    plan.replaced_at = max(timezone.now(), plan.added_at)
    plan.save(update_fields=["replaced_at"])
    placed = plan.places.shown().count()
    audit.record("floor_plan.put_away", actor=by, target=plan, because=because, placed=placed)


@transaction.atomic
def bring_back(floor: Floor, *, because: str, by: Person) -> None:
    """The newest plan that was put away holds again, with its cameras where they stood.

    Raises ValidationError when there is none, or another one holds by now.
    """
    rows = FloorPlan.objects.select_for_update().filter(floor=floor).order_by("-version")
    plan = rows.first()
    if plan is None or plan.replaced_at is None:
        raise ValidationError(_("There is nothing to bring back: look at the plan again."))
    plan.replaced_at = None
    plan.save(update_fields=["replaced_at"])
    audit.record("floor_plan.bring_back", actor=by, target=plan, because=because)


@transaction.atomic
def put(
    plan: FloorPlan, position: Position, spot: Spot, *, seen: int | None, by: Person | str
) -> PlanPlace:
    """Places the position, or moves it. `seen` is the revision that was on the screen, None = not placed.

    Raises MovedMeanwhile when something else is stored by now, ValidationError when the position
    lies on another floor or the plan has been replaced.
    """
    if position.floor_id != plan.floor_id:
        raise ValidationError(_("This position lies on another floor."))
    if plan.replaced_at is not None:
        raise ValidationError(_("This plan has been replaced by a newer one."))
    stamp = {"placed_by_name": _name(by), "placed_at": timezone.now()}
    if seen is None:
        return _put_first(plan, position, spot, stamp, by=by)
    mine = PlanPlace.objects.filter(plan=plan, position=position)
    place = mine.first()
    before = editing.state_of(place, SPOT_FIELDS) if place else {}
    moved = mine.filter(revision=seen).update(**asdict(spot), **stamp, revision=F("revision") + 1)
    stored = mine.first()
    if not moved or stored is None:
        raise MovedMeanwhile(stored)
    PlanPlace.history.bulk_history_create([stored], update=True, default_user=person_or_none(by))
    after = editing.state_of(stored, SPOT_FIELDS)
    editing.record("plan_place.move", position, by=by, before=before, after=after)
    return stored


def _put_first(
    plan: FloorPlan, position: Position, spot: Spot, stamp: dict[str, Any], *, by: Person | str
) -> PlanPlace:
    place = PlanPlace(plan=plan, position=position, **asdict(spot), **stamp)
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError:
        stored = PlanPlace.objects.filter(plan=plan, position=position).first()
        if stored is None:
            raise
        raise MovedMeanwhile(stored) from None
    after = editing.state_of(place, SPOT_FIELDS)
    editing.record("plan_place.put", position, by=by, before={}, after=after)
    return place


@transaction.atomic
def take_off(plan: FloorPlan, position: Position, *, seen: int | None, by: Person) -> None:
    """Takes the position off the plan. Raises MovedMeanwhile when something else is stored by now."""
    rows = PlanPlace.objects.select_for_update().filter(plan=plan, position=position)
    place = rows.first()
    if place is None:
        return
    if place.revision != seen:
        raise MovedMeanwhile(place)
    before = editing.state_of(place, SPOT_FIELDS)
    place.delete()
    editing.record("plan_place.remove", position, by=by, before=before, after={})


def current_plan(floor: Floor | int) -> FloorPlan | None:
    """The plan of the floor that holds now."""
    pk = floor if isinstance(floor, int) else floor.pk
    return FloorPlan.objects.current().filter(floor=pk).first()


def _name(by: Person | str) -> str:
    return by if isinstance(by, str) else by.full_name
