"""Who to call about a device, and how long its model is supported."""

from __future__ import annotations

from core.tsi import today

from .models import Contract, Device, ModelLife

# A maintenance contract is called first, then support, then the warranty's seller.
_FIRST = {"MAINTENANCE": 0, "SUPPORT": 1, "WARRANTY": 2, "OTHER": 3}


def callable_for(device: Device) -> list[Contract]:
    """Contracts that hold today and name somebody to call, the most useful first (INV-7)."""
    rows = device.contracts.active_on(today()).exclude(contractor=None)
    return sorted(
        rows.select_related("contractor"), key=lambda row: (_FIRST[row.kind], row.last_day)
    )


def life_of(device: Device) -> ModelLife | None:
    """The dates of the device's model."""
    return ModelLife.objects.filter(maker=device.maker, model=device.model).first()
