"""A campus with people of every role and one case, by rows; steps are taken through the services."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from accounts.models import Person, Role
from core.tsi import to_ms
from footage_requests.decisions import content, deciding
from footage_requests.footage import store
from footage_requests.models import (
    Decision,
    Exhibit,
    FootageRequest,
    LegalBasis,
    Package,
    RefusalCode,
    RequesterKind,
    RequestItem,
)
from inventory import moves
from inventory.models import Channel, Device, Position
from tests.inventory import rows

NUMBER = count(1)
LONG_AGO = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
EVENT = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)


class Campus:
    """One building, one recorder, cameras as asked for, and five people with one role each."""

    def __init__(self) -> None:
        self.building = rows.building()
        self.recorder: Device = rows.device("RECORDER", model="NVR-16")
        self.clerk = rows.person(Role.REGISTRY_CLERK)
        self.operator = rows.person(Role.OPERATOR)
        self.second_operator = rows.person(Role.OPERATOR)
        self.head = rows.person(Role.UNIT_HEAD)
        self.superior = rows.person(Role.SUPERIOR)
        self.deliverer = rows.person(Role.HANDOVER)

    def camera(self) -> Position:
        position = rows.position(self.building)
        number = next(NUMBER)
        moves.install(rows.device(), position, LONG_AGO, "test", document="test")
        channel = Channel.objects.create(recorder=self.recorder, number=number)
        moves.assign_channel(channel, position, LONG_AGO, "test")
        return position

    def kind(self, code: str = "", **fields: Any) -> RequesterKind:
        row, _made = RequesterKind.objects.get_or_create(
            code=code or f"K{next(NUMBER)}",
            defaults={"name_tr": "Savcılık", "name_en": "Prosecutor", **fields},
        )
        return row

    def basis(self) -> LegalBasis:
        row, _made = LegalBasis.objects.get_or_create(
            code="CMK161T", defaults={"name_tr": "CMK 161", "name_en": "CMK 161"}
        )
        return row

    def code(self, code: str = "T04") -> RefusalCode:
        row, _made = RefusalCode.objects.get_or_create(
            code=code,
            defaults={"name_tr": "Belirsiz", "name_en": "Unclear", "letter_text": "Belirsizdir."},
        )
        return row

    def request(
        self, *positions: Position, filer: Person | None = None, **fields: Any
    ) -> FootageRequest:
        """A registered request of thirty minutes with the positions named, included and checked."""
        fields.setdefault("kind", self.kind())
        fields.setdefault("basis", self.basis())
        starts_at = fields.setdefault("starts_at", EVENT)
        fields.setdefault("ends_at", starts_at + dt.timedelta(minutes=30))
        request = FootageRequest.objects.create(
            number=f"T-2026-{next(NUMBER):05}",
            status=FootageRequest.Status.REGISTERED,
            filer=filer or self.clerk,
            building=self.building,
            requester_name="Ayşe Işık",
            organisation="Cumhuriyet Başsavcılığı",
            reference_no="2026/123",
            **fields,
        )
        for position in positions:
            self.item(request, position)
        return request

    def item(
        self,
        request: FootageRequest,
        position: Position,
        *,
        answer: str = "YES",
        gaps: list[list[int]] | None = None,
        included: bool | None = True,
    ) -> RequestItem:
        return RequestItem.objects.create(
            request=request,
            position=position,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            is_included=included,
            reason="" if included else "sees another door",
            checked={"answer": answer, "gaps": gaps or [], "oldest_ms": to_ms(LONG_AGO)},
            checked_at=EVENT,
        )

    def submitted(self, *positions: Position, **fields: Any) -> FootageRequest:
        """A request that waits for its decision."""
        request = self.request(*(positions or (self.camera(),)), **fields)
        request.take("review", by=self.operator)
        request.take("submit", by=self.operator)
        return request

    def choice(self, request: FootageRequest, kind: str = "COPY", **fields: Any) -> deciding.Choice:
        if kind != "COPY":
            fields.setdefault("reason", "because the letter asks for it")
        fields.setdefault("seen_sha256", content.sha256_of(request))
        return deciding.Choice(kind=kind, **fields)

    def decide(
        self,
        request: FootageRequest,
        kind: str = "COPY",
        *,
        by: Person | None = None,
        **fields: Any,
    ) -> Decision:
        return deciding.decide(
            request, self.choice(request, kind, **fields), by=by or self.superior
        )


def package_of(campus: Campus, decision: Decision, **fields: Any) -> Package:
    """A package in the making; the people are those of the campus."""
    return Package.objects.create(
        number=f"REL-2026-{next(NUMBER):05}",
        request=decision.request,
        decision=decision,
        filer=decision.request.filer,
        approver=decision.decided_by,
        exporter=campus.operator,
        **fields,
    )


def exhibit_of(package: Package, data: bytes, *, seconds: int = 4, **facts: Any) -> Exhibit:
    """An original of the decision's first line, with these bytes and pictures for so many seconds."""
    line = package.decision.lines.select_related("item__position")[0]
    channel = line.item.position.channels_on(line.starts_at.date())[0]
    start = to_ms(line.starts_at)
    with store.StoreWriter("video/mp4") as writer:
        writer.write(data)
        file = writer.save()
    number = package.exhibits.count() + 1
    return Exhibit.objects.create(
        package=package,
        line=line,
        channel=channel,
        ident=f"E{number}",
        kind=Exhibit.Kind.ORIGINAL,
        file_name=f"E{number}.mp4",
        file=file,
        facts={
            "asked": [start, to_ms(line.ends_at)],
            "delivered": [start, start + seconds * 1000],
            "gaps": [],
            "clock": {"offset_ms": 433_000, "uncertainty_ms": 600},
            **facts,
        },
    )
