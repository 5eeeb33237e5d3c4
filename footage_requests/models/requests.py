"""The request: who asks for what, where and when, and how far it has come."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from core.scoping import ScopedQuerySet
from core.steps import Step, SteppedModel
from inventory.models import Building, Position
from inventory.text import search_text

from ..casework.changes import step_taken
from .kinds import LegalBasis, RequesterKind

if TYPE_CHECKING:
    from accounts.models import Person


_TOOK_IN = """
    WITH RECURSIVE taken(pk) AS (
        SELECT merged_into_id FROM footage_requests_footagerequest
        WHERE filer_id = %s AND merged_into_id IS NOT NULL
        UNION
        SELECT further.merged_into_id FROM footage_requests_footagerequest further
        JOIN taken ON further.id = taken.pk WHERE further.merged_into_id IS NOT NULL
    ) SELECT pk FROM taken
"""


class RequestQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """The cases of the places that one works for; a case without a place only campus-wide, or one's own."""
        from ..permissions import READING_CASES

        scope = person.scope(READING_CASES)
        if scope.everything:
            return self
        own = Q(filer=person)
        if not scope:
            return self.filter(own) if person.has_role(*READING_CASES) else self.none()
        place = scope.condition(site="building__site_id", building="building_id")
        items = scope.condition(
            site="items__position__floor__building__site_id",
            building="items__position__floor__building_id",
        )
        inside = self.model._base_manager.filter(place | items).values("pk")
        return self.filter(own | Q(pk__in=inside))

    def open(self) -> Self:
        return self.filter(status__in=FootageRequest.OPEN)

    def took_in_from(self, person: Person) -> Self:
        """Those that a request of this person was merged into, at whatever remove (`filers` of one case)."""
        return self.filter(pk__in=RawSQL(_TOOK_IN, [person.pk]))  # noqa: S611 - a constant


class OfRequestQuerySet(ScopedQuerySet[Any]):
    """Rows that belong to a request, reached by the lookup REQUEST."""

    REQUEST = "request"

    def visible_to(self, person: Person) -> Self:
        seen = FootageRequest.objects.visible_to(person).values("pk")
        return self.filter(**{f"{self.REQUEST}__in": seen})


class FootageRequest(SteppedModel):
    """One request for past footage. Instants are true time; the window asked is [starts_at, ends_at).

    `content_version` counts every change of what a decision would rest on; `footage_requests.decisions.content`
    makes its canonical text and hash. `deadline_at` is the legal deadline, counted by
    `footage_requests.casework.deadlines` from `arrived_at`.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        REGISTERED = "REGISTERED", _("Registered")
        IN_REVIEW = "IN_REVIEW", _("In review")
        INFO_MISSING = "INFO_MISSING", _("Information missing")
        OPINION = "OPINION", _("Waiting for an opinion")
        AWAITING_DECISION = "AWAITING_DECISION", _("Waiting for a decision")
        APPROVED = "APPROVED", _("Approved")
        REFUSED = "REFUSED", _("Refused")
        NO_RECORDING = "NO_RECORDING", _("No recording")
        CLOSED = "CLOSED", _("Closed")
        ARCHIVED = "ARCHIVED", _("Archived")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        MERGED = "MERGED", _("Merged")

    class Door(models.TextChoices):
        WEB = "WEB", _("entered by staff")
        PORTAL = "PORTAL", _("university portal")
        PETITION = "PETITION", _("scanned petition or letter")
        PHONE = "PHONE", _("phone call")

    class Wants(models.TextChoices):
        COPY = "COPY", _("copy")
        VIEWING = "VIEWING", _("viewing")
        INFORMATION = "INFORMATION", _("information")
        PRESERVATION = "PRESERVATION", _("preservation only")

    SEARCHED = (
        "number",
        "ebys_number",
        "reference_no",
        "requester_name",
        "organisation",
        "event",
        "place",
    )
    BEFORE_DECISION = (
        Status.REGISTERED,
        Status.IN_REVIEW,
        Status.INFO_MISSING,
        Status.OPINION,
        Status.AWAITING_DECISION,
    )
    OPEN = (Status.DRAFT, *BEFORE_DECISION, Status.APPROVED, Status.REFUSED, Status.NO_RECORDING)
    EDITABLE = (Status.DRAFT, *BEFORE_DECISION, Status.APPROVED)
    STEPS = {
        "register": Step({Status.DRAFT}, Status.REGISTERED),
        "review": Step({Status.REGISTERED}, Status.IN_REVIEW),
        "ask_missing": Step({Status.REGISTERED, Status.IN_REVIEW}, Status.INFO_MISSING),
        "complete": Step({Status.INFO_MISSING}, Status.IN_REVIEW),
        "ask_opinion": Step({Status.REGISTERED, Status.IN_REVIEW}, Status.OPINION),
        "give_opinion": Step({Status.OPINION}, Status.IN_REVIEW),
        "submit": Step({Status.IN_REVIEW}, Status.AWAITING_DECISION),
        "return": Step({Status.AWAITING_DECISION}, Status.IN_REVIEW),
        "approve": Step({Status.AWAITING_DECISION}, Status.APPROVED),
        "refuse": Step({Status.AWAITING_DECISION}, Status.REFUSED),
        "find_no_recording": Step({Status.AWAITING_DECISION}, Status.NO_RECORDING),
        "reopen": Step(
            {Status.APPROVED, Status.REFUSED, Status.NO_RECORDING, Status.AWAITING_DECISION},
            Status.IN_REVIEW,
        ),
        "close": Step({Status.APPROVED, Status.REFUSED, Status.NO_RECORDING}, Status.CLOSED),
        "archive": Step({Status.CLOSED, Status.WITHDRAWN, Status.MERGED}, Status.ARCHIVED),
        "withdraw": Step({Status.DRAFT, *BEFORE_DECISION, Status.APPROVED}, Status.WITHDRAWN),
        "reinstate": Step({Status.WITHDRAWN}, Status.IN_REVIEW),
        "merge": Step({Status.DRAFT, *BEFORE_DECISION}, Status.MERGED),
    }

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("request no."), max_length=20, unique=True, editable=False)
    status = models.CharField(
        _("state"), max_length=20, choices=Status, default=Status.DRAFT, editable=False
    )
    door = models.CharField(_("arrived by"), max_length=10, choices=Door, default=Door.WEB)
    kind = models.ForeignKey(
        RequesterKind,
        on_delete=models.PROTECT,
        related_name="requests",
        verbose_name=_("requester"),
    )
    basis = models.ForeignKey(
        LegalBasis,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("legal basis"),
    )
    reference_no = models.CharField(_("reference no."), max_length=80, blank=True)
    ebys_number = models.CharField(_("EBYS number"), max_length=80, blank=True)
    ebys_date = models.DateField(_("EBYS date"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived"), default=timezone.now)
    written_deadline = models.DateField(_("date set in the letter"), null=True, blank=True)
    deadline_at = models.DateTimeField(_("legal deadline"), null=True, blank=True, editable=False)

    requester_name = models.CharField(_("name of the requester"), max_length=150, blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    requester_title = models.CharField(_("title or staff number"), max_length=120, blank=True)
    address = models.CharField(_("postal address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    represented_by = models.CharField(_("represented by"), max_length=200, blank=True)
    identity_sealed = models.TextField(blank=True, editable=False)
    identity_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)

    wants = models.CharField(_("asks for"), max_length=12, choices=Wants, default=Wants.COPY)
    wants_audio = models.BooleanField(_("asks for sound"), default=False)
    purpose = models.CharField(_("purpose"), max_length=500, blank=True)
    event = models.CharField(_("what happened"), max_length=500, blank=True)
    described = models.CharField(_("described person or vehicle"), max_length=500, blank=True)
    building = models.ForeignKey(
        Building,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("building"),
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("from (true time)"))
    ends_at = models.DateTimeField(_("until (true time)"))

    filer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    on_behalf_of_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    missing_info = models.CharField(_("what is missing"), max_length=500, blank=True)
    missing_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    missing_until = models.DateField(_("to be completed by"), null=True, blank=True, editable=False)
    extended_until = models.DateField(_("extended until"), null=True, blank=True, editable=False)
    extended_because = models.CharField(
        _("why it was extended"), max_length=300, blank=True, editable=False
    )
    answers = models.JSONField(_("answers to the kind's questions"), default=dict, blank=True)
    stopped_until = models.DateField(
        _("clock stopped, fee to be paid by"), null=True, blank=True, editable=False
    )
    writing_came_on = models.DateField(
        _("the writing came on"), null=True, blank=True, editable=False
    )
    writing_lapsed_at = models.DateTimeField(
        _("no writing came in time"), null=True, blank=True, editable=False
    )
    search_text = models.TextField(blank=True, default="", editable=False)
    content_version = models.PositiveIntegerField(default=1, editable=False)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("footage request")
        verbose_name_plural = _("footage requests")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "deadline_at"], name="requests_open_by_deadline")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_window_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(status="MERGED", merged_into__isnull=False)
                | (~Q(status="MERGED") & Q(merged_into=None))
                | Q(status="ARCHIVED"),
                name="requests_merged_into_something",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = search_text(*(str(getattr(self, name)) for name in self.SEARCHED))
        super().save(*args, **kwargs)

    def take(self, step: str, *, by: Person | str, because: str = "", **changes: Any) -> Entry:
        """Takes a named step; the service modules of this app call it, views never do."""
        before = self.status
        with transaction.atomic():
            entry = self._take(step, by=by, because=because, **changes)
            step_taken.send(FootageRequest, request=self, step=step, before=before)
        return entry

    take.alters_data = True  # type: ignore[attr-defined]

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @cached_property
    def absorbed(self) -> tuple[FootageRequest, ...]:
        """The requests that were merged into it, at whatever remove; read once per instance."""
        found: list[FootageRequest] = []
        latest = [self]
        while latest:
            latest = list(FootageRequest.objects.filter(merged_into__in=latest))
            found += latest
        return tuple(found)

    @property
    def filers(self) -> frozenset[int]:
        """The keys of who entered it, and of who entered what was merged into it."""
        return frozenset(row.filer_id for row in (self, *self.absorbed))


class RequestItem(models.Model):
    """One camera position in a request: named, or proposed as a neighbour; included or not, and why.

    [starts_at, ends_at) is true time, at first the request's window. `is_included` None = not yet
    decided; a request is submitted only when none is left. `checked` is what the recorder last said
    (`footage_requests.holds.availability`): {"asked_at", "answer", "gaps": [[ms, ms], ...], "oldest_ms", ...}.
    """

    request = models.ForeignKey(FootageRequest, on_delete=models.CASCADE, related_name="items")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="request_items")
    starts_at = models.DateTimeField(_("from (true time)"))
    ends_at = models.DateTimeField(_("until (true time)"))
    is_included = models.BooleanField(_("included"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    is_proposed = models.BooleanField(_("proposed as a neighbour"), default=False, editable=False)
    proposed_because = models.CharField(max_length=200, blank=True, editable=False)
    checked = models.JSONField(default=dict, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    lost_at = models.DateTimeField(
        _("footage is overwritten at"), null=True, blank=True, editable=False, db_index=True
    )
    retention_at = models.DateTimeField(
        _("when that was measured"), null=True, blank=True, editable=False
    )

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("camera of a request")
        verbose_name_plural = _("cameras of requests")
        ordering = ["position__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "position", "starts_at"], name="requests_item_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_item_is_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.position_id}"


class RequestAttachment(models.Model):
    """A paper that came with a request: judged by its content, sealed, never opened inline."""

    class Kind(models.TextChoices):
        LETTER = "LETTER", _("letter or petition")
        IDENTITY = "IDENTITY", _("proof of identity")
        MANDATE = "MANDATE", _("power of attorney")
        ASSIGNMENT = "ASSIGNMENT", _("assignment or order")
        OPINION = "OPINION", _("opinion")
        SIGNED_PAPER = "SIGNED_PAPER", _("signed paper, scanned")
        OTHER = "OTHER", _("other")

    class Scan(models.TextChoices):
        WAITING = "WAITING", _("waiting for the scanner")
        CLEAN = "CLEAN", _("scanned, clean")
        INFECTED = "INFECTED", _("infected: locked")
        NO_SCANNER = "NO_SCANNER", _("no scanner is set up")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(
        FootageRequest, on_delete=models.CASCADE, related_name="attachments"
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, default=Kind.LETTER)
    title = models.CharField(_("title"), max_length=150)
    file_name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=60)
    file = models.OneToOneField(
        "footage_requests.EvidenceFile", on_delete=models.PROTECT, related_name="+"
    )
    scan = models.CharField(max_length=12, choices=Scan, default=Scan.WAITING)
    scanned_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment of a request")
        verbose_name_plural = _("attachments of requests")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title
