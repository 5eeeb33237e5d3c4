"""Cameras that make a recording of every clip have one channel, and play the clip that was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from lxml import etree

from cameras.protocols.base import Channel, Manner, Source
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.onvif_device import OnvifDevice
from tests.protocols.patience import HANG_S
from tests.protocols.test_onvif_device import profile
from tests.protocols.test_onvif_recordings import DAY, at

CLIPS = {
    "c": ("front", "10:00:00", "10:02:00"),
    "a": ("front", "08:00:00", "08:02:00"),
    "b": ("front", "08:01:59", "08:04:00"),
    "r1": ("rear", "07:00:00", "11:00:00"),
    "r2": ("rear", "08:00:00", "11:00:00"),
    "r3": ("rear", "12:00:00", "13:00:00"),
}


def listed(clips: dict[str, tuple[str, str, str]]) -> str:
    return "".join(
        f"<x:RecordingItem><tt:RecordingToken>{token}</tt:RecordingToken><tt:Configuration>"
        f"<tt:Source><tt:SourceId>{source}</tt:SourceId><tt:Name>Gate</tt:Name></tt:Source>"
        "</tt:Configuration></x:RecordingItem>"
        for token, (source, _start, _end) in clips.items()
    )


def informed(clips: dict[str, tuple[str, str, str]]) -> str:
    return "".join(
        f"<tt:RecordingInformation><tt:RecordingToken>{token}</tt:RecordingToken>"
        f"<tt:EarliestRecording>{DAY}T{start}Z</tt:EarliestRecording>"
        f"<tt:LatestRecording>{DAY}T{end}Z</tt:LatestRecording></tt:RecordingInformation>"
        for token, (_source, start, end) in clips.items()
    )


@pytest.fixture
async def camera() -> AsyncIterator[OnvifDevice]:
    async with OnvifDevice("none") as device:
        device.offer("device", "media", "recording", "search", "replay")
        device.operations |= {
            "GetProfiles": profile("P1", "front") + profile("P2", "rear"),
            "GetRecordings": listed(CLIPS),
            "FindRecordings": "<x:SearchToken>S</x:SearchToken>",
            "EndSearch": "<x:Endpoint>2026-11-01T00:00:00Z</x:Endpoint>",
            "GetRecordingSearchResults": (
                f"<x:ResultList><tt:SearchState>Completed</tt:SearchState>{informed(CLIPS)}"
                "</x:ResultList>"
            ),
        }
        yield device


@pytest.fixture
async def client(camera: OnvifDevice) -> AsyncIterator[OnvifClient]:
    async with Transport(deadline=HANG_S) as transport:
        yield OnvifClient(transport.to(camera.server.endpoint, None, Manner()))


async def test_clips_of_one_source_are_one_channel(client: OnvifClient) -> None:
    """Recordings that overlap in time may be main and sub stream: they stay apart."""
    channels = await client.channels()
    assert [(one.number, one.token) for one in channels] == [
        (1, "front"),
        (2, "r1"),
        (3, "r2"),
        (4, "r3"),
    ]


async def test_the_clips_of_a_span_are_told_and_prove_no_gap(client: OnvifClient) -> None:
    channel = (await client.channels())[0]
    answer = await client.recordings(channel, at("08:01:00"), at("10:01:00"))
    assert [(one.start_ms, one.end_ms) for one in answer.segments] == [
        (at("08:01:00"), at("08:02:00")),
        (at("08:01:59"), at("08:04:00")),
        (at("10:00:00"), at("10:01:00")),
    ]
    assert (answer.source, answer.complete) == (Source.ONVIF_RECORDINGS, False)
    assert (answer.earliest_ms, answer.latest_ms) == (at("08:00:00"), at("10:02:00"))


@pytest.mark.parametrize(
    ("start", "end", "token"),
    [
        ("08:00:30", "08:00:50", "a"),
        ("08:03:00", "10:01:00", "b"),
        ("09:00:00", "10:01:00", "c"),
        ("09:00:00", "09:10:00", "c"),
    ],
)
async def test_the_clip_that_holds_the_start_is_played(
    camera: OnvifDevice, client: OnvifClient, start: str, end: str, token: str
) -> None:
    asked: list[str] = []

    def told(request: etree._Element) -> str:
        asked.append(request.findtext("{*}RecordingToken", ""))
        return "<x:Uri>rtsp://127.0.0.1/replay</x:Uri>"

    camera.operations["GetReplayUri"] = told
    # A clip's own token leads to its channel as well: it may have been kept before.
    for channel in (Channel(1, "front"), Channel(1, "a"), Channel(1, "gone")):
        await client.playback(channel, at(start), at(end))
    assert asked == [token] * 3


async def test_a_camera_with_one_lens_has_one_channel_whatever_its_clips_are_called(
    camera: OnvifDevice, client: OnvifClient
) -> None:
    front = [one for one in CLIPS.items() if one[1][0] == "front"]
    clips = {token: (token, start, end) for token, (_source, start, end) in front}
    camera.operations |= {
        "GetProfiles": profile("P1", "lens") + profile("P2", "lens"),
        "GetRecordings": listed(clips),
        "GetRecordingSearchResults": f"<x:ResultList>{informed(clips)}</x:ResultList>",
    }
    assert [one.number for one in await client.channels()] == [1]


async def test_two_recordings_are_two_channels(camera: OnvifDevice, client: OnvifClient) -> None:
    """They may be two cameras, one of which was taken down before the other came."""
    camera.operations["GetRecordings"] = listed({token: CLIPS[token] for token in ("a", "c")})
    assert [one.token for one in await client.channels()] == ["a", "c"]


async def test_clips_without_times_stay_apart(camera: OnvifDevice, client: OnvifClient) -> None:
    del camera.operations["FindRecordings"]
    assert len(await client.channels()) == len(CLIPS)


async def test_thousands_of_recordings_are_not_thousands_of_channels(
    camera: OnvifDevice, client: OnvifClient
) -> None:
    """A list of any length must not become work without end."""
    many = {str(n): (str(n), "08:00:00", "09:00:00") for n in range(1_500)}
    camera.operations["GetRecordings"] = listed(many)
    assert len(await client.channels()) == 1_024
