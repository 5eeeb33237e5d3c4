"""Dahua-style CGI: identity, time, channels, storage, users, pictures.

The recording index stands in `dahua_search`. HTTP digest always; times are the device's wall clock.
Replies are lines of `key=value`; errors are HTTP 400 with the word Error.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

from simulator.clocks import TSI_MS, Base, Zone
from simulator.dahua_search import FileFinders
from simulator.disks import DEGRADED, shown_disks
from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.isapi_xml import wall_text
from simulator.logins import DigestGate, Outcome
from simulator.masks import dahua_covers
from simulator.pictures import snapshot
from simulator.world import Auth, Campus, Kind, SimChannel, SimDevice, SimUser, started_ms

Arguments = dict[str, str]
Action = Callable[[Arguments], Reply]
# The password line that real recorders print: whoever reads this page must drop it unread.
CANARY = "kanarya-parola-7"
_GROUP = "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_"


def lines(values: dict[str, Any]) -> Reply:
    """Return a reply of `key=value` lines."""
    return Reply(200, "".join(f"{k}={v}\r\n" for k, v in values.items()).encode())


def error(status: int = 400, text: str = "Bad Request!") -> Reply:
    """Return an error as this make writes it."""
    return Reply(status, f"Error\r\n{text}\r\n".encode())


class DahuaSide:
    """Answers the CGI pages of one device."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        algorithm = "SHA-256" if device.auth is Auth.DIGEST_SHA256 else "MD5"
        self._digest = DigestGate(device, campus, algorithm)
        self._finders = FileFinders(campus, device)
        self._actions: dict[tuple[str, str], Action] = {
            ("magicBox", "getSystemInfo"): self._system_info,
            ("magicBox", "getDeviceType"): lambda _: lines({"type": device.model}),
            ("magicBox", "getDeviceClass"): self._device_class,
            ("magicBox", "getHardwareVersion"): lambda _: lines({"version": device.hardware}),
            ("magicBox", "getSerialNo"): lambda _: lines({"sn": device.serial}),
            ("magicBox", "getSoftwareVersion"): self._software,
            ("magicBox", "getMachineName"): lambda _: lines({"name": device.name}),
            ("magicBox", "getVendor"): lambda _: lines({"vendor": device.maker}),
            ("magicBox", "getUpTime"): lambda _: self._up_time(),
            ("global", "getCurrentTime"): self._get_time,
            ("global", "setCurrentTime"): self._set_time,
            ("configManager", "getConfig"): self._get_config,
            ("configManager", "setConfig"): self._set_config,
            ("userManager", "getUserInfoAll"): self._users,
            ("userManager", "getUserInfo"): self._user,
            ("devVideoInput", "getCollect"): lambda _: lines({"result": len(device.channels)}),
            ("userManager", "modifyPassword"): self._modify_password,
        }
        if device.kind is Kind.RECORDER:
            self._actions |= {
                ("LogicDeviceManager", "getCameraAll"): self._camera_all,
                ("LogicDeviceManager", "getCameraState"): self._camera_state,
                ("storageDevice", "getDeviceAllInfo"): self._storage,
                ("storageDevice", "factory.getCollect"): self._storage_names,
            }

    def _up_time(self) -> Reply:
        if fault(self._device, "no_last_reboot") is not None:
            return error(501, "Not Implemented!")
        now = self._campus.now_ms()
        seconds = str((now - started_ms(self._device, now)) // 1000)
        return lines({"info.last": seconds, "info.total": seconds})

    def knows(self, path: str) -> bool:
        """Whether this path belongs to the CGI."""
        return path.startswith("/cgi-bin/")

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        reply = self._answer(request)
        reply.operation = reply.operation or request.path
        return reply

    def _answer(self, request: Request) -> Reply:
        refusal, _, outcome = self._digest.demand(request)
        if refusal is not None:
            text = "Account Locked!" if outcome is Outcome.LOCKED else "Invalid Authority!"
            refusal.body = f"Error\r\n{text}\r\n".encode()
            return refusal
        # A space must come as %20: this make does not read "+" as one.
        if " " in request.target or "+" in request.query:
            return error()
        arguments = request.arguments()
        match = re.fullmatch(r"/cgi-bin/(\w+)\.cgi", request.path)
        if match is None:
            return self._api(request)
        page, name = match[1], arguments.get("action", "")
        if page == "snapshot":
            return self._snapshot(arguments)
        if page == "mediaFileFind" and self._device.kind is Kind.RECORDER:
            reply = self._finders.answer(name, arguments)
            reply.operation = name
            return reply
        action = self._actions.get((page, name))
        if action is None:
            return error(501, "Not Implemented!")
        reply = action(arguments)
        reply.operation = name
        return reply

    def _is_idle(self, name: str) -> bool:
        return fault(self._device, "ok_did_nothing", name) is not None

    def _system_info(self, _arguments: Arguments) -> Reply:
        device = self._device
        return lines(
            {
                "appAutoStart": "true",
                "deviceType": device.model,
                "hardwareVersion": device.hardware,
                "processor": "ST7108",
                "serialNumber": device.serial,
                "updateSerial": device.model,
            }
        )

    def _device_class(self, _arguments: Arguments) -> Reply:
        return lines({"class": "NVR" if self._device.kind is Kind.RECORDER else "IPC"})

    def _software(self, _arguments: Arguments) -> Reply:
        version, _, build = self._device.firmware.partition(" ")
        return lines({"version": f"{version},build:{build.removeprefix('build ')}"})

    def _get_time(self, _arguments: Arguments) -> Reply:
        shown = self._device.clock.reading(self._campus.now_ms(), Base.LOCAL)
        return lines({"result": wall_text(shown, " ")})

    def _set_time(self, arguments: Arguments) -> Reply:
        try:
            wall = dt.datetime.fromisoformat(arguments.get("time", "")).replace(tzinfo=dt.UTC)
        except ValueError:
            return error()
        if not self._is_idle("setCurrentTime"):
            clock, now = self._device.clock, self._campus.now_ms()
            shows = int(wall.timestamp() * 1000) - TSI_MS
            clock.resets.append((now, shows - clock.zone_error_ms(now, Base.LOCAL)))
            clock.rebuild()
        return Reply(200, b"OK\r\n")

    def _get_config(self, arguments: Arguments) -> Reply:
        tables: dict[str, Callable[[], dict[str, Any]]] = {
            "RemoteDevice": self._remote_devices,
            "ChannelTitle": self._titles,
            "NTP": self._ntp,
            "Locales": self._locales,
            "Network": self._network,
            "General": lambda: {"table.General.MachineName": self._device.name},
            "RecordMode": self._record_mode,
            "RTSP": lambda: {
                "table.RTSP.Enable": "true",
                "table.RTSP.Port": self._device.rtsp_port,
            },
        }
        if fault(self._device, "no_masks") is None:
            tables["VideoWidget"] = lambda: dahua_covers(self._device)
        name, _, below = arguments.get("name", "").partition(".")
        table = tables.get(name)
        if table is None:
            return error()
        values, start = table(), f"table.{name}.{below}"
        if below:
            values = {k: v for k, v in values.items() if k == start or k.startswith(start + ".")}
        return lines(values) if values else error()

    def _remote_devices(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for channel in self._device.channels:
            camera = self._campus.camera_of(channel)
            start = f"{_GROUP}{channel.number - 1}"
            values[f"{start}.Address"] = channel.camera or "192.168.0.0"
            values[f"{start}.Enable"] = str(bool(channel.camera)).lower()
            values[f"{start}.Name"] = channel.name
            values[f"{start}.Password"] = CANARY
            values[f"{start}.Port"] = 37777
            values[f"{start}.ProtocolType"] = "Onvif"
            values[f"{start}.SerialNo"] = camera.serial if camera else ""
            values[f"{start}.UserName"] = "admin"
        return values

    def _titles(self) -> dict[str, Any]:
        return {
            f"table.ChannelTitle[{each.number - 1}].Name": each.name
            for each in self._device.channels
        }

    def _ntp(self) -> dict[str, Any]:
        servers = self._device.ntp_servers or ["clock.isc.org"]
        return {
            "table.NTP.Address": servers[0],
            "table.NTP.Enable": str(self._device.uses_ntp).lower(),
            "table.NTP.Port": 123,
            # Places in Dahua's list of zones, which are the hours as far as +3.
            "table.NTP.TimeZone": {Zone.UTC: 0, Zone.GMT2: 2}.get(self._device.clock.zone, 3),
            "table.NTP.UpdatePeriod": 60,
        }

    def _locales(self) -> dict[str, Any]:
        dst = str(self._device.clock.setting.daylight_saving).lower()
        return {"table.Locales.DSTEnable": dst, "table.Locales.TimeFormat": "yyyy-MM-dd HH:mm:ss"}

    def _network(self) -> dict[str, Any]:
        return {
            "table.Network.DefaultInterface": "eth0",
            "table.Network.eth0.IPAddress": self._device.address,
            "table.Network.eth0.PhysicalAddress": self._device.mac.lower(),
        }

    def _record_mode(self) -> dict[str, Any]:
        return {
            f"table.RecordMode[{each.number - 1}].Mode": 2 if each.plan.kind == "NONE" else 0
            for each in self._device.channels
        }

    def _set_config(self, arguments: Arguments) -> Reply:
        if any("Password" in name for name in arguments):
            return error()
        if not self._is_idle("setConfig"):
            if "NTP.Address" in arguments:
                self._device.ntp_servers = [arguments["NTP.Address"]]
            if "NTP.Enable" in arguments:
                self._device.uses_ntp = arguments["NTP.Enable"] == "true"
        return Reply(200, b"OK\r\n")

    def _users(self, _arguments: Arguments) -> Reply:
        values: dict[str, Any] = {}
        for number, (name, user) in enumerate(self._device.users.items()):
            values[f"users[{number}].Name"] = name
            values[f"users[{number}].Group"] = user.level.lower()
        return lines(values)

    def _user(self, arguments: Arguments) -> Reply:
        name = arguments.get("name", "")
        user = self._device.users.get(name)
        if user is None:
            return error()
        return lines({"user.Name": name, "user.Group": user.level.lower()})

    def _modify_password(self, arguments: Arguments) -> Reply:
        name, old = arguments.get("name", ""), arguments.get("pwdOld", "")
        new = arguments.get("pwd", "")
        if self._device.password_of(name) != old or len(new) < 8:
            return error()
        if not self._is_idle("modifyPassword"):
            self._device.users[name] = SimUser(new)
        return Reply(200, b"OK\r\n")

    def _camera_all(self, _arguments: Arguments) -> Reply:
        values: dict[str, Any] = {}
        for number, channel in enumerate(self._device.channels):
            start = f"camera[{number}]"
            values[f"{start}.DeviceInfo.Address"] = channel.camera
            values[f"{start}.DeviceInfo.VideoInputs[0].Name"] = channel.name
            values[f"{start}.Enable"] = str(bool(channel.camera)).lower()
            values[f"{start}.UniqueChannel"] = channel.number - 1
        return lines(values)

    def _camera_state(self, _arguments: Arguments) -> Reply:
        if fault(self._device, "camera_state_501") is not None:
            return error(501, "Not Implemented!")
        values: dict[str, Any] = {}
        for number, channel in enumerate(self._device.channels):
            online = self._campus.is_online(channel)
            values[f"states[{number}].channel"] = channel.number - 1
            values[f"states[{number}].connectionState"] = "Connected" if online else "Unconnect"
        return lines(values)

    def _storage(self, _arguments: Arguments) -> Reply:
        values: dict[str, Any] = {}
        for number, disk in enumerate(shown_disks(self._device)):
            size = disk.capacity_gb * 10**9
            start = f"list.info[{number}]"
            is_bad = disk.state not in ("ok", DEGRADED)
            values[f"{start}.Name"] = "/dev/md0" if disk.is_array else f"/dev/sd{chr(97 + number)}"
            values[f"{start}.State"] = "Error" if is_bad else "Success"
            if disk.is_array:
                values |= {f"{start}.Type": "Raid5", f"{start}.State": "Degraded"}
            kind = "ReadOnly" if disk.is_read_only else "ReadWrite"
            values[f"{start}.Detail[0].Type"] = kind
            values[f"{start}.Detail[0].TotalBytes"] = f"{size}.000000"
            values[f"{start}.Detail[0].UsedBytes"] = f"{size}.000000"
            values[f"{start}.Detail[0].IsError"] = str(is_bad).lower()
        return lines(values)

    def _storage_names(self, _arguments: Arguments) -> Reply:
        names = [f"/dev/sd{chr(97 + n)}" for n in range(len(shown_disks(self._device)))]
        return lines({f"list[{n}]": name for n, name in enumerate(names)})

    def _snapshot(self, arguments: Arguments) -> Reply:
        number = arguments.get("channel", "1")
        channel = self._device.channel(int(number)) if number.isdigit() else None
        if channel is None:
            return error()
        picture = snapshot(self._campus, self._device, channel)
        if picture is None:
            return error(500, "Snapshot failed!")
        return Reply(200, picture, "image/jpeg", operation="snapshot")

    def _api(self, request: Request) -> Reply:
        """Answer the JSON pages that add, change and delete cameras."""
        name = request.path.removeprefix("/cgi-bin/api/LogicDeviceManager/")
        known = ("addCameraByGroup", "setCamera", "deleteCameraByGroup")
        if request.method != "POST" or name not in known or self._device.kind is Kind.CAMERA:
            return error(501, "Not Implemented!")
        try:
            groups = json.loads(request.body)["group"]
            changes = [
                (int(camera["uniqueChannel"]), group.get("DeviceInfo", {}))
                for group in groups
                for camera in group["cameras"]
            ]
        except (ValueError, KeyError, TypeError):
            return error()
        failed = [] if self._is_idle(name) else [self._change(name, *each) for each in changes]
        reply = json.dumps({"failedCode": [code for code in failed if code]}).encode()
        return Reply(200, reply, "application/json")

    def _change(self, name: str, unique: int, info: dict[str, Any]) -> int:
        """Return 0, or the failure's code. The unique channel counts from 0."""
        channel = self._device.channel(unique + 1)
        if name == "addCameraByGroup" and channel is None and unique >= 0:
            token = f"REC{unique + 1:03d}"
            camera = str(info.get("Address", ""))
            self._device.channels.append(
                SimChannel(unique + 1, f"Kanal {unique + 1}", token, camera)
            )
            return 0
        if channel is None or name == "addCameraByGroup":
            return 1
        channel.camera = "" if name == "deleteCameraByGroup" else str(info.get("Address", ""))
        return 0
