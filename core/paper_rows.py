"""What stands on every printed paper besides its content: the head, and the quality box of its form."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

import audit

from .scoping import ScopedQuerySet


class PaperQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Any) -> Self:
        """Numbers of forms are printed on every paper; anybody who signs in may read them."""
        return self if getattr(person, "is_active", False) else self.none()


class PaperForm(models.TextChoices):
    """The forms that this system prints. The code names the template's settings, not its address."""

    DAILY_SHEET = "DAILY_SHEET", _("Daily recording check sheet")
    CLOCK_REPORT = "CLOCK_REPORT", _("Clock synchronisation report")
    MONTHLY_RECORDING = "MONTHLY_RECORDING", _("Monthly recording report")
    WARRANTY_LIST = "WARRANTY_LIST", _("Devices whose warranty ends")
    LAST_DAYS = "LAST_DAYS", _("Recordings of the last days, one row per camera")
    STATUS_HISTORY = "STATUS_HISTORY", _("Daily status history")
    DEVICE_CARD = "DEVICE_CARD", _("Inventory card")
    RELEASE_STATEMENT = "RELEASE_STATEMENT", _("Release statement of a footage package")
    CLOCK_STATEMENT = "CLOCK_STATEMENT", _("Clock statement of a footage package")
    RELEASE_READ_ME = "RELEASE_READ_ME", _("First page of a footage package")
    REQUEST_FORM = "REQUEST_FORM", _("Footage request form")
    HAND_OVER = "HAND_OVER", _("Record of handing over camera footage")
    VIEWING_RECORD = "VIEWING_RECORD", _("Record of viewing camera footage")
    NO_RECORDING = "NO_RECORDING", _("Record that no recording was found")
    HOLD_RECORD = "HOLD_RECORD", _("Record of putting footage under protection")
    DESTRUCTION = "DESTRUCTION", _("Destruction record (personal data)")
    UNDERTAKING = "UNDERTAKING", _("Confidentiality undertaking")
    ACCESS_REPORT = "ACCESS_REPORT", _("Monthly access report")
    PACKAGE_CHECK = "PACKAGE_CHECK", _("Result of checking a package")
    HOLD_WEEK = "HOLD_WEEK", _("Holds that outlive their requests")


class Letterhead(models.Model):
    """The lines at the head of every paper, under "T.C.". One row; empty lines are not printed."""

    ONLY = 1

    university = models.CharField(_("university"), max_length=150, blank=True)
    department = models.CharField(_("department"), max_length=150, blank=True)

    objects = PaperQuerySet.as_manager()

    def __str__(self) -> str:
        return self.university

    @classmethod
    def current(cls) -> Letterhead:
        """The one row, or an empty one that is not saved."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls(pk=cls.ONLY)


class PaperRevision(models.Model):
    """One revision of a form, as its quality box prints it. Revisions are added, never changed.

    A paper about a day carries the revision that was in force on that day (`revised_on`).
    """

    form = models.CharField(_("form"), max_length=30, choices=PaperForm)
    document_no = models.CharField(_("document no."), max_length=40)
    published_on = models.DateField(_("published on"))
    revision_no = models.PositiveSmallIntegerField(_("revision no."), default=0)
    revised_on = models.DateField(_("revised on"))
    because = models.CharField(_("what changed"), max_length=200, blank=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision of a form")
        verbose_name_plural = _("revisions of forms")
        ordering = ["form", "-revision_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "revision_no"], name="core_paper_revision_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(revised_on__gte=models.F("published_on")),
                name="core_paper_revised_after_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_no} Rev {self.revision_no:02}"


def revision_on(form: str, day: dt.date) -> PaperRevision:
    """The revision of a form in force on a day; before the first revision, the first one."""
    rows = PaperRevision.objects.filter(form=form)
    found = rows.filter(revised_on__lte=day).first() or rows.last()
    if found is None:
        raise LookupError(f"The form {form} has no revision.")
    return found


@transaction.atomic
def revise(
    form: str, *, document_no: str, revised_on: dt.date, because: str, by: models.Model
) -> PaperRevision:
    """Adds the next revision of a form; the ones before stay for the papers of their time."""
    latest = PaperRevision.objects.select_for_update().filter(form=form).first()
    row = PaperRevision.objects.create(
        form=form,
        document_no=document_no,
        published_on=latest.published_on if latest else revised_on,
        revision_no=latest.revision_no + 1 if latest else 0,
        revised_on=revised_on,
        because=because,
    )
    audit.record(
        "paper.revise",
        actor=by,
        target=row,
        because=because,
        form=form,
        document_no=document_no,
        revision_no=row.revision_no,
    )
    return row
