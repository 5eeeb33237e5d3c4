"""Forms of floor plans: a picture with its facts, and one position's place in numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..floorplans import Facts, Spot
from ..models import FloorPlan, PlanPlace
from ..models.floorplans import PARTS, USUAL_ANGLE
from .dress import DressedForm

_CENTIMETRES = 100
# What 1 % of a side is in the parts that are stored.
_PERCENT = PARTS // 100


class FactsForm(DressedForm):
    """Scale, north and note of a plan."""

    width_m = forms.DecimalField(
        label=_("Metres across the picture"),
        help_text=_("How many metres the picture shows from its left to its right edge."),
        required=False,
        min_value=Decimal(1),
        max_value=Decimal(5000),
        decimal_places=2,
    )
    north_degrees = forms.IntegerField(
        label=_("North, in degrees"),
        help_text=_(
            "Direction of north on the picture, clockwise: 0 = up, 90 = right, 180 = down."
        ),
        required=False,
        min_value=0,
        max_value=359,
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def facts(self) -> Facts:
        """What was entered, in the units that are stored."""
        data = self.cleaned_data
        width = data["width_m"]
        return Facts(
            note=data["note"],
            width_cm=None if width is None else int(width * _CENTIMETRES),
            north_degrees=data["north_degrees"],
        )

    @staticmethod
    def initial_of(plan: FloorPlan | None) -> dict[str, Any]:
        """The facts of a stored plan as the form's first values."""
        if plan is None:
            return {}
        width = None if plan.width_cm is None else Decimal(plan.width_cm) / _CENTIMETRES
        return {"width_m": width, "north_degrees": plan.north_degrees, "note": plan.note}


class AwayForm(DressedForm):
    """Why a plan is put away, or brought back."""

    because = forms.CharField(label=_("Reason"), max_length=300)
    act = forms.ChoiceField(
        choices=[("away", ""), ("back", "")], required=False, widget=forms.HiddenInput
    )


class PlanForm(FactsForm):
    """A new version of a floor's plan."""

    file = forms.FileField(
        label=_("Picture of the plan"), help_text=_("JPEG or PNG, at most 8 MB.")
    )
    keep_places = forms.BooleanField(
        label=_("Keep the cameras where they stand on the old plan"), required=False, initial=True
    )
    field_order = ("file", "width_m", "north_degrees", "note", "keep_places")

    def __init__(self, before: FloorPlan | None, *args: Any, **kwargs: Any) -> None:
        facts = self.initial_of(before)
        facts.pop("note", None)
        super().__init__(*args, initial=facts, **kwargs)
        if before is None:
            del self.fields["keep_places"]


class SeenForm(DressedForm):
    """What the reader saw when he changed a place: the plan and the revision of the place on it."""

    plan = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)


class SpotForm(SeenForm):
    """Where a position stands and looks, in per cent of the picture and degrees."""

    x = forms.DecimalField(
        label=_("From the left, %"), min_value=0, max_value=100, decimal_places=2
    )
    y = forms.DecimalField(label=_("From the top, %"), min_value=0, max_value=100, decimal_places=2)
    direction = forms.IntegerField(
        label=_("Direction, degrees"),
        help_text=_("Clockwise: 0 = up, 90 = right, 180 = down."),
        min_value=0,
        max_value=360,
        initial=0,
    )
    angle = forms.IntegerField(
        label=_("Angle of view, degrees"), min_value=1, max_value=360, initial=USUAL_ANGLE
    )
    reach_m = forms.IntegerField(
        label=_("Reach, metres"), required=False, min_value=1, max_value=1000
    )

    def spot(self) -> Spot:
        """What was entered, in the units that are stored."""
        data = self.cleaned_data
        return Spot(
            x=int(data["x"] * _PERCENT),
            y=int(data["y"] * _PERCENT),
            direction=data["direction"] % 360,
            angle=data["angle"],
            reach_m=data["reach_m"],
        )

    @staticmethod
    def initial_of(plan: FloorPlan, place: PlanPlace | None) -> dict[str, Any]:
        """A stored place as the form's first values; without one, the middle of the plan."""
        if place is None:
            return {"plan": plan.pk, "x": 50, "y": 50}
        return {
            "plan": plan.pk,
            "x": Decimal(place.x) / _PERCENT,
            "y": Decimal(place.y) / _PERCENT,
            "direction": place.direction,
            "angle": place.angle,
            "reach_m": place.reach_m,
            "seen": place.revision,
        }
