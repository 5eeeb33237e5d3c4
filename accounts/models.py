"""People and the roles that they hold for a time.

Dates are calendar days of Türkiye time and half open: a grant holds on `starts_on` and no longer on
`ends_on`; without `ends_on` it holds until further notice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.scoping import Scope, ScopedQuerySet
from core.sorting import Turkish
from core.tsi import today

Place = tuple[str, int]  # ("site" | "building", id): accounts knows no inventory rows


class PersonQuerySet(ScopedQuerySet["Person"]):
    def visible_to(self, person: Person) -> Self:
        """Administrators, auditors and unit heads of the campus see everybody; others see themselves."""
        if not getattr(person, "is_active", False):
            return self.none()
        if person.has_role(Role.ADMIN, Role.AUDITOR, Role.UNIT_HEAD, scope=()):
            return self
        return self.filter(pk=person.pk)


class PersonManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    def create_person(
        self, staff_number: str, full_name: str, password: str | None = None, **fields: Any
    ) -> Person:
        """A new row. Doors call `accounts.people.create`, which also writes the audit entry."""
        person: Person = self.model(
            staff_number=staff_number.strip(), full_name=full_name.strip(), **fields
        )
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who signs in. Rights come from role grants only; nobody is above the rules."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    staff_number = models.CharField(
        _("staff number"), max_length=32, unique=True, validators=[UnicodeUsernameValidator()]
    )
    full_name = models.CharField(_("full name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("tr", _("Turkish")), ("en", _("English"))],
        default="tr",
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    is_active = models.BooleanField(_("may sign in"), default=True)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "staff_number"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = [Turkish("full_name"), "staff_number"]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Password and epoch together, so that a role change ends open sessions as well."""
        return salted_hmac(
            "accounts.Person.session",
            f"{self.password}|{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def grants_on(self, day: dt.date) -> list[RoleGrant]:
        """The grants that hold on that day; today's are read once per request."""
        if not self.is_active or self.pk is None:
            return []
        if day != today():
            return list(self.grants.on(day).order_by("pk"))
        cached: tuple[dt.date, list[RoleGrant]] | None = self.__dict__.get("_grants_today")
        if cached is None or cached[0] != day:
            cached = self.__dict__["_grants_today"] = (
                day,
                list(self.grants.on(day).order_by("pk")),
            )
        return cached[1]

    def forget_roles(self) -> None:
        """Makes this instance read its grants again."""
        self.__dict__.pop("_grants_today", None)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.forget_roles()

    def roles(self) -> frozenset[Role]:
        """Roles held today, whatever their scope."""
        return frozenset(Role(grant.role) for grant in self.grants_on(today()))

    def has_role(
        self, *roles: str, on: dt.date | None = None, scope: Iterable[Place] | None = None
    ) -> bool:
        """Does the person hold one of these roles on that day (default: today)?

        `scope` lists the places that contain the thing asked about, such as its building and its
        site: a grant counts when it is for everything or for one of them. None asks for no place.
        """
        places = None if scope is None else set(scope)
        return any(
            grant.role in roles and grant.covers(places) for grant in self.grants_on(on or today())
        )

    def scope(self, roles: Iterable[str], *, on: dt.date | None = None) -> Scope:
        """The places for which one of these roles is held on that day (default: today)."""
        wanted = set(roles)
        held = [grant for grant in self.grants_on(on or today()) if grant.role in wanted]
        kinds = RoleGrant.ScopeKind
        return Scope(
            everything=any(grant.scope_kind == kinds.ALL for grant in held),
            site_ids=_ids(held, kinds.SITE),
            building_ids=_ids(held, kinds.BUILDING),
        )

    @property
    def rights(self) -> str:
        """The grants held today in one line: what was made with other rights can be told by it."""
        held = self.grants_on(today())
        return " ".join(
            sorted({f"{row.role}:{row.scope_kind}:{row.scope_id or 0}" for row in held})
        )

    @property
    def audit_role(self) -> str:
        """The roles held now, as the audit log writes them beside the name."""
        return " ".join(sorted(self.roles()))


def _ids(grants: Iterable[RoleGrant], kind: str) -> frozenset[int]:
    return frozenset(
        grant.scope_id
        for grant in grants
        if grant.scope_kind == kind and grant.scope_id is not None
    )


class Role(models.TextChoices):
    REGISTRY_CLERK = "REGISTRY_CLERK", _("Registry clerk")
    OPERATOR = "OPERATOR", _("CCTV operator")
    UNIT_HEAD = "UNIT_HEAD", _("Unit head")
    SUPERIOR = "SUPERIOR", _("Authorised superior")
    LEGAL = "LEGAL", _("Legal office")
    PRIVACY = "PRIVACY", _("Data protection contact")
    HANDOVER = "HANDOVER", _("Hand-over officer")
    ASSET_CLERK = "ASSET_CLERK", _("Asset clerk")
    WEB_EDITOR = "WEB_EDITOR", _("Web editor")
    AUDITOR = "AUDITOR", _("Auditor")
    ADMIN = "ADMIN", _("System administrator")
    SECURITY_CHIEF = "SECURITY_CHIEF", _("Security chief")


class RoleGrantQuerySet(ScopedQuerySet["RoleGrant"]):
    def on(self, day: dt.date) -> Self:
        """Grants that hold on that day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def visible_to(self, person: Person) -> Self:
        """The grants of the people whom that person may see."""
        return self.filter(person__in=Person.objects.visible_to(person))


class RoleGrant(models.Model):
    """One role of one person, in one scope, for a time, because of a document."""

    class ScopeKind(models.TextChoices):
        ALL = "all", _("Everything")
        SITE = "site", _("One site")
        BUILDING = "building", _("One building")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    scope_kind = models.CharField(
        _("scope"), max_length=10, choices=ScopeKind.choices, default=ScopeKind.ALL
    )
    scope_id = models.BigIntegerField(_("site or building"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (not included)"), null=True, blank=True)
    document = models.CharField(_("document"), max_length=200)
    acting_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deputies",
        verbose_name=_("deputy of"),
        help_text=_("Whose office this person holds meanwhile (vekâlet); needs an end."),
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="grants_given",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[RoleGrant]] = models.Manager.from_queryset(RoleGrantQuerySet)()

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        ordering = ["person", "role", "starts_on"]
        indexes = [models.Index(fields=["person", "starts_on"], name="accounts_grant_person")]
        constraints = [
            models.CheckConstraint(
                name="accounts_grant_ends_after_start",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="accounts_grant_scope_has_id",
                condition=Q(scope_kind="all", scope_id=None)
                | (~Q(scope_kind="all") & Q(scope_id__isnull=False)),
            ),
            models.CheckConstraint(
                name="accounts_deputy_of_another_for_a_time",
                condition=Q(acting_for=None)
                | (~Q(acting_for=F("person")) & Q(ends_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="accounts_nobody_grants_himself",
                condition=Q(granted_by=None) | ~Q(granted_by=F("person")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.person}"

    @property
    def place(self) -> Place | None:
        """The one site or building; None means everywhere."""
        return None if self.scope_id is None else (self.scope_kind, self.scope_id)

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on <= today()

    @property
    def holds_today(self) -> bool:
        return self.starts_on <= today() and not self.has_ended

    def covers(self, places: set[Place] | None) -> bool:
        """Is the grant for everything, or for one of these places? None asks for no place."""
        if places is None or self.scope_kind == self.ScopeKind.ALL:
            return True
        return (self.scope_kind, self.scope_id) in places


class ApiTokenQuerySet(ScopedQuerySet["ApiToken"]):
    def visible_to(self, person: Person) -> Self:
        """Administrators and auditors see every token; others see those that act for them."""
        if not getattr(person, "is_active", False):
            return self.none()
        if person.has_role(Role.ADMIN, Role.AUDITOR, scope=()):
            return self
        return self.filter(person=person)


class ApiToken(models.Model):
    """The key of a program that acts for a person: at most with that person's rights, and its scopes.

    Only the hash of the secret is stored. `prefix` is the part that people and the log may see.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    networks = models.JSONField(_("allowed addresses"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="api_tokens_made",
    )
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[ApiToken]] = models.Manager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="accounts_token_expires_after_creation",
                condition=Q(expires_at__gt=F("created_at")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor expired, and its person may sign in."""
        return (
            self.revoked_at is None and self.expires_at > timezone.now() and self.person.is_active
        )


class ApiAnswer(models.Model):
    """The answer to a write of a program, under the key that the program gave it.

    Made and filled in the transaction of the write (`accounts.idempotency`), so no other transaction ever
    sees one without its answer. `body` is JSON as it was sent.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key_sha256 = models.CharField(max_length=64)
    call_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "key_sha256"], name="accounts_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.key_sha256[:8]}"
