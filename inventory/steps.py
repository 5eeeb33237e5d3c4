"""The paper trail of a step: the day on which it took effect, the person, the document."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from .errors import WrongDate

if TYPE_CHECKING:
    from accounts.models import Person


class StepRow(models.Model):
    """One step taken. `on_date` is the Türkiye calendar day from which the new status holds."""

    step = models.CharField(_("step"), max_length=30)
    from_status = models.CharField(_("from"), max_length=20)
    to_status = models.CharField(_("to"), max_length=20)
    on_date = models.DateField(_("on"))
    # The name stays readable when the person's account is gone.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by_name = models.CharField(_("by"), max_length=150)
    document = models.CharField(_("document"), max_length=200)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["on_date", "pk"]

    def __str__(self) -> str:
        return f"{self.on_date}: {self.from_status} → {self.to_status}"

    @staticmethod
    def fields_of(
        verb: str, was: str, becomes: str, *, on_date: dt.date, by: Person | str, document: str
    ) -> dict[str, Any]:
        """The columns of a new row, without the row that took the step.

        `by` is a person, or the name of a part of the system (an import, the demo).
        """
        return {
            "step": verb,
            "from_status": was,
            "to_status": becomes,
            "on_date": on_date,
            "by": person_or_none(by),
            "by_name": by if isinstance(by, str) else by.full_name,
            "document": document,
        }


def check_step_date(earlier: models.QuerySet[Any], on_date: dt.date, document: str) -> None:
    """Refuses a step without a document, in the future, or dated before the one that precedes it.

    Raises ValidationError or WrongDate.
    """
    if not document.strip():
        raise ValidationError(gettext("A step needs a document."), code="document")
    if on_date > today():
        raise WrongDate(gettext("A step cannot be dated in the future."))
    last = earlier.order_by("-on_date").values_list("on_date", flat=True).first()
    if last is not None and on_date < last:
        raise WrongDate(
            gettext("A step cannot be dated before the previous one (%(day)s).") % {"day": last}
        )


def person_or_none(by: Person | str) -> Person | None:
    """The person who acted, for columns that point to people; a part of the system is none."""
    return None if isinstance(by, str) else by
