"""Envanter fişi: everything the inventory knows about one device, with a QR label to stick on it."""

from __future__ import annotations

import io
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from cameras.models import DeviceCondition
from cameras.reports.reports import Value, text_of
from core import tsi
from core.papers import Paper, qr_svg
from inventory.attachments import path_of
from inventory.models import Attachment, Contract, Device, Disk, Installation

PHOTO_PIXELS = 900
Fact = tuple[str, Value]


def device_paper(device: Device, link: str) -> Paper:
    """The card of one device; `link` is its page, which the label's QR code opens."""
    groups = [
        (_("Device"), _device(device)),
        (_("Place and network"), _place(device)),
        (_("Purchase and warranty"), _purchase(device)),
        (_("What the device said itself"), _said(device)),
    ]
    printed = [
        {"title": title, "facts": [[label, text_of(value)] for label, value in facts]}
        for title, facts in groups
        if facts
    ]
    photo = _photo(device)
    return Paper(
        form="DEVICE_CARD",
        title=_("Inventory card"),
        template="papers/device_card.html",
        data={"form": "DEVICE_CARD", "device": device.pk, "groups": printed},
        about=tsi.today(),
        link=link,
        shown={
            "device": device,
            "label_qr": qr_svg(link),
            "label_place": _first_place(device),
            "has_photo": photo is not None,
        },
        pictures={"photo": photo} if photo else {},
    )


def _device(device: Device) -> list[Fact]:
    return [
        (_("Kind"), str(device.get_kind_display())),
        (_("Make"), device.maker),
        (_("Model"), device.model),
        (_("Serial number"), device.serial),
        (_("Asset register no."), device.asset_register_no),
        ("MAC", device.mac),
        (_("Firmware"), device.firmware),
        (_("State"), str(device.get_status_display())),
        (_("Purpose"), device.purpose),
        (_("Sound recording"), _("off") if device.audio_off else _("on")),
    ]


def _place(device: Device) -> list[Fact]:
    facts: list[Fact] = []
    fitted = Installation.objects.current().filter(device=device)
    for row in fitted.select_related("position__floor__building__site", "position__group"):
        position, floor = row.position, row.position.floor
        facts += [
            (_("Site and building"), f"{floor.building.site.name}, {floor.building.name}"),
            (_("Floor"), floor.name),
            (_("Position"), f"{position.name} ({position.code})"),
            (_("Retention goal, days"), position.group.retention_goal_days),
            (_("Recorded on"), _channels(position)),
        ]
    address = device.addresses.current().select_related("network").first()
    facts.append(("IP", f"{address.ip} ({address.network.name})" if address else None))
    if device.kind == Device.Kind.RECORDER:
        facts.append((_("Channels"), device.channels.count()))
        for disk in Disk.objects.filter(recorder=device, removed_on=None):
            size = f"{disk.capacity_gb} GB" if disk.capacity_gb else ""
            facts.append(
                (f"{_('Disk')} {disk.slot}", " · ".join(filter(None, [disk.serial, size])))
            )
    return facts


def _channels(position: Any) -> str:
    rows = position.channels_on(tsi.today())
    return ", ".join(f"{row.recorder} / {row.number}" for row in rows)


def _purchase(device: Device) -> list[Fact]:
    facts: list[Fact] = [
        (_("Purchased on"), device.purchased_on),
        (_("Warranty ends on"), device.warranty_ends_on),
    ]
    for row in Contract.objects.filter(devices=device).select_related("contractor"):
        days = f"{tsi.day_text(row.starts_on)} – {tsi.day_text(row.last_day)}"
        firm = row.contractor.name if row.contractor else ""
        facts.append(
            (str(row.get_kind_display()), " · ".join(filter(None, [row.name, firm, days])))
        )
    return facts


def _said(device: Device) -> list[Fact]:
    row = DeviceCondition.objects.filter(device=device).exclude(identity_at=None).first()
    if row is None:
        return []
    name = " ".join(filter(None, [row.maker, row.model]))
    return [
        (_("Make and model"), name),
        (_("Serial number"), row.serial),
        (_("Firmware"), row.firmware),
        (_("Read on"), row.identity_at),
    ]


def _first_place(device: Device) -> str:
    fitted = Installation.objects.current().filter(device=device).select_related("position").first()
    return f"{fitted.position.name} ({fitted.position.code})" if fitted else ""


def _photo(device: Device) -> tuple[str, bytes] | None:
    """The newest photo, redrawn small: what is printed is our own JPEG and never the uploaded bytes."""
    row = Attachment.objects.filter(
        device=device, kind=Attachment.Kind.PHOTO, removed_at=None
    ).first()
    if row is None:
        return None
    try:
        with Image.open(path_of(row), formats=["JPEG", "PNG"]) as picture:
            picture.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=85)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return "image/jpeg", out.getvalue()
