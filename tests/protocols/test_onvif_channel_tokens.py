"""A channel's recording is found by its token, else by its number, and never made up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cameras.protocols.base import Channel, Manner, NotSupported, Reason
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from tests.protocols.onvif_device import LOGIN, OnvifDevice
from tests.protocols.patience import HANG_S

RECORDINGS = "".join(
    f"<x:RecordingItem><x:RecordingToken>{token}</x:RecordingToken></x:RecordingItem>"
    for token in ("REC A", "REC{B}")
)


@pytest.fixture
async def device() -> AsyncIterator[OnvifDevice]:
    uri = "<x:Uri>rtsp://192.168.1.9:8554/replay</x:Uri>"
    async with OnvifDevice(GetReplayUri=uri, GetRecordings=RECORDINGS) as device:
        device.offer("device", "media", "recording", "search", "replay")
        yield device


@pytest.fixture
async def client(device: OnvifDevice) -> AsyncIterator[OnvifClient]:
    async with Transport(deadline=HANG_S) as transport:
        yield OnvifClient(transport.to(device.server.endpoint, LOGIN, Manner()))


def asked_token(device: OnvifDevice) -> list[str]:
    tokens: list[str] = []

    def told(request: object) -> str:
        tokens.extend(request.itertext("{*}RecordingToken"))  # type: ignore[attr-defined]
        return "<x:Uri>rtsp://127.0.0.1/replay</x:Uri>"

    device.operations["GetReplayUri"] = told
    return tokens


@pytest.mark.parametrize(
    ("channel", "token"),
    [
        (Channel(1, token="REC{B}"), "REC{B}"),
        (Channel(2), "REC{B}"),
        (Channel(1, token="Profile_1"), "REC A"),
    ],
)
async def test_a_recording_is_found_by_token_or_by_number(
    device: OnvifDevice, client: OnvifClient, channel: Channel, token: str
) -> None:
    tokens = asked_token(device)
    await client.playback(channel, 0, 1_000)
    assert tokens == [token]


async def test_a_device_that_lists_no_recordings_says_so(
    device: OnvifDevice, client: OnvifClient
) -> None:
    results = "<x:ResultList><x:SearchState>Completed</x:SearchState></x:ResultList>"
    device.operations |= {
        "GetRecordings": "",
        "FindRecordings": "<x:SearchToken>1</x:SearchToken>",
        "GetRecordingSearchResults": results,
    }
    with pytest.raises(NotSupported) as caught:
        await client.recordings(Channel(1, token="Profile_1"), 0, 1_000)
    assert caught.value.reason is Reason.NO_SUCH_CHANNEL
    assert "FindEvents" not in device.calls
