"""Rows that hold for a time: half open spans, and overlaps refused by the database itself.

PostgreSQL refuses an overlap with EXCLUDE constraints (extension btree_gist), SQLite with triggers;
`Guard` writes both. A migration installs them. SQLite drops a table's triggers when a later migration
rebuilds the table: such a migration must call `install` again (a test finds the missing ones).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from zlib import crc32

from django.db import IntegrityError, connections, models, router, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.scoping import ScopedQuerySet

from .errors import Overlap

M = TypeVar("M", bound=models.Model)
_TURNS = 512


@dataclass(frozen=True)
class Guard:
    """Two rows of `table` that are equal in `columns` must not overlap in time.

    `label` names what would be double, for the person; `unless_blank` exempts rows without a value.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    label: Any
    starts: str = "starts_at"
    ends: str = "ends_at"
    unless_blank: str = ""

    def holds_for(self, row: models.Model) -> bool:
        """Whether a row has what this guards."""
        return not self.unless_blank or bool(getattr(row, self.unless_blank))

    def turn(self, row: models.Model) -> tuple[int, int]:
        """The advisory lock of what a row claims. Different things may share one: they wait in vain, nothing more.

        So few that a transaction which takes them all leaves the server's table of locks room.
        """
        claimed = repr([str(getattr(row, column)) for column in self.columns])
        return crc32(self.name.encode()) - 2**31, crc32(claimed.encode()) % _TURNS

    def postgresql(self) -> str:
        kind = "daterange" if self.starts == "valid_from" else "tstzrange"
        equal = ", ".join(f"{column} WITH =" for column in self.columns)
        where = f" WHERE ({self.unless_blank} <> '')" if self.unless_blank else ""
        return (
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} EXCLUDE USING gist "
            f"({equal}, {kind}({self.starts}, {self.ends}) WITH &&){where}"
        )

    def sqlite(self, event: str) -> str:
        equal = " AND ".join(f"other.{column} = NEW.{column}" for column in self.columns)
        filled = f"NEW.{self.unless_blank} <> '' AND " if self.unless_blank else ""
        # S608: every part is a name out of GUARDS, never input.
        return (
            f"CREATE TRIGGER {self.name}_{event.lower()} BEFORE {event} ON {self.table} "  # noqa: S608
            f"WHEN {filled}EXISTS (SELECT 1 FROM {self.table} other "
            f"WHERE other.id IS NOT NEW.id AND {equal} "
            f"AND (other.{self.ends} IS NULL OR other.{self.ends} > NEW.{self.starts}) "
            f"AND (NEW.{self.ends} IS NULL OR NEW.{self.ends} > other.{self.starts})) "
            f"BEGIN SELECT RAISE(ABORT, '{self.name}'); END"
        )


GUARDS = (
    Guard(
        "inventory_address_one_ip",
        "inventory_address",
        ("network_id", "ip"),
        gettext_lazy("address"),
    ),
    Guard(
        "inventory_address_one_mac",
        "inventory_address",
        ("network_id", "mac"),
        gettext_lazy("MAC"),
        unless_blank="mac",
    ),
    Guard(
        "inventory_installation_one_lens",
        "inventory_installation",
        ("device_id", "lens_no"),
        gettext_lazy("lens"),
    ),
    Guard(
        "inventory_installation_one_position",
        "inventory_installation",
        ("position_id",),
        gettext_lazy("position"),
    ),
    Guard(
        "inventory_assignment_one_channel",
        "inventory_channelassignment",
        ("channel_id",),
        gettext_lazy("channel"),
    ),
    Guard(
        "inventory_schedule_one_at_a_time",
        "inventory_recordingschedule",
        ("position_id",),
        gettext_lazy("schedule"),
        starts="valid_from",
        ends="valid_to",
    ),
)


def install(schema_editor: BaseDatabaseSchemaEditor, guards: Iterable[Guard] = GUARDS) -> None:
    """Creates the guards on the engine of that connection, replacing what stands under their names."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for guard in guards:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"ALTER TABLE {guard.table} DROP CONSTRAINT IF EXISTS {guard.name}"
            )
            schema_editor.execute(guard.postgresql())
            continue
        for event in ("INSERT", "UPDATE"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {guard.name}_{event.lower()}")
            schema_editor.execute(guard.sqlite(event))


def remove(schema_editor: BaseDatabaseSchemaEditor, guards: Iterable[Guard] = GUARDS) -> None:
    """Drops the guards."""
    for guard in guards:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"ALTER TABLE {guard.table} DROP CONSTRAINT IF EXISTS {guard.name}"
            )
            continue
        for event in ("INSERT", "UPDATE"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {guard.name}_{event.lower()}")


class DatedQuerySet(ScopedQuerySet[M]):
    """Rows that hold from `starts_at` (included) to `ends_at` (not included)."""

    def at(self, instant: dt.datetime) -> Self:
        """Rows that hold at that instant."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=instant), starts_at__lte=instant)

    def during(self, start: dt.datetime, end: dt.datetime) -> Self:
        """Rows that hold at some instant of [start, end)."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=start), starts_at__lt=end)

    def current(self) -> Self:
        """Rows that hold now."""
        return self.at(timezone.now())


class GuardedModel(models.Model):
    """A model whose table has guards; a refused overlap is raised as `Overlap` with the other row."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        try:
            # The savepoint keeps the caller's transaction usable, so that the other row can be read.
            with transaction.atomic(using=using):
                self._wait_for_turn(using)
                super().save(*args, **kwargs)
        except IntegrityError as error:
            guard = self._guard_of(str(error))
            if guard is None:
                raise
            raise self._overlap(guard) from error

    @property
    def _guards(self) -> list[Guard]:
        return [guard for guard in GUARDS if guard.table == self._meta.db_table]

    def _wait_for_turn(self, using: str) -> None:
        """Claims of the same thing come one after the other, until the end of each one's transaction.

        PostgreSQL lets both write and then wait for each other: it would end one as a deadlock, a second later,
        which tells nobody what is taken. SQLite has one writer at a time.
        """
        if connections[using].vendor != "postgresql":
            return
        turns = sorted(guard.turn(self) for guard in self._guards if guard.holds_for(self))
        if turns:
            with connections[using].cursor() as cursor:
                for turn in turns:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", turn)

    def _guard_of(self, message: str) -> Guard | None:
        return next((guard for guard in self._guards if guard.name in message), None)

    def _overlap(self, guard: Guard) -> Overlap:
        start, end = getattr(self, guard.starts), getattr(self, guard.ends)
        same = {column: getattr(self, column) for column in guard.columns}
        others = type(self)._base_manager.filter(**same).exclude(pk=self.pk)
        others = others.filter(Q(**{guard.ends: None}) | Q(**{f"{guard.ends}__gt": start}))
        if end is not None:
            others = others.filter(**{f"{guard.starts}__lt": end})
        other = others.order_by(guard.starts).first()
        return Overlap(
            _("This %(what)s is already taken in that time: %(row)s.")
            % {"what": guard.label, "row": other or _("another row")},
            other,
        )


class DatedModel(GuardedModel):
    """A row that holds in [starts_at, ends_at); without an end, until further notice."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ends_after_start",
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
            )
        ]

    def end(self, at: dt.datetime) -> None:
        """Closes the row: from `at` on it no longer holds."""
        self.ends_at = at
        self.save(update_fields=["ends_at"])

    @property
    def is_current(self) -> bool:
        now = timezone.now()
        return self.starts_at <= now and (self.ends_at is None or self.ends_at > now)
