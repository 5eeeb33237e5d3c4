"""ISAPI's documents about the device: who it is, its time, its channels, its disks.

Pure functions from parsed XML to dataclasses. Elements are found by local name, because namespaces
differ between firmwares; what is missing is left blank or None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree

from cameras.protocols.base import BadAnswer, Channel, DeviceKind, Identity
from cameras.protocols.disk_states import DiskKind, DiskState, DiskTrouble
from cameras.protocols.wall_clock import (
    posix_zone_has_summer_time,
    posix_zone_minutes,
    read_wall_time,
    utc_of_wall,
)
from cameras.protocols.xml import as_bool, descendants, local_name, text

CHANNELS_LIMIT = 1_024
_NAME_LIMIT = 200
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_NUMBER = re.compile(r"(\d{1,6})\d*", re.ASCII)
_INPUT = re.compile(r"(?:[A-Z]-?)?(\d{1,6})\d*", re.ASCII)
"""Older recorders call their analogue inputs I-1 and so on."""
_RECORDERS = ("NVR", "DVR", "HVR", "XVR", "CVR", "DVS", "NVS", "ENCODER", "STORAGE")
_CAMERAS = ("IPCAMERA", "IPDOME", "IPZOOM", "IPC", "CAMERA", "DOME")
_HEALTHY = {"ok", "normal", "idle", "sleeping", "online"}
_EMPTY_BAY = "notexist"
_TROUBLES = {
    **dict.fromkeys(["error", "abnormal", "exception", "mismatch", "offline"], DiskTrouble.FAULTY),
    "notonline": DiskTrouble.FAULTY,
    "smartfailed": DiskTrouble.FAILING,
    # "reparing" is how devices spell it: an array that is being rebuilt.
    **dict.fromkeys(["degraded", "repairing", "reparing", "rebuilding"], DiskTrouble.DEGRADED),
    **dict.fromkeys(
        ["unformatted", "uninitialized", "unrecordhostformatted", "locked"],
        DiskTrouble.NOT_WRITABLE,
    ),
}
_READ_ONLY = {"R", "RO"}
_SMART_IS_BAD = {"error", "fail", "failed", "fault", "badsectors"}


def told(element: etree._Element, name: str) -> str:
    """The first text of this local name at any depth, fit to be shown: printable and not long."""
    raw = text(next(descendants(element, name), None))
    # What stands on a second line, such as a build, is another word.
    shown = (" " if letter.isspace() else letter for letter in raw)
    return " ".join("".join(letter for letter in shown if letter.isprintable()).split())[
        :_NAME_LIMIT
    ]


def read_identity(root: etree._Element) -> Identity:
    """System/deviceInfo. Raises BadAnswer for another document."""
    if local_name(root).lower() != "deviceinfo":
        raise BadAnswer("not a deviceInfo document")
    released = told(root, "firmwareReleasedDate")
    mac = told(root, "macAddress")
    return Identity(
        maker=told(root, "manufacturer") or "Hikvision",
        model=told(root, "model"),
        serial=told(root, "serialNumber"),
        firmware=" ".join(part for part in (told(root, "firmwareVersion"), released) if part),
        hardware=told(root, "hardwareVersion"),
        macs=(mac.upper().replace("-", ":"),) if _MAC.fullmatch(mac) else (),
        name=told(root, "deviceName"),
        kind=_kind(told(root, "deviceType").upper()),
    )


def _kind(device_type: str) -> DeviceKind:
    if any(word in device_type for word in _RECORDERS):
        return DeviceKind.RECORDER
    if any(word in device_type for word in _CAMERAS):
        return DeviceKind.CAMERA
    return DeviceKind.UNKNOWN


@dataclass(frozen=True)
class ToldTime:
    """System/time: wall clock, and UTC where the device tells its zone."""

    local_ms: int
    utc_ms: int | None
    zone: str
    daylight_saving: bool | None
    uses_ntp: bool | None
    zone_minutes: int | None = None


def read_time(root: etree._Element) -> ToldTime:
    """System/time. The offset behind localTime counts before the timeZone string."""
    wall = read_wall_time(told(root, "localTime"))
    if wall is None:
        raise BadAnswer("the device's time cannot be read")
    zone = told(root, "timeZone")
    minutes = wall.zone_minutes
    # A summer rule that is in force would have to be computed: then UTC stays unknown.
    if minutes is None and zone and not posix_zone_has_summer_time(zone):
        minutes = posix_zone_minutes(zone)
    mode = told(root, "timeMode").lower()
    return ToldTime(
        local_ms=wall.ms,
        utc_ms=None if minutes is None else utc_of_wall(wall.ms, minutes),
        zone=zone,
        daylight_saving=posix_zone_has_summer_time(zone) if zone else None,
        uses_ntp=mode == "ntp" if mode else None,
        zone_minutes=minutes,
    )


def read_ntp_servers(root: etree._Element) -> tuple[str, ...]:
    """System/time/ntpServers: names or addresses, without those left at 0.0.0.0."""
    servers = []
    for row in descendants(root, "NTPServer"):
        server = told(row, "hostName") or told(row, "ipAddress") or told(row, "ipv6Address")
        if server and server not in ("0.0.0.0", "::"):  # noqa: S104 - a value told, not bound
            servers.append(server)
    return tuple(servers)


def read_rtsp_port(root: etree._Element) -> int | None:
    """Security/adminAccesses: the port of RTSP, None when it is not told or switched off."""
    for row in descendants(root, "AdminAccessProtocol"):
        port = told(row, "portNo")
        if told(row, "protocol").upper() == "RTSP" and port.isdecimal():
            return int(port[:5]) if as_bool(told(row, "enabled")) is not False else None
    return None


def read_proxy_channels(root: etree._Element) -> list[Channel]:
    """ContentMgmt/InputProxy/channels: the network cameras of a recorder."""
    return [
        Channel(
            number=number,
            name=told(row, "name"),
            address=told(row, "ipAddress") or told(row, "hostName"),
            serial=told(row, "serialNumber"),
        )
        for number, row in _numbered(root, "InputProxyChannel")
    ]


def read_video_inputs(root: etree._Element) -> list[Channel]:
    """System/Video/inputs/channels: the analogue inputs of a recorder, or a camera's own picture."""
    return [
        Channel(number, name=told(row, "name"), online=_has_signal(row))
        for number, row in _numbered(root, "VideoInputChannel", _INPUT)
    ]


def _has_signal(row: etree._Element) -> bool | None:
    """None where it is not told, and for an input that is switched off: nothing is missing there."""
    words = told(row, "resDesc")
    if not words or as_bool(told(row, "videoInputEnabled")) is False:
        return None
    return "NO VIDEO" not in words.upper()


def read_proxy_states(root: etree._Element) -> dict[int, bool]:
    """ContentMgmt/InputProxy/channels/status: channel number -> online."""
    states = {}
    for number, row in _numbered(root, "InputProxyChannelStatus"):
        online = as_bool(told(row, "online"))
        if online is not None:
            states[number] = online
    return states


def _numbered(
    root: etree._Element, name: str, spelling: re.Pattern[str] = _NUMBER
) -> list[tuple[int, etree._Element]]:
    rows: list[tuple[int, etree._Element]] = []
    for row in descendants(root, name):
        number = spelling.fullmatch(text(row, "id"))
        if number is not None and int(number[1]) > 0 and len(rows) < CHANNELS_LIMIT:
            rows.append((int(number[1]), row))
    return rows


def with_states(channels: list[Channel], states: dict[int, bool]) -> list[Channel]:
    return [
        replace(channel, online=states.get(channel.number, channel.online)) for channel in channels
    ]


def read_schedules(root: etree._Element) -> dict[int, str]:
    """ContentMgmt/record/tracks: trackID -> "off", or its recording modes such as "CMR" or "MOTION".

    Whether a schedule is on is told by enableSchedule; `Enable` says something else.
    """
    schedules = {}
    for number, row in _numbered(root, "Track"):
        modes = sorted({text(mode).upper() for mode in descendants(row, "ActionRecordingMode")})
        is_on = as_bool(told(row, "enableSchedule"))
        schedules[number] = "off" if is_on is False else " ".join(modes)[:_NAME_LIMIT]
    return schedules


def read_disks(root: etree._Element) -> list[DiskState]:
    """ContentMgmt/Storage: disks, arrays and network volumes; sizes are told in MB.

    An empty bay is no faulty disk, so it is left out. A word that is not known here is not judged.
    """
    rows = [(name, row) for name in ("hdd", "nas") for row in descendants(root, name)]
    has_array = any(_kind_of(name, row) is DiskKind.ARRAY for name, row in rows)
    disks = [
        _disk(name, row, has_array)
        for name, row in rows
        if told(row, "status").lower() != _EMPTY_BAY
    ]
    return disks[:CHANNELS_LIMIT]


def _kind_of(name: str, row: etree._Element) -> DiskKind:
    if name == "nas":
        return DiskKind.NETWORK
    told_type = told(row, "hddType").lower()
    is_array = any(word in told_type for word in ("virtual", "raid", "array"))
    return DiskKind.ARRAY if is_array else DiskKind.DISK


def _disk(name: str, row: etree._Element, has_array: bool) -> DiskState:
    kind, word = _kind_of(name, row), told(row, "status")
    state = word.lower()
    trouble = _TROUBLES.get(state)
    # The disks of an array are written through the array, and shown as read-only themselves.
    is_member = has_array and kind is DiskKind.DISK
    if state in _HEALTHY and told(row, "property").upper() in _READ_ONLY and not is_member:
        trouble = DiskTrouble.NOT_WRITABLE
    # An array may have the number of a disk beside it.
    label = "array" if kind is DiskKind.ARRAY else name
    return DiskState(
        slot=f"{label} {told(row, 'id')}".strip(),
        healthy=False if trouble else state in _HEALTHY or None,
        word=word,
        capacity_mb=_megabytes(told(row, "capacity")),
        free_mb=_megabytes(told(row, "freeSpace")),
        trouble=trouble,
        kind=kind,
    )


def read_smart(root: etree._Element) -> str:
    """hdd/<id>/SMARTTest/status: the word by which a disk is called bad, or "" where it is not.

    Devices spell the names of the two elements so.
    """
    words = (told(root, "selfEvaluaingStatus"), told(root, "allEvaluaingStatus"))
    return next((word for word in words if word.lower() in _SMART_IS_BAD), "")


def _megabytes(words: str) -> int | None:
    return int(words) if words.isdecimal() and len(words) < 16 else None
