"""Who to call about a device, and how long its model is supported."""

from __future__ import annotations

from collections.abc import Iterable

from core.tsi import today

from .models import Contract, Device, ModelLife

# A maintenance contract is called first, then support, then the warranty's seller.
_FIRST = {"MAINTENANCE": 0, "SUPPORT": 1, "WARRANTY": 2, "OTHER": 3}


def callable_among(contracts: Iterable[Contract]) -> list[Contract]:
    """Those that hold today and name somebody to call, the most useful first (INV-7)."""
    day = today()
    return sorted(
        (row for row in contracts if row.contractor_id and row.starts_on <= day <= row.last_day),
        key=lambda row: (_FIRST[row.kind], row.last_day),
    )


def life_of(device: Device) -> ModelLife | None:
    """The dates of the device's model."""
    return ModelLife.objects.filter(maker=device.maker, model=device.model).first()
