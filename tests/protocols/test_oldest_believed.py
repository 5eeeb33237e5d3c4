"""What was recorded before a device's clock was set is dated 1970 or 2000: nothing was kept for so long."""

from __future__ import annotations

from tests.protocols.isapi_recorder import field_of, match, result, status, wall
from tests.protocols.onvif_device import OnvifDevice
from tests.protocols.test_dahua_files import File, Finder
from tests.protocols.test_dahua_files import search as search_dahua
from tests.protocols.test_isapi_search import search as search_isapi
from tests.protocols.test_onvif_recordings import FOUND, INFORMATION, RECORDINGS, ask, event, page
from tests.protocols.vendor_device import Answer, Asked


async def test_onvif_does_not_say_that_recordings_are_kept_since_1970() -> None:
    first = INFORMATION.replace("2026-10-20T00:00:00Z", "1970-01-01T00:03:15Z")
    async with OnvifDevice("none") as device:
        device.offer("device", "media", "recording", "search", "replay")
        device.operations |= {
            "FindEvents": FOUND,
            "EndSearch": "<x:Endpoint>2026-11-01T00:00:00Z</x:Endpoint>",
            "GetRecordings": RECORDINGS,
            "GetRecordingInformation": first,
            "GetEventSearchResults": page(event("00:00:00", True, start=True)),
        }
        answer = await ask(device)
    assert len(answer.segments) == 1
    assert answer.complete
    assert answer.earliest_ms is None
    assert "OLDEST_NOT_BELIEVED" in answer.notes


async def test_dahua_tells_the_oldest_file_behind_those_without_a_clock() -> None:
    files = [
        File("2000-01-01 00:00:10", "2000-01-01 01:00:00"),
        File("2026-10-20 08:00:00", "2026-10-20 09:00:00"),
        File("2026-11-01 08:00:00", "2026-11-01 09:00:00"),
    ]
    answer, _ = await search_dahua(Finder(files))
    assert answer.earliest_ms == wall("2026-10-20T08:00:00")


async def test_hikvision_without_calendar_does_not_say_that_recordings_are_kept_since_1970() -> (
    None
):
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/dailyDistribution"):
            return (403, status(4, "notSupport"))
        if not field_of(asked, "startTime").startswith("2026"):
            return result([match("1970-01-01T00:00:20Z", "1970-01-01T01:00:00Z")])
        return result([match("2026-11-01T10:00:00Z", "2026-11-01T10:30:00Z")])

    found, _ = await search_isapi(answer)
    assert len(found.segments) == 1
    assert found.earliest_ms is None
