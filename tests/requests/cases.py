"""Requests for tests, with the fewest facts, filed through the same service as all others."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import apps
from django.utils import timezone

from accounts.models import Person
from footage_requests import rules
from footage_requests.casework import arriving, choosing
from footage_requests.models import FootageRequest, RequesterKind
from tests.inventory import rows

# Its check digits are right; it belongs to nobody.
NATIONAL_ID = "10000000146"


def kind(code: str = "PROSECUTOR") -> RequesterKind:
    """One of the first rules; a transactional test before may have emptied the tables."""
    if not RequesterKind.objects.filter(code="OTHER").exists():
        rules.install(apps)
    return RequesterKind.objects.get(code=code)


def window(hours_ago: float = 26, minutes: int = 20) -> dict[str, dt.datetime]:
    start = timezone.now().replace(microsecond=0) - dt.timedelta(hours=hours_ago)
    return {"starts_at": start, "ends_at": start + dt.timedelta(minutes=minutes)}


def facts(code: str = "PROSECUTOR", **more: Any) -> dict[str, Any]:
    """What a letter of that kind of requester tells."""
    told = {
        "kind": kind(code),
        "requester_name": "Ali Veli",
        "organisation": "Savcılık",
        "place": "Kütüphane girişi",
        "reference_no": "2026/123",
        **window(),
        **more,
    }
    if "basis" not in told and told["kind"].bases.count() > 1:
        told["basis"] = told["kind"].bases.first()
    return told


def filed(by: Person | None = None, code: str = "PROSECUTOR", **more: Any) -> FootageRequest:
    """A registered request."""
    options = {
        name: more.pop(name)
        for name in (
            "positions",
            "national_id",
            "as_draft",
            "accept_missing",
            "door",
            "on_behalf_of",
        )
        if name in more
    }
    options.setdefault("door", FootageRequest.Door.WEB)
    options.setdefault("national_id", NATIONAL_ID)
    return arriving.file_request(
        by=by or rows.person("REGISTRY_CLERK"), facts=facts(code, **more), **options
    )


def checked(row: FootageRequest, **said: Any) -> FootageRequest:
    """As if the recorders had been asked about every camera and had everything."""
    answer = {"answer": "YES", "gaps": [], "clock": "The clock was right.", "faults": [], **said}
    row.items.update(checked=answer, checked_at=timezone.now())
    row.refresh_from_db()
    return row


def submitted(
    *positions: Any, by: Person | None = None, code: str = "PROSECUTOR"
) -> FootageRequest:
    """A request that waits for its decision."""
    operator = by or rows.person("OPERATOR")
    row = checked(filed(code=code, positions=positions or [rows.position()]))
    choosing.submit(row, by=operator)
    row.refresh_from_db()
    return row
