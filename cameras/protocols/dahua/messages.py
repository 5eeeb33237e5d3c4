"""Dahua's answers: lines of key=value, in any order, in UTF-8 or an old charset, errors also with HTTP 200.

Pure functions from bytes to dataclasses. Lines that carry a password are dropped while they are still
bytes: no structure of ours ever holds one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceKind,
    Identity,
    Segment,
)
from cameras.protocols.disk_states import DiskKind, DiskState, DiskTrouble
from cameras.protocols.wall_clock import read_wall_time

Table = dict[str, str]

_SECRET_KEY = re.compile(rb"passw|pwd|secret")  # of lower-case text
_TURKISH = frozenset("çğıöşüÇĞİÖŞÜ".encode("cp1254"))
_NAME_LIMIT = 200
_VALUE_LIMIT = 500
_CHANNELS_LIMIT = 1_024
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_TITLE = re.compile(r"(?:^|\.)ChannelTitle\[(\d{1,5})\]\.Name$")
_REMOTE = re.compile(r"RemoteDevice(?:\.[^.\[]*?_INFO_(\d{1,5})|\[(\d{1,5})\])\.(.+)$")
_STATE = re.compile(r"(?:^|\.)states?\[(\d+)\]\.(channel|connectionState)$", re.IGNORECASE)
_ITEM = re.compile(r"items\[(\d{1,6})\]\.(.+)$")
_DISK = re.compile(r"(?:info|list)\[(\d{1,4})\]\.(.+)$")
_SERVER = re.compile(r"(?:^|\.)ServerList\[(\d{1,2})\]\.(Address|Enable)$")
_STILLS = {"jpg", "jpeg", "png", "bmp"}
_ARRAY = re.compile(r"/?(?:dev/)?md\d")
_HEALTHY = {"success", "normal", "ok", "running", "active", "idle", "sleeping"}
_EMPTY_BAYS = {"absent", "notexist", "nodisk"}
_TROUBLES = {
    **dict.fromkeys(["error", "failure", "failed", "fault", "abnormal"], DiskTrouble.FAULTY),
    **dict.fromkeys(["damaged", "offline", "inactive"], DiskTrouble.FAULTY),
    **dict.fromkeys(["degraded", "degrade", "rebuilding", "recovering"], DiskTrouble.DEGRADED),
    "unformatted": DiskTrouble.NOT_WRITABLE,
}
# A channel without a camera, or one that was switched off, is no camera that fails to answer.
_NO_CAMERA = {"", "empty", "disable", "disabled"}
# Dahua's list of zones by its places, in minutes from Greenwich: 0 is +0, 3 is +3, 22 is -3.
_ZONES = (
    *(0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720),
    *(780, -60, -120, -180, -210, -240, -300, -360, -420, -480, -540, -600, -660, -720),
)
_RECORDER_WORDS = ("NVR", "XVR", "DVR", "HCVR", "HVR", "EVS", "NVS", "IVSS")
_CAMERA_WORDS = ("IPC", "SD", "PTZ", "ITC", "VTO")


def zone_of(place: str) -> str:
    """ "UTC+3" for "3", a place in Dahua's list of zones; what is none comes back as it is."""
    if not (place.isascii() and place.isdecimal() and len(place) < 4 and int(place) < len(_ZONES)):
        return place
    minutes = _ZONES[int(place)]
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"


def read_table(body: bytes) -> Table:
    """The key=value lines of an answer, without those that name a password."""
    table: Table = {}
    # A page of files has a thousand lines and no password: one look at all of it spares a thousand.
    may_tell = _SECRET_KEY.search(body.lower()) is not None
    for line in body.splitlines():
        key, equals, value = line.partition(b"=")
        if equals and not (may_tell and _SECRET_KEY.search(key.lower())):
            name = clean(key)
            # The maker's own papers write "items[0]. StartTime", and so do some who copy its interface.
            table[name.replace(" ", "") if " " in name else name] = clean(value, _VALUE_LIMIT)
        elif "version" in table and line.lstrip()[:5].lower() == b"build":
            # Older firmware tells its build on a second line, which has no "=".
            table["Build"] = clean(line)
    return table


def clean(raw: bytes, limit: int = _NAME_LIMIT) -> str:
    """A value as text: UTF-8, else Turkish Windows text or GBK; no control characters."""
    raw = raw[: limit * 4]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        is_turkish = all(byte < 0x80 or byte in _TURKISH for byte in raw)
        text = raw.decode("cp1254" if is_turkish else "gb18030", errors="replace")
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    return text.strip()[:limit]


def value_of(table: Mapping[str, str], *names: str) -> str:
    """The first value whose key is, or ends in, one of `names`; blank when there is none.

    Makers who sell these devices under their own name change capitals: "Vendor" instead of "vendor".
    """
    for name in names:
        if name in table:
            return table[name]
        for key, value in table.items():
            if key.endswith("." + name):
                return value
    wanted = {name.lower() for name in names}
    endings = tuple("." + name for name in wanted)
    for key, value in table.items():
        if key.lower() in wanted or key.lower().endswith(endings):
            return value
    return ""


def ntp_servers(table: Mapping[str, str]) -> tuple[str, ...]:
    """The servers of the NTP setting: the first one, then those of the list that are switched on."""
    rows: dict[str, Table] = defaultdict(dict)
    for key, value in table.items():
        match = _SERVER.search(key)
        if match is not None:
            rows[match[1]][match[2]] = value
    listed = [row.get("Address", "") for row in rows.values() if is_true(row.get("Enable", "true"))]
    return tuple(dict.fromkeys(each for each in (value_of(table, "NTP.Address"), *listed) if each))


def is_true(word: str) -> bool:
    return word.strip().lower() in ("true", "1", "yes", "on")


def read_identity(tables: Mapping[str, Table]) -> Identity:
    """Puts together what the calls of `magicBox.cgi` and the network configuration told."""
    system = tables.get("getSystemInfo", {})
    model = value_of(tables.get("getDeviceType", {}), "type")
    if not model or model.isdecimal():
        # Newer firmware puts a bare number in the type and the model in updateSerial.
        told = value_of(system, "deviceType")
        is_number = told.isdecimal() or not told
        model = (value_of(system, "updateSerial") if is_number else told) or model
    network = tables.get("Network", {})
    macs = {
        value.upper().replace("-", ":")
        for key, value in network.items()
        if key.endswith("PhysicalAddress") and _MAC.fullmatch(value)
    }
    return Identity(
        maker=value_of(tables.get("getVendor", {}), "vendor") or "Dahua",
        model=model,
        serial=value_of(system, "serialNumber") or value_of(tables.get("getSerialNo", {}), "sn"),
        firmware=_firmware(tables.get("getSoftwareVersion", {})),
        hardware=value_of(system, "hardwareVersion"),
        macs=tuple(sorted(macs)),
        name=value_of(tables.get("getMachineName", {}), "name"),
        kind=_kind(value_of(tables.get("getDeviceClass", {}), "class"), model),
    )


def _firmware(table: Table) -> str:
    """Version and build as newer firmware writes them: "2.4,build:2016-09-08"."""
    version, build = value_of(table, "version"), value_of(table, "Build", "BuildDate")
    day = build.rpartition(":")[2].strip()
    return f"{version},build:{day}" if version and day and day not in version else version


def _kind(device_class: str, model: str) -> DeviceKind:
    for words in (device_class.upper(), model.upper()):
        if any(word in words for word in _RECORDER_WORDS):
            return DeviceKind.RECORDER
        if any(word in words for word in _CAMERA_WORDS):
            return DeviceKind.CAMERA
    return DeviceKind.UNKNOWN


def read_channels(
    titles: Mapping[str, str], remote: Mapping[str, str], states: Mapping[int, bool]
) -> list[Channel]:
    """The channels, 1-based, from titles, camera rows and states, which all count from 0."""
    names = {
        int(match[1]): value
        for key, value in titles.items()
        if (match := _TITLE.search(key)) is not None
    }
    cameras: dict[int, Table] = defaultdict(dict)
    for key, value in remote.items():
        match = _REMOTE.search(key)
        if match is not None:
            cameras[int(match[1] or match[2])][match[3]] = value
    numbers = sorted(names.keys() | cameras.keys())[:_CHANNELS_LIMIT]
    return [_channel(n, names.get(n, ""), cameras.get(n, {}), states.get(n)) for n in numbers]


def _channel(index: int, name: str, camera: Table, online: bool | None) -> Channel:
    number = index + 1
    return Channel(
        number=number,
        token=str(number),
        name=(name or value_of(camera, "VideoInputs[0].Name", "Name"))[:_NAME_LIMIT],
        online=online,
        address=camera.get("Address", ""),
        serial=camera.get("SerialNo", ""),
    )


def read_states(table: Mapping[str, str]) -> dict[int, bool]:
    """Channel index (from 0) -> connected; states that say neither are left out."""
    rows: dict[str, Table] = defaultdict(dict)
    for key, value in table.items():
        match = _STATE.search(key)
        if match is not None:
            rows[match[1]][match[2].lower()] = value
    states = {}
    for row in rows.values():
        word = row.get("connectionstate", "").lower()
        if row.get("channel", "").isdecimal() and word not in _NO_CAMERA:
            states[int(row["channel"])] = word == "connected"
    return states


@dataclass(frozen=True)
class FoundFile:
    """One file of the index; `channel` is as the device counts, None when it does not say."""

    channel: int | None
    stream: str
    segment: Segment
    is_video: bool = True


@dataclass(frozen=True)
class FoundPage:
    """One page: how many files the device claims, and those that could be read."""

    claimed: int
    files: tuple[FoundFile, ...]
    unreadable: int


def read_found(body: bytes) -> FoundPage:
    """A page of `findNextFile`. Raises BadAnswer when it does not say how many it found."""
    table = read_table(body)
    claimed = value_of(table, "found")
    if not claimed.isdecimal():
        raise BadAnswer("the file search answers without a count")
    rows: dict[int, Table] = defaultdict(dict)
    for key, value in table.items():
        match = _ITEM.search(key)
        if match is not None:
            rows[int(match[1])][match[2]] = value
    files = [_found_file(row) for _, row in sorted(rows.items())]
    readable = tuple(file for file in files if file is not None)
    # Rows count even where the device says that it found none: a recorded day must not become empty.
    return FoundPage(max(int(claimed[:9]), len(files)), readable, len(files) - len(readable))


def _found_file(row: Table) -> FoundFile | None:
    start = read_wall_time(row.get("StartTime", ""))
    end = read_wall_time(row.get("EndTime", ""))
    if start is None or end is None or end.ms < start.ms:
        return None
    words = {v.lower() for k, v in row.items() if k.startswith(("Flags[", "Events["))}
    # "Marked" files are kept from being overwritten, as locked ones are.
    locked = is_true(row.get("Locked", "")) or bool(words & {"locked", "marked"})
    channel = row.get("Channel", "")
    return FoundFile(
        int(channel) if channel.isdecimal() else None,
        row.get("VideoStream", ""),
        Segment(start.ms, end.ms, _segment_kind(words), locked, row.get("FilePath", "")),
        row.get("Type", "").lower() not in _STILLS,
    )


def _segment_kind(words: set[str]) -> str:
    if any("motion" in word for word in words):
        return "motion"
    if "event" in words or any("alarm" in word for word in words):
        return "alarm"
    if "manual" in words:
        return "manual"
    return "continuous" if "timing" in words else ""


def read_disks(table: Mapping[str, str]) -> list[DiskState]:
    """Disks of `storageDevice.cgi?action=getDeviceAllInfo`; sizes come in bytes per partition.

    An empty bay is no faulty disk, so it is left out. A word that is not known here is not judged.
    """
    rows: dict[int, Table] = defaultdict(dict)
    for key, value in table.items():
        match = _DISK.search(key)
        if match is not None:
            rows[int(match[1])][match[2]] = value
    return [
        _disk(index, row)
        for index, row in sorted(rows.items())
        if row.get("State", "").lower() not in _EMPTY_BAYS
    ]


def _disk(index: int, row: Table) -> DiskState:
    total = _sum_of(row, "TotalBytes")
    used = _sum_of(row, "UsedBytes")
    faulty = any(key.endswith("IsError") and is_true(value) for key, value in row.items())
    word, name = row.get("State", ""), row.get("Name", "") or str(index)
    state = word.lower()
    trouble = DiskTrouble.FAULTY if faulty else _TROUBLES.get(state)
    if trouble is None and _is_read_only(row):
        trouble = DiskTrouble.NOT_WRITABLE
    # Without a word, a partition that is told to be without error is all that is said.
    is_sound = state in _HEALTHY or (not word and any(key.endswith("IsError") for key in row))
    is_array = "raid" in row.get("Type", "").lower() or _ARRAY.match(name) is not None
    return DiskState(
        slot=name,
        healthy=False if trouble else is_sound or None,
        word="Error" if faulty else word,
        capacity_mb=total,
        free_mb=None if total is None or used is None else max(0, total - used),
        trouble=trouble,
        kind=DiskKind.ARRAY if is_array else DiskKind.DISK,
    )


def _is_read_only(row: Table) -> bool:
    """Whether a partition's type is "ReadOnly", with or without a hyphen."""
    kinds = (value for key, value in row.items() if key.endswith("].Type"))
    return any(kind.lower().replace("-", "") == "readonly" for kind in kinds)


def _sum_of(row: Table, field: str) -> int | None:
    sizes = []
    for key, value in row.items():
        if key == field or key.endswith("." + field):
            try:
                sizes.append(float(value))
            except ValueError:
                return None
    total = sum(sizes)
    # Infinity and NaN are numbers to float(), not to us.
    return int(total) // 1_000_000 if sizes and 0 <= total < 1e18 else None
