"""Hundreds of open requests for the campus of `year`, in every state, with cameras, holds, decisions and exports."""

from __future__ import annotations

import datetime as dt
from typing import Any

REQUESTS = 500
CAMERAS_EACH = 3
_STATES = (
    *("REGISTERED", "IN_REVIEW", "IN_REVIEW", "INFO_MISSING", "OPINION"),
    *("AWAITING_DECISION", "AWAITING_DECISION", "APPROVED", "REFUSED", "DRAFT"),
)


def write(count: int = REQUESTS) -> None:
    """Rows as the services would have left them, in an inventory that stands already."""
    from django.utils import timezone

    from accounts.models import Person
    from footage_requests.models import FootageRequest, RequesterKind
    from inventory.models import Building

    now = timezone.now()
    filer = Person.objects.create_person("bench-filer", "Mehmet Işık")
    superior = Person.objects.create_person("bench-superior", "Zeynep Çağlar")
    kinds = list(RequesterKind.objects.order_by("order"))
    buildings = list(Building.objects.order_by("pk"))
    rows = FootageRequest.objects.bulk_create(
        _request(number, now, filer, kinds[number % len(kinds)], buildings[number % len(buildings)])
        for number in range(count)
    )
    _cameras(rows, now)
    _holds(rows, now)
    exporter = Person.objects.create_person("bench-exporter", "Ali Öztürk")
    _packages(rows, superior, exporter)


def _request(number: int, now: dt.datetime, filer: Any, kind: Any, building: Any) -> Any:
    """One in ten of each state; a deadline may be gone, near, or far."""
    from footage_requests.models import FootageRequest
    from inventory.text import search_text

    start = now - dt.timedelta(hours=20 + number)
    arrived = now - dt.timedelta(days=number % 25)
    status = _STATES[number % len(_STATES)]
    return FootageRequest(
        number=f"T-{now.year}-{number + 1:05}",
        status=status,
        kind=kind,
        arrived_at=arrived,
        deadline_at=arrived + dt.timedelta(days=5 + number % 30),
        missing_until=(now + dt.timedelta(days=number % 9 - 4)).date()
        if status == "INFO_MISSING"
        else None,
        requester_name=f"Başvuran {number}",
        organisation="Cumhuriyet Başsavcılığı",
        event="Otopark çarpması",
        building=building,
        starts_at=start,
        ends_at=start + dt.timedelta(minutes=40),
        filer=filer,
        search_text=search_text(f"Başvuran {number}", "Otopark çarpması"),
    )


def _cameras(rows: list[Any], now: dt.datetime) -> None:
    """Three cameras a request; of one in ten nobody knows how long the footage lasts."""
    from footage_requests.models import RequestItem
    from inventory.models import Position

    places = list(Position.objects.order_by("pk").values_list("pk", flat=True)[: 4 * len(rows)])
    RequestItem.objects.bulk_create(
        (
            RequestItem(
                request=row,
                position_id=places[(number * CAMERAS_EACH + lens) % len(places)],
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                is_included=None if row.status == "REGISTERED" else True,
                lost_at=None if number % 10 == 9 else now + dt.timedelta(hours=number % 300 - 5),
                retention_at=now - dt.timedelta(hours=3),
            )
            for number, row in enumerate(rows)
            for lens in range(CAMERAS_EACH)
        ),
        batch_size=1000,
    )


def _holds(rows: list[Any], now: dt.datetime) -> None:
    """Two requests in three have holds: most are held, some wait for a person, some are in trouble."""
    from footage_requests.models import EvidenceFile, Hold, HoldPart, RequestItem
    from inventory.models import ChannelAssignment

    channels = dict(ChannelAssignment.objects.values_list("position", "channel"))
    items = RequestItem.objects.filter(request__in=rows).exclude(request__status="DRAFT")
    holds = []
    for number, item in enumerate(items.order_by("pk")):
        if number % 3 == 0:
            continue
        waits = number % 20 == 1
        holds.append(
            Hold(
                request_id=item.request_id,
                item=item,
                channel_id=channels[item.position_id],
                starts_at=item.starts_at,
                ends_at=item.ends_at,
                status="REQUESTED" if waits or number % 11 == 0 else "HELD",
                confirmation="WAITING" if waits else "NOT_NEEDED",
                failure="TOO_SLOW" if number % 50 == 2 else "",
                reason="bench",
                held_at=now,
            )
        )
    made = [row for row in Hold.objects.bulk_create(holds) if row.status == "HELD"]
    files = EvidenceFile.objects.bulk_create(
        EvidenceFile(wrapped_key="bench", bytes=40_000_000, sha256="0" * 64, checked_at=now)
        for _hold in made
    )
    HoldPart.objects.bulk_create(
        HoldPart(hold=hold, starts_at=hold.starts_at, ends_at=hold.ends_at, state="DONE", file=file)
        for hold, file in zip(made, files, strict=True)
    )


def _packages(rows: list[Any], superior: Any, exporter: Any) -> None:
    """What was approved is being exported, or waits for its verification; one export stands still."""
    from django.utils import timezone

    from footage_requests.models import Decision, Package

    decisions = Decision.objects.bulk_create(
        Decision(
            request=row,
            kind="COPY",
            filer_id=row.filer_id,
            decided_by=superior,
            content_version=1,
            content_sha256="0" * 64,
            expires_at=timezone.now() + dt.timedelta(days=20),
        )
        for row in rows
        if row.status == "APPROVED"
    )
    Package.objects.bulk_create(
        Package(
            request_id=decision.request_id,
            decision=decision,
            number=f"B-{timezone.now().year}-{number + 1:05}",
            status=("EXPORTING", "VERIFYING")[number % 2],
            failure="NO_SPACE" if number == 0 else "",
            filer_id=decision.filer_id,
            approver=superior,
            exporter=exporter,
        )
        for number, decision in enumerate(decisions)
    )
