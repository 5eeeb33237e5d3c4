"""What tests/test_access.py stands on: every address of the resolver, one row of each model, everybody who may ask."""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

from django.conf import settings
from django.db import models, transaction
from django.template import Origin
from django.template.loaders.base import Loader
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

import audit
from accounts.middleware import LAST_ACTIVITY
from accounts.models import ApiToken, Person, Role, RoleGrant
from audit.models import Entry
from cameras import models as cameras
from control_room import models as control_room
from core import tsi
from core.models import Job
from footage_requests import models as footage
from footage_requests.release.record_content import content_of
from footage_requests.secrecy import undertakings
from inventory import models as inventory
from inventory import moves
from tests.inventory import rows

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
YESTERDAY = tsi.today() - dt.timedelta(days=1)

ANONYMOUS, NOBODY, ELSEWHERE = "anonymous", "no role", "another building"
# Reads the whole campus, and has every other role for another building only.
READS_HERE = "auditor with another building"
EVERYBODY = [ANONYMOUS, NOBODY, *Role.values, ELSEWHERE, READS_HERE]

# Which model stands behind the number in an address: by the word before it.
MODELS: dict[str, type[models.Model]] = {
    "people": Person,
    "grants": RoleGrant,
    "tokens": ApiToken,
    "audit": Entry,
    "cameras": inventory.Position,
    "recorders": inventory.Device,
    "checks": cameras.Run,
    "runs": cameras.Run,
    "coverage": cameras.CoverageDay,
    "position-days": cameras.PositionDay,
    "clock-measurements": cameras.ClockMeasurement,
    "findings": cameras.Finding,
    "daily-sheets": cameras.DailySheet,
    "files": inventory.Attachment,
    "plans": inventory.FloorPlan,
    "floor-plans": inventory.FloorPlan,
    "plan-places": inventory.PlanPlace,
    "imports": inventory.UploadedSheet,
    "add": inventory.Survey,
    "papers": Job,
    "models": inventory.ModelLife,
    "groups": inventory.PositionGroup,
    "schedules": inventory.RecordingSchedule,
    "counts": inventory.StockCount,
    "lines": inventory.CountLine,
    "channel-assignments": inventory.ChannelAssignment,
    "sites": inventory.Site,
    "buildings": inventory.Building,
    "floors": inventory.Floor,
    "positions": inventory.Position,
    "devices": inventory.Device,
    "channels": inventory.Channel,
    "disks": inventory.Disk,
    "networks": inventory.Network,
    "contractors": inventory.Contractor,
    "contracts": inventory.Contract,
    "notes": control_room.ShiftNote,
    "shift-notes": control_room.ShiftNote,
    "installations": inventory.Installation,
    "requests": footage.FootageRequest,
    "attachments": footage.RequestAttachment,
    "items": footage.RequestItem,
    "views": footage.SavedFilter,
    "webhooks": footage.WebhookEndpoint,
    "messages": footage.WebhookDelivery,
    "holds": footage.Hold,
    "hold-weeks": footage.HoldWeek,
    "packages": footage.Package,
    "masks": footage.FixedMask,
    "exhibits": footage.Exhibit,
    "copies": footage.RecipientCopy,
    "links": footage.DownloadLink,
    "records": footage.HandOverRecord,
    "destructions": footage.Destruction,
    "package-checks": footage.PackageCheck,
    "interests": footage.InterestDeclaration,
    "undertakings": footage.Undertaking,
    "sworn": Person,
    "<slug:rules>": footage.RequesterKind,
}


# A variable part of a route: "<int:pk>" or "(?P<pk>...)".
PLACE = re.compile(r"<(?:\w+:)(?P<part>\w+)>|\(\?P<(?P<named>\w+)>")
ROW_NUMBERS = ("pk", "entry_id", "line_pk", "device_pk", "item_pk")
WORDS = {
    "number": "T-2026-00001",
    "kind": "hold",
    "step": "verify",
    "token": "of-no-link",
    "rules": "kinds",
    "table": "devices",
    "text": YESTERDAY.isoformat(),
}


def addresses() -> dict[str, str]:
    """Every address that the system answers, by name, with its route."""
    return dict(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, before: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield ":".join([*names, pattern.name or route]), route
        else:
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from _walk(pattern, route, inner)


class NothingToRead(Loader):
    """Every template is empty: who gets in is decided before a page is made, and thousands are asked for."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        return ""


EMPTY_PAGES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": ["tests.access.NothingToRead"]},
    }
]


class World:
    """One row of each model, all in one building, and people who may and may not see them."""

    def __init__(self) -> None:
        self._made: dict[type[models.Model], models.Model] = {}
        self._cookies: dict[str, str] = {}
        self.building = rows.building()
        self.position = rows.position(self.building)
        self.device = rows.device("RECORDER")
        channel = rows.channel(self.device)
        start = timezone.now() - dt.timedelta(days=5)
        installed = moves.install(rows.device(), self.position, start, "test")
        assigned = moves.assign_channel(channel, self.position, start, "test")
        for row in (self.building, self.building.site, self.position, self.device, channel):
            self._made[type(row)] = row
        self._made |= {type(installed): installed, type(assigned): assigned}
        with transaction.atomic():
            self._made[Entry] = audit.record("test.try", actor="test")
        self.people = {name: self._person(name) for name in EVERYBODY if name != ANONYMOUS}
        self._made[Person] = rows.person("OPERATOR")

    @staticmethod
    def _person(name: str) -> Person:
        if name == NOBODY:
            return rows.person()
        if name in {ELSEWHERE, READS_HERE}:
            other = rows.building()
            kind = RoleGrant.ScopeKind.BUILDING
            person = rows.person(*Role.values, scope_kind=kind, scope_id=other.pk)
            if name == READS_HERE:
                grant = {"starts_on": YESTERDAY, "document": "order"}
                RoleGrant.objects.create(person=person, role=Role.AUDITOR, **grant)
            return person
        return rows.person(name)

    def client(self, name: str) -> Client:
        """A browser in which that person is signed in."""
        client = Client(raise_request_exception=False)
        if name != ANONYMOUS:
            if name not in self._cookies:
                first = Client()
                first.force_login(
                    self.people[name], backend="django.contrib.auth.backends.ModelBackend"
                )
                session = first.session
                # As after a page that was opened: else each call would have to note it anew.
                session[LAST_ACTIVITY] = int(time.time())
                session.save()
                self._cookies[name] = first.cookies[settings.SESSION_COOKIE_NAME].value
            client.cookies[settings.SESSION_COOKIE_NAME] = self._cookies[name]
        return client

    def address(self, name: str, route: str) -> str:
        """The address with the rows of this world in it."""
        words = [word for word in route.replace("^", "").replace("$", "").split("/") if word]
        values: dict[str, Any] = {}
        for before, word in zip(["", *words], words, strict=False):
            match = PLACE.match(word)
            if match is None:
                continue
            part = match["part"] or match["named"]
            if part in ROW_NUMBERS:
                values[part] = self.row(MODELS[before]).pk
            elif word == "<uuid:token>":
                row = self.row(MODELS[before])
                values[part] = getattr(row, "uuid", None) or getattr(row, "token", uuid.uuid4())
            elif part == "uid":
                # Looking at footage is one person's own: nobody else's viewing is there for him.
                is_own = before == "viewings"
                values[part] = uuid.uuid4() if is_own else vars(self.row(MODELS[before]))["uuid"]
            elif part == "verb":
                values[part] = "close" if "positions" in words else "report_fault"
            else:
                values[part] = WORDS[part]
        return reverse(name, kwargs=values)

    def row(self, model: type[models.Model]) -> models.Model:
        """The row of that model; made with the fewest fields at the first call."""
        if model not in self._made:
            facts = {
                field.name: self._value(field)
                for field in model._meta.concrete_fields
                if self._is_needed(field)
            }
            facts |= SPECIAL.get(model, lambda world: {})(self)
            row = model(**facts)
            row.save()
            self._made[model] = row
        return self._made[model]

    @staticmethod
    def _is_needed(field: models.Field[Any, Any]) -> bool:
        return not (field.primary_key or field.null or field.has_default())

    def _value(self, field: models.Field[Any, Any]) -> Any:
        if isinstance(field, models.ForeignKey):
            return self.row(field.related_model)
        if field.choices:
            return next(iter(dict(field.flatchoices)))
        values: list[tuple[type[models.Field[Any, Any]], Any]] = [
            (models.DateTimeField, timezone.now()),
            (models.DateField, YESTERDAY),
            (models.IntegerField, 1),
            (models.BinaryField, b"x"),
            (models.TextField, ""),
            (models.CharField, "x" if not field.blank else ""),
        ]
        return next((value for kind, value in values if isinstance(field, kind)), None)


WINDOW = {
    "starts_at": timezone.now() - dt.timedelta(hours=3),
    "ends_at": timezone.now() - dt.timedelta(hours=2),
}
SPECIAL: dict[type[models.Model], Callable[[World], dict[str, Any]]] = {
    footage.FootageRequest: lambda world: {"building": world.building, "number": "T-1", **WINDOW},
    footage.RequestItem: lambda world: {"position": world.position, **WINDOW},
    footage.Decision: lambda world: {
        "kind": "COPY",
        "decided_by": rows.person(),
        "expires_at": timezone.now() + dt.timedelta(days=9),
    },
    footage.DecisionLine: lambda world: WINDOW,
    footage.FixedMask: lambda world: {"points": [[0, 0], [9, 0], [9, 9]]},
    footage.Package: lambda world: {
        "number": "REL-1",
        "status": "VERIFYING",
        **{part: rows.person() for part in ("filer", "approver", "exporter")},
    },
    footage.Exhibit: lambda world: {
        "facts": {"delivered": [0, 1000]},
        "kind": "ORIGINAL",
    },
    footage.Hold: lambda world: {"reason": "test", **WINDOW},
    footage.HandOverRecord: lambda world: {
        "number": "TT-1",
        "kind": "HOLD",
        "content": content_of(
            footage.HandOverRecord(
                kind="HOLD",
                request=cast(footage.FootageRequest, world.row(footage.FootageRequest)),
                deliverer=rows.person(),
                happened_at=timezone.now(),
            )
        ),
    },
    footage.Destruction: lambda world: {"number": "IM-1", "package": world.row(footage.Package)},
    footage.PackageCheck: lambda world: {
        "source": "UPLOAD",
        "package": world.row(footage.Package),
    },
    footage.InterestDeclaration: lambda world: {
        "person": rows.person(),
        "is_out": True,
        "why": "OTHER",
    },
    # Another version with the same words: whoever signed the first has signed this one.
    footage.UndertakingText: lambda world: {
        "version": 2,
        "text_tr": undertakings.current_text().text_tr,
        "text_en": "x",
    },
    footage.Undertaking: lambda world: dict.fromkeys(
        ("person", "entered_by"), world.people[Role.OPERATOR]
    ),
    footage.DownloadLink: lambda world: {"expires_at": timezone.now() + dt.timedelta(days=9)},
    footage.EvidenceFile: lambda world: {"sha256": "0" * 64},
    footage.WebhookEndpoint: lambda world: {"secret_sealed": "v1:x"},
    footage.WebhookDelivery: lambda world: {"payload": {}},
    RoleGrant: lambda world: {"person": rows.person(), "starts_on": YESTERDAY},
    ApiToken: lambda world: {"expires_at": timezone.now() + dt.timedelta(days=9)},
    inventory.Network: lambda world: {"cidr": "10.77.0.0/24"},
    inventory.CountLine: lambda world: {"device": world.device},
    inventory.Attachment: lambda world: {"device": world.device},
    inventory.FloorPlan: lambda world: {"floor": world.position.floor},
    control_room.ShiftNote: lambda world: {"building": world.building, "left_by": rows.person()},
    cameras.Finding: lambda world: {
        "kind": cameras.Finding.Kind.SERIAL_CHANGED,
        "subject_kind": cameras.Finding.Subject.DEVICE,
        "subject_id": world.device.pk,
    },
    cameras.PositionDay: lambda world: {"result": "UNKNOWN", "reason": "NOT_ASKED"},
    cameras.CoverageDay: lambda world: {"result": "UNKNOWN", "reason": "NOT_ASKED"},
    cameras.ClockMeasurement: lambda world: {"offset_ms": 5},
    cameras.Run: lambda world: {"slot": "night:x", "status": cameras.Run.Status.RUNNING},
}
