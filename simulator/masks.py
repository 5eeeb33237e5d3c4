"""Privacy masks of a device as ISAPI and Dahua's CGI write them; `simulator.onvif_media` has Media2.

All three read `SimDevice.masks`, so that one change shows in every dialect. The switch `no_masks` takes
the calls away.
"""

from __future__ import annotations

from typing import Any

from simulator.isapi_xml import leaf
from simulator.world import SimDevice

REGIONS = 4
"""So many regions a device lists, drawn or not."""


def put_masks(device: SimDevice, areas: int, *, channel: int = 1, enabled: bool = True) -> None:
    """Give a channel so many masked areas instead of those that it has; not `enabled` = drawn, but off."""
    configuration = f"VSC_{channel}"
    kept = {
        token: mask
        for token, mask in device.masks.items()
        if mask["configuration"] != configuration
    }
    for number in range(1, areas + 1):
        left = number / (areas + 2)
        kept[f"Mask_{channel}_{number}"] = {
            "configuration": configuration,
            "points": [(left, 0.0), (left + 0.1, 0.0), (left + 0.1, 0.5), (left, 0.5)],
            "kind": "Color",
            "colour": "",
            "enabled": enabled,
        }
    device.masks = kept


def _of_channel(device: SimDevice, number: int) -> list[dict[str, Any]]:
    return [mask for mask in device.masks.values() if mask["configuration"] == f"VSC_{number}"]


def isapi_masks(device: SimDevice, number: int) -> str:
    """Return the inside of a PrivacyMask document; regions that were never drawn lie on one spot."""
    masks = _of_channel(device, number)
    is_on = any(mask["enabled"] for mask in masks)
    size = leaf("normalizedScreenWidth", "704") + leaf("normalizedScreenHeight", "576")
    regions = ""
    for place in range(max(REGIONS, len(masks))):
        points = masks[place]["points"] if place < len(masks) else [(-1.0, -1.0)] * 4
        corners = "".join(
            "<RegionCoordinates>"
            f"{leaf('positionX', str(round((x + 1) * 352)))}"
            f"{leaf('positionY', str(round((y + 1) * 288)))}</RegionCoordinates>"
            for x, y in points
        )
        regions += (
            f"<PrivacyMaskRegion>{leaf('id', str(place + 1))}{leaf('enabled', 'true')}"
            f"<RegionCoordinatesList>{corners}</RegionCoordinatesList></PrivacyMaskRegion>"
        )
    return (
        leaf("enabled", str(is_on).lower())
        + f"<normalizedScreenSize>{size}</normalizedScreenSize>"
        + f"<PrivacyMaskRegionList>{regions}</PrivacyMaskRegionList>"
    )


def dahua_covers(device: SimDevice) -> dict[str, Any]:
    """Return the VideoWidget table: the covers of each channel, and a title that is no cover."""
    values: dict[str, Any] = {}
    for channel in device.channels:
        start = f"table.VideoWidget[{channel.number - 1}]"
        values[f"{start}.ChannelTitle.EncodeBlend"] = "true"
        masks = _of_channel(device, channel.number)
        for place in range(max(REGIONS, len(masks))):
            mask = masks[place] if place < len(masks) else None
            cover = f"{start}.Covers[{place}]"
            values[f"{cover}.EncodeBlend"] = str(bool(mask and mask["enabled"])).lower()
            corners = [mask["points"][0], mask["points"][2]] if mask else [(-1.0, -1.0)] * 2
            places = [round((each + 1) * 4096) for corner in corners for each in corner]
            values |= {f"{cover}.Rect[{n}]": each for n, each in enumerate(places)}
    return values
