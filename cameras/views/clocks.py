"""What pages about one device show of its clock: the last measurement and the plot of a chosen time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cameras.drawing.offset_plot import offset_plot
from cameras.models import ClockMeasurement
from inventory.models import Device

RANGES = {"30": 30, "90": 90, "365": 365, "all": None}
RANGE_LABELS = {"30": _("30 days"), "90": _("90 days"), "365": _("1 year"), "all": _("All")}
USUAL_RANGE = "90"
MOST_READINGS = 2_000


def clock_facts(request: HttpRequest, device: Device) -> dict[str, Any]:
    """Last measurement, plot and readings of `?clock=30|90|365|all`, newest first."""
    key = request.GET.get("clock", "")
    key = key if key in RANGES else USUAL_RANGE
    now = timezone.now()
    rows = ClockMeasurement.objects.filter(device=device)
    days = RANGES[key]
    since = now - dt.timedelta(days=days) if days else None
    readings = list((rows.filter(measured_at__gte=since) if since else rows)[:MOST_READINGS])
    # A short history fills the drawing; a single reading still needs a time to stand in.
    first = readings[-1].measured_at if readings else now
    start = min(max(since or first, first), now - dt.timedelta(days=1))
    return {
        "clock": readings[0] if readings else rows.first(),
        "readings": readings,
        "plot": offset_plot(readings, start, now),
        "clock_ranges": [
            {"key": name, "label": label, "is_shown": name == key}
            for name, label in RANGE_LABELS.items()
        ],
    }
