"""Stock counts: what the inventory expects in a building, and what was found there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.steps import Step, SteppedModel

from ..queries import OfBuildingQuerySet, OfCountQuerySet
from .devices import Device
from .places import Building, Position

if TYPE_CHECKING:
    from accounts.models import Person


class StockCount(SteppedModel):
    """One count of a building. Its lines are made when it starts; closing it fixes them."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Being counted")
        CLOSED = "CLOSED", _("Closed")

    STEPS = {"close": Step({Status.OPEN}, Status.CLOSED)}

    building = models.ForeignKey(
        Building, on_delete=models.PROTECT, related_name="counts", verbose_name=_("building")
    )
    started_on = models.DateField(_("started on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True, editable=False)
    next_due_on = models.DateField(_("next count due on"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN, editable=False
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    started_by_name = models.CharField(max_length=150, editable=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[StockCount]] = models.Manager.from_queryset(
        OfBuildingQuerySet
    )()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("stock count")
        ordering = ["-started_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["building"],
                condition=Q(status="OPEN"),
                name="inventory_stockcount_one_open",
                violation_error_message=_("This building is being counted already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.building}, {self.started_on:%d.%m.%Y}"

    @transaction.atomic
    def close(self, *, next_due_on: dt.date, by: Person, note: str = "") -> None:
        """Fixes the lines; what was not looked for counts as not found."""
        now = timezone.now()
        unseen = self.lines.filter(outcome="")
        missed = unseen.update(
            outcome=CountLine.Outcome.NOT_FOUND, checked_by_name=by.full_name, checked_at=now
        )
        self._take(
            "close",
            by=by,
            because=note,
            facts={"not_looked_for": missed, **self.sums()},
            closed_on=timezone.localdate(now),
            next_due_on=next_due_on,
            note=note,
        )
        StockCount.history.bulk_history_create([self], update=True, default_user=by)

    close.alters_data = True  # type: ignore[attr-defined]

    def sums(self) -> dict[str, int]:
        """Lines by outcome: found, not found, elsewhere, not expected, not yet looked at."""
        outcomes = CountLine.Outcome
        return dict(
            self.lines.aggregate(
                found=models.Count("pk", filter=Q(outcome=outcomes.FOUND, is_expected=True)),
                not_found=models.Count("pk", filter=Q(outcome=outcomes.NOT_FOUND)),
                elsewhere=models.Count("pk", filter=Q(outcome=outcomes.ELSEWHERE)),
                surplus=models.Count("pk", filter=Q(is_expected=False)),
                open=models.Count("pk", filter=Q(outcome="")),
            )
        )


class CountLine(models.Model):
    """One device of a count. `seen_serial` names what was found without standing in the inventory here."""

    class Outcome(models.TextChoices):
        FOUND = "FOUND", _("found")
        NOT_FOUND = "NOT_FOUND", _("not found")
        ELSEWHERE = "ELSEWHERE", _("found elsewhere")

    count = models.ForeignKey(StockCount, on_delete=models.CASCADE, related_name="lines")
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="count_lines"
    )
    position = models.ForeignKey(
        Position, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_expected = models.BooleanField(default=True, editable=False)
    seen_serial = models.CharField(_("serial number seen"), max_length=120, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    serial_matches = models.BooleanField(_("serial number matches"), null=True, blank=True)
    label_readable = models.BooleanField(_("label is readable"), null=True, blank=True)
    is_sound = models.BooleanField(_("sound and clean"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    checked_by_name = models.CharField(max_length=150, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[CountLine]] = models.Manager.from_queryset(OfCountQuerySet)()

    class Meta:
        verbose_name = _("line of a count")
        ordering = ["-is_expected", "position__code", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["count", "device"], name="inventory_countline_once"),
            models.CheckConstraint(
                name="inventory_countline_names_something",
                condition=Q(device__isnull=False) | ~Q(seen_serial=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.device or self.seen_serial)

    @property
    def checks(self) -> list[tuple[str, Any, str]]:
        """The checklist: field, answer (None: not answered), label."""
        names = ("serial_matches", "label_readable", "is_sound")
        fields: list[Any] = [self._meta.get_field(name) for name in names]
        return [
            (field.name, getattr(self, field.name), str(field.verbose_name)) for field in fields
        ]
