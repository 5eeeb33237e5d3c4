"""How many areas of its picture a device covers itself: on, off, or not to be told."""

from __future__ import annotations

import pytest

from cameras.protocols.base import BadAnswer, Channel, Manner, NotSupported, TellsMasks
from cameras.protocols.dahua import DahuaClient
from cameras.protocols.http import Transport
from cameras.protocols.isapi import IsapiClient
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.isapi_recorder import NS, Recorder
from tests.protocols.onvif_device import OnvifDevice
from tests.protocols.vendor_device import Answer, Asked, Handler, serving, talking

PAGE = "/ISAPI/System/Video/inputs/channels/1/privacyMask"
DRAWN = ((0, 0), (90, 0), (90, 90), (0, 90))
UNDRAWN = ((0, 0),) * 4


def mask(configuration: str, enabled: str) -> str:
    return (
        f'<x:Masks token="m"><x:ConfigurationToken>{configuration}</x:ConfigurationToken>'
        f"<x:Type>Color</x:Type><x:Enabled>{enabled}</x:Enabled></x:Masks>"
    )


def profile(token: str, source: str) -> str:
    return (
        f'<x:Profiles token="{token}"><x:VideoSourceConfiguration token="VSC_{source}">'
        f"<tt:SourceToken>{source}</tt:SourceToken></x:VideoSourceConfiguration></x:Profiles>"
    )


async def onvif(channel: int = 1, **operations: str) -> int:
    async with OnvifDevice(auth="none", **operations) as device, Transport() as transport:
        device.offer("device", "media", *(["media2"] if "GetMasks" in operations else []))
        client = OnvifClient(transport.to(device.server.endpoint, None, Manner()))
        assert isinstance(client, TellsMasks)
        return await client.masks(Channel(channel))


async def test_onvif_counts_the_masks_that_are_switched_on() -> None:
    """REC-5b."""
    masks = mask("VSC_A", "true") + mask("VSC_A", "FALSE") + mask("VSC_A", "1")
    assert await onvif(GetMasks=masks, GetProfiles=profile("P", "A")) == 2
    assert await onvif(GetMasks=mask("VSC_A", "false")) == 0
    assert await onvif(GetMasks="") == 0


@pytest.mark.parametrize(("lens", "areas"), [(1, 2), (2, 1)])
async def test_the_masks_of_one_lens_are_not_those_of_another(lens: int, areas: int) -> None:
    masks = mask("VSC_A", "true") * 2 + mask("VSC_B", "true")
    profiles = profile("P1", "A") + profile("P2", "B")
    assert await onvif(lens, GetMasks=masks, GetProfiles=profiles) == areas


async def test_a_mask_that_does_not_say_whether_it_is_on_is_no_answer() -> None:
    with pytest.raises(BadAnswer):
        await onvif(GetMasks=mask("VSC_A", "perhaps"))


async def test_without_media2_the_device_cannot_tell() -> None:
    with pytest.raises(NotSupported):
        await onvif(GetProfiles=profile("P", "A"))


def region(corners: tuple[tuple[int, int], ...], enabled: str = "true") -> str:
    told = "".join(
        f"<RegionCoordinates><positionX>{x}</positionX><positionY>{y}</positionY></RegionCoordinates>"
        for x, y in corners
    )
    return (
        f"<PrivacyMaskRegion><id>1</id><enabled>{enabled}</enabled>"
        f"<RegionCoordinatesList>{told}</RegionCoordinatesList></PrivacyMaskRegion>"
    )


def regions(*rows: str) -> str:
    return f"<PrivacyMaskRegionList {NS}>{''.join(rows)}</PrivacyMaskRegionList>"


async def isapi(enabled: str, inside: str = "", **more: bytes) -> int:
    page = f"<PrivacyMask {NS}><enabled>{enabled}</enabled>{inside}</PrivacyMask>"
    documents = {PAGE: page.encode(), **{f"{PAGE}/{name}": body for name, body in more.items()}}
    async with serving(Recorder(documents=documents)) as device, talking(device) as conversation:
        return await IsapiClient(conversation).masks(Channel(1))


async def test_isapi_counts_the_regions_that_cover_something() -> None:
    """REC-5b: the switch over all of them counts first."""
    listed = regions(region(DRAWN), region(DRAWN, "false"), region(UNDRAWN), region(DRAWN))
    assert await isapi("true", listed) == 2
    assert await isapi("false", listed) == 0
    assert await isapi("true", regions()) == 0


async def test_isapi_regions_may_be_listed_apart() -> None:
    assert await isapi("true", regions=regions(region(DRAWN)).encode()) == 1


async def test_isapi_masks_that_are_not_offered_or_not_told() -> None:
    async with serving(Recorder()) as device, talking(device) as conversation:
        with pytest.raises(NotSupported):
            await IsapiClient(conversation).masks(Channel(1))
    with pytest.raises(BadAnswer):
        await isapi("")


def settings(**tables: str) -> Handler:
    def answer(asked: Asked) -> Answer:
        for name, lines in tables.items():
            if asked.path.endswith(f"name={name}"):
                return lines.encode()
        return (400, b"Error\r\nBad Request!\r\n")

    return answer


async def dahua(channel: int = 1, **tables: str) -> int:
    async with serving(settings(**tables)) as device, talking(device) as conversation:
        return await DahuaClient(conversation).masks(Channel(channel))


def cover(place: int, is_on: str, right: int = 8191, channel: int = 0) -> str:
    start = f"table.VideoWidget[{channel}].Covers[{place}]"
    corners = (0, 0, right, 8191)
    rect = "".join(f"{start}.Rect[{n}]={each}\n" for n, each in enumerate(corners))
    return f"{start}.EncodeBlend={is_on}\n{start}.PreviewBlend=true\n{rect}"


async def test_dahua_counts_the_covers_in_the_recorded_picture() -> None:
    """REC-5b: a cover without a size, or in the live picture only, hides nothing that is recorded."""
    title = "table.VideoWidget[0].ChannelTitle.EncodeBlend=true\n"
    covers = cover(0, "true") + cover(1, "false") + cover(2, "true", right=0) + cover(3, "true")
    other = cover(0, "true", channel=1)
    assert await dahua(VideoWidget=title + covers + other) == 2
    assert await dahua(2, VideoWidget=title + covers + other) == 1
    assert await dahua(VideoWidget=title + cover(0, "false")) == 0


async def test_dahua_of_newer_firmware_keeps_its_masks_elsewhere() -> None:
    newer = "table.PrivacyMasking[0][0].Enable=true\ntable.PrivacyMasking[0][1].Enable=false\n"
    assert await dahua(VideoWidget=cover(0, "false"), PrivacyMasking=newer) == 1
    assert await dahua(PrivacyMasking=newer.replace("true", "false")) == 0


async def test_dahua_that_knows_neither_setting_cannot_tell() -> None:
    with pytest.raises(NotSupported):
        await dahua()
    with pytest.raises(NotSupported):
        await dahua(3, VideoWidget=cover(0, "true"))
