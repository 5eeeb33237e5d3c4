"""Whatever a vendor's device sends, reading it ends in a value or in a DeviceError (D7, D8, D20)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.protocols.base import DeviceError
from cameras.protocols.dahua import messages
from cameras.protocols.http import Reply
from cameras.protocols.isapi import documents, search_documents
from cameras.protocols.isapi.replies import read_document
from cameras.protocols.wall_clock import (
    posix_zone_minutes,
    read_wall_time,
    shown,
)

_words = st.one_of(
    st.sampled_from(["", "true", "TRUE", "-1", "0", "\u00b2", "\u0663", "1e999", "nan", "9" * 900]),
    st.sampled_from(["2026-11-01T25:61:61Z", "0001-01-01T00:00:00", "9999-12-31 23:59:59 PM"]),
    st.text(max_size=30),
)
_DAHUA_KEYS = (
    "found",
    "items[0].StartTime",
    "items[0].EndTime",
    "items[0].Channel",
    "states[0].channel",
    "states[0].connectionState",
    "table.ChannelTitle[0].Name",
    "table.RemoteDevice[0].Address",
    "list.info[0].Detail[0].TotalBytes",
    "list.info[0].Detail[0].UsedBytes",
    "table.Network.eth0.PhysicalAddress",
)
_ISAPI_TAGS = (
    "id",
    "name",
    "localTime",
    "timeZone",
    "numOfMatches",
    "trackID",
    "startTime",
    "endTime",
    "dayOfMonth",
    "record",
    "capacity",
    "online",
    "deviceType",
    "macAddress",
    "statusCode",
)
_ISAPI_ROOTS = (
    "DeviceInfo",
    "Time",
    "CMSearchResult",
    "InputProxyChannel",
    "VideoInputChannel",
    "hdd",
    "day",
    "Track",
    "ResponseStatus",
)
_READERS: list[Callable[..., object]] = [
    documents.read_identity,
    documents.read_time,
    documents.read_ntp_servers,
    documents.read_proxy_channels,
    documents.read_proxy_states,
    documents.read_video_inputs,
    documents.read_schedules,
    documents.read_disks,
    search_documents.read_search,
    search_documents.read_calendar,
]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_DAHUA_KEYS), _words), max_size=12), st.binary(max_size=40)
)
def test_dahua_lines(rows: list[tuple[str, str]], junk: bytes) -> None:
    body = "\r\n".join(f"{key}={value}" for key, value in rows).encode() + b"\n" + junk
    table = messages.read_table(body)
    messages.read_identity({"getSystemInfo": table, "Network": table})
    messages.read_channels(table, table, messages.read_states(table))
    messages.read_disks(table)
    with contextlib.suppress(DeviceError):
        messages.read_found(body)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(_ISAPI_ROOTS),
    st.lists(st.tuples(st.sampled_from(_ISAPI_TAGS), _words), max_size=8),
)
def test_isapi_documents(root: str, rows: list[tuple[str, str]]) -> None:
    inner = "".join(f"<{tag}>{text.replace('<', '')}</{tag}>" for tag, text in rows)
    body = f"<{root}><timeSpan>{inner}</timeSpan>{inner}</{root}>".encode("utf-8", "replace")
    for read in _READERS:
        with contextlib.suppress(DeviceError):
            read(read_document(Reply(200, {}, body, 0.0, 0.0)))


@settings(max_examples=100, deadline=None)
@given(_words)
def test_times_and_zones(text: str) -> None:
    posix_zone_minutes(text)
    wall = read_wall_time(text)
    if wall is not None:
        shown(wall.ms)


@pytest.mark.parametrize("name", ['=cmd|"/c"!A1', "../../etc", "\u202eevil", "x" * 100_000, "a\0b"])
def test_names_are_short_and_printable(name: str) -> None:
    """D20: escaping is the screen's work, but no control or direction character gets there."""
    [channel] = messages.read_channels(
        messages.read_table(f"table.ChannelTitle[0].Name={name}".encode()), {}, {}
    )
    assert len(channel.name) <= 200
    assert channel.name.isprintable()
