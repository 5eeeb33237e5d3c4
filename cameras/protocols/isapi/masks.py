"""Privacy masks as ISAPI tells them: `System/Video/inputs/channels/N/privacyMask` and its list of regions.

Read only. One switch stands over all regions, and each region has its own.
"""

from __future__ import annotations

from lxml import etree

from cameras.protocols.base import BadAnswer
from cameras.protocols.xml import as_bool, descendants, find, local_name, text

_FEWEST_CORNERS = 3


def read_masks(root: etree._Element) -> int | None:
    """How many areas are covered; None where the masks are on and their regions are listed apart."""
    if local_name(root).lower() != "privacymask":
        raise BadAnswer("not a PrivacyMask document")
    is_on = as_bool(text(root, "enabled"))
    if is_on is None:
        raise BadAnswer("the document does not say whether the masks are on")
    if not is_on:
        return 0
    if find(root, "PrivacyMaskRegionList") is None:
        return None
    return count_regions(root)


def count_regions(root: etree._Element) -> int:
    """The regions of a PrivacyMaskRegionList that cover something."""
    return sum(_covers(region) for region in descendants(root, "PrivacyMaskRegion"))


def _covers(region: etree._Element) -> bool:
    if as_bool(text(region, "enabled")) is False:
        return False
    corners = [
        (text(corner, "positionX"), text(corner, "positionY"))
        for corner in descendants(region, "RegionCoordinates")
    ]
    # Firmwares list every region that could be drawn, with all corners on one spot until it is.
    return not corners or len(set(corners)) >= _FEWEST_CORNERS
