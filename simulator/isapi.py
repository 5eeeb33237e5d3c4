"""Hikvision-style ISAPI: identity, time, channels, storage, users, pictures.

The recording index stands in `isapi_search`. HTTP digest always. The "Z" of recording times is the
device's wall clock.
"""

from __future__ import annotations

import datetime as dt
import re
from xml.sax.saxutils import escape

from lxml import etree

from simulator.clocks import TSI_MS, Base, Zone
from simulator.disks import shown_disks, smart_is_bad
from simulator.faults import Reply, fault
from simulator.http import Request
from simulator.isapi_items import Page, admin_accesses, one_of, part_of
from simulator.isapi_search import IndexPages
from simulator.isapi_xml import (
    XML,
    IsapiError,
    document,
    error_reply,
    leaf,
    parse_document,
    wall_text,
)
from simulator.logins import DigestGate, Outcome
from simulator.masks import isapi_masks
from simulator.pictures import snapshot
from simulator.world import Auth, Campus, Kind, SimChannel, SimDevice, SimUser, started_ms

_SECRET_TAGS = ("password",)


class IsapiSide:
    """Answers the ISAPI pages of one device."""

    def __init__(self, campus: Campus, device: SimDevice) -> None:
        self._campus = campus
        self._device = device
        algorithm = "SHA-256" if device.auth is Auth.DIGEST_SHA256 else "MD5"
        self._digest = DigestGate(device, campus, algorithm)
        self._proxies: dict[int, dict[str, str]] = {}
        pages: list[tuple[str, str, Page]] = [
            ("GET", r"/ISAPI/System/deviceInfo", self._device_info),
            ("GET", r"/ISAPI/System/status", self._status),
            ("GET", r"/ISAPI/System/time", self._time),
            ("PUT", r"/ISAPI/System/time", self._set_time),
            ("GET", r"/ISAPI/System/time/ntpServers", self._ntp_servers),
            ("GET", r"/ISAPI/System/time/ntpServers/(\d+)", one_of(self._ntp_servers)),
            ("PUT", r"/ISAPI/System/time/ntpServers", self._set_ntp_servers),
            ("GET", r"/ISAPI/System/Network/interfaces", self._interfaces),
            ("GET", r"/ISAPI/System/Network/interfaces/(\d+)", one_of(self._interfaces)),
            ("GET", r"/ISAPI/System/capabilities", self._capabilities),
            ("GET", r"/ISAPI/Security/userCheck", self._user_check),
            ("GET", r"/ISAPI/Security/users", self._users),
            ("GET", r"/ISAPI/Security/users/(\d+)", one_of(self._users)),
            ("PUT", r"/ISAPI/Security/users/(\d+)", self._set_user),
            ("GET", r"/ISAPI/Security/adminAccesses", lambda *_: admin_accesses(device)),
            ("GET", r"/ISAPI/System/Video/inputs/channels/(\d+)/privacyMask", self._masks),
            ("GET", r"/ISAPI/Streaming/channels", self._streams),
            ("GET", r"/ISAPI/Streaming/channels/(\d+)", one_of(self._streams)),
            ("GET", r"/ISAPI/Streaming/channels/(\d+)/picture", self._picture),
            (
                "GET",
                r"/ISAPI/ContentMgmt/StreamingProxy/channels/(\d+)/picture",
                self._picture,
            ),
        ]
        if device.kind is Kind.RECORDER:
            index = IndexPages(campus, device)
            proxy = r"/ISAPI/ContentMgmt/InputProxy/channels"
            disks = part_of(self._storage, "hddList")
            pages += [
                ("GET", proxy, self._channels),
                ("POST", proxy, self._add_channel),
                ("GET", proxy + r"/status", self._channels_status),
                ("PUT", proxy + r"/(\d+)", self._set_channel),
                ("DELETE", proxy + r"/(\d+)", self._delete_channel),
                ("GET", proxy + r"/(\d+)", one_of(self._channels)),
                ("GET", proxy + r"/(\d+)/status", one_of(self._channels_status)),
                ("GET", r"/ISAPI/ContentMgmt/Storage", self._storage),
                ("GET", r"/ISAPI/ContentMgmt/Storage/hdd", disks),
                ("GET", r"/ISAPI/ContentMgmt/Storage/hdd/(\d{1,3})", one_of(disks)),
                ("GET", r"/ISAPI/ContentMgmt/Storage/hdd/(\d{1,3})/SMARTTest/status", self._smart),
                *index.pages(),
            ]
        self._pages = [(method, re.compile(path + "/?$"), page) for method, path, page in pages]

    def knows(self, path: str) -> bool:
        """Whether this path belongs to ISAPI."""
        return path.startswith("/ISAPI/")

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        reply = self._answer(request)
        reply.operation = reply.operation or request.path
        return reply

    def _answer(self, request: Request) -> Reply:
        refusal, username, outcome = self._digest.demand(request)
        if refusal is not None:
            refusal.content_type = XML
            refusal.body = self._unauthorized(outcome, username)
            return refusal
        other_method = False
        for method, path, page in self._pages:
            match = path.match(request.path)
            if match is None:
                continue
            if method != request.method:
                other_method = True
                continue
            try:
                return page(request, match)
            except IsapiError as error:
                return error_reply(self._device, request.path, error)
        code = "methodNotAllowed" if other_method else "notSupport"
        status = 405 if other_method else 403
        unknown = IsapiError(status, 4, "Invalid Operation", code)
        return error_reply(self._device, request.path, unknown)

    def _unauthorized(self, outcome: Outcome, username: str) -> bytes:
        """Return the body of a 401, which tells how many tries are left."""
        lock = ""
        if self._device.lockout_after:
            tries = self._device.wrong_tries.get(username, 0)
            locked = outcome is Outcome.LOCKED
            lock = leaf("lockStatus", "lock" if locked else "unlock")
            lock += leaf("retryLoginTime", str(max(0, self._device.lockout_after - tries)))
            lock += leaf("unlockTime", "1800") if locked else ""
        return document(
            "userCheck", leaf("statusValue", "401") + leaf("statusString", "Unauthorized") + lock
        )

    def _done(self, request: Request) -> Reply:
        """Return the answer to a write that went well."""
        inner = leaf("requestURL", request.path) + leaf("statusCode", "1")
        inner += leaf("statusString", "OK") + leaf("subStatusCode", "ok")
        return Reply(200, document("ResponseStatus", inner), XML)

    def _is_idle(self, request: Request) -> bool:
        return fault(self._device, "ok_did_nothing", request.path) is not None

    def _status(self, _request: Request, _match: re.Match[str]) -> Reply:
        if fault(self._device, "no_last_reboot") is not None:
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        now = self._campus.now_ms()
        seconds = (now - started_ms(self._device, now)) // 1000
        inner = leaf("currentDeviceTime", wall_text(self._device.clock.at(now, Base.LOCAL)))
        return Reply(200, document("DeviceStatus", inner + leaf("deviceUpTime", str(seconds))), XML)

    def _device_info(self, _request: Request, _match: re.Match[str]) -> Reply:
        device = self._device
        version, _, build = device.firmware.partition(" ")
        inner = "".join(
            leaf(tag, text)
            for tag, text in {
                "deviceName": device.name,
                "deviceID": f"{device.seed & 0xFFFFFFFFFFFF:012x}",
                "model": device.model,
                "serialNumber": device.serial,
                "macAddress": device.mac.lower(),
                "firmwareVersion": version,
                "firmwareReleasedDate": build,
                "deviceType": "NVR" if device.kind is Kind.RECORDER else "IPCamera",
            }.items()
        )
        return Reply(200, document("DeviceInfo", inner), XML)

    def _time(self, _request: Request, _match: re.Match[str]) -> Reply:
        device = self._device
        shown = device.clock.reading(self._campus.now_ms(), Base.LOCAL)
        zone = device.clock.setting
        hours = zone.utc_offset_ms // 3_600_000
        inner = leaf("timeMode", "NTP" if device.uses_ntp else "manual")
        inner += leaf("localTime", f"{wall_text(shown, 'T')}+{hours:02d}:00")
        posix = f"CST-{hours}:00:00"
        inner += leaf("timeZone", posix if not zone.daylight_saving else zone.posix)
        return Reply(200, document("Time", inner), XML)

    def _set_time(self, request: Request, _match: re.Match[str]) -> Reply:
        root = parse_document(request.body, "Time")
        mode = root.findtext("{*}timeMode")
        if mode not in ("manual", "NTP"):
            raise IsapiError(400, 6, "Invalid Content", "badXmlContent")
        if self._is_idle(request):
            return self._done(request)
        clock = self._device.clock
        self._device.uses_ntp = mode == "NTP"
        zone = root.findtext("{*}timeZone")
        if zone:
            clock.zone = Zone.TRT if zone.startswith("CST-3:00:00") else Zone.UTC
            if zone.startswith("CST-3:00:00DST"):
                clock.zone = Zone.DST_ALL_YEAR
        if mode == "NTP":
            clock.offset_ms, clock.drift_s_per_day, clock.jumps, clock.resets = 0, 0.0, [], []
        elif text := root.findtext("{*}localTime"):
            now = self._campus.now_ms()
            wall = dt.datetime.fromisoformat(text[:19]).replace(tzinfo=dt.UTC)
            shows = int(wall.timestamp() * 1000) - TSI_MS
            clock.resets.append((now, shows - clock.zone_error_ms(now, Base.LOCAL)))
        clock.rebuild()
        return self._done(request)

    def _ntp_servers(self, _request: Request, _match: re.Match[str]) -> Reply:
        servers = self._device.ntp_servers or ["0.0.0.0"]
        inner = "".join(
            f"<NTPServer>{leaf('id', str(n))}{leaf('addressingFormatType', 'ipaddress')}"
            f"{leaf('ipAddress', each)}{leaf('portNo', '123')}"
            f"{leaf('synchronizeInterval', '60')}</NTPServer>"
            for n, each in enumerate(servers, 1)
        )
        return Reply(200, document("NTPServerList", inner), XML)

    def _set_ntp_servers(self, request: Request, _match: re.Match[str]) -> Reply:
        root = parse_document(request.body, "NTPServerList")
        found = [(each.text or "").strip() for each in root.iter("{*}ipAddress", "{*}hostName")]
        if not self._is_idle(request):
            self._device.ntp_servers = [each for each in found if each]
        return self._done(request)

    def _interfaces(self, _request: Request, _match: re.Match[str]) -> Reply:
        address = leaf("ipVersion", "v4") + leaf("addressingType", "static")
        address += leaf("ipAddress", self._device.address) + leaf("subnetMask", "255.192.0.0")
        link = leaf("MACAddress", self._device.mac.lower()) + leaf("MTU", "1500")
        inner = f"<NetworkInterface>{leaf('id', '1')}<IPAddress>{address}</IPAddress>"
        inner += f"<Link>{link}</Link></NetworkInterface>"
        return Reply(200, document("NetworkInterfaceList", inner), XML)

    def _capabilities(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = leaf("isSupportSubscribeEvent", "true")
        if self._device.kind is Kind.RECORDER:
            inner += leaf("isSupportDailyDistribution", "true")
        return Reply(200, document("DeviceCap", inner), XML)

    def _user_check(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = leaf("statusValue", "200") + leaf("statusString", "OK")
        inner += leaf("isDefaultPassword", "false") + leaf("isRiskPassword", "false")
        return Reply(200, document("userCheck", inner), XML)

    def _users(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = "".join(
            f"<User>{leaf('id', str(n))}{leaf('userName', name)}"
            f"{leaf('userLevel', each.level)}</User>"
            for n, (name, each) in enumerate(self._device.users.items(), 1)
        )
        return Reply(200, document("UserList", inner), XML)

    def _set_user(self, request: Request, match: re.Match[str]) -> Reply:
        root = parse_document(request.body, "User")
        names = list(self._device.users)
        number = int(match[1])
        password = root.findtext("{*}password") or ""
        if not 1 <= number <= len(names) or root.findtext("{*}userName") != names[number - 1]:
            raise IsapiError(400, 6, "Invalid Content", "badParameters")
        if len(password) < 8:
            raise IsapiError(400, 6, "Invalid Content", "riskPassword")
        if not self._is_idle(request):
            self._device.users[names[number - 1]] = SimUser(password)
        return self._done(request)

    def _streams(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = "".join(
            f"<StreamingChannel>{leaf('id', str(each.number * 100 + stream))}"
            f"{leaf('channelName', each.name)}{leaf('enabled', 'true')}"
            f"<Video>{leaf('videoCodecType', 'H.264')}</Video></StreamingChannel>"
            for each in self._device.channels
            for stream in (1, 2)
        )
        return Reply(200, document("StreamingChannelList", inner), XML)

    def _masks(self, _request: Request, match: re.Match[str]) -> Reply:
        channel = self._device.channel(int(match[1]))
        if channel is None or fault(self._device, "no_masks") is not None:
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        return Reply(200, document("PrivacyMask", isapi_masks(self._device, channel.number)), XML)

    def _picture(self, request: Request, match: re.Match[str]) -> Reply:
        channel = self._device.channel(int(match[1]) // 100)
        if channel is None or int(match[1]) % 100 not in (1, 2):
            raise IsapiError(400, 4, "Invalid Operation", "invalidOperation")
        picture = snapshot(self._campus, self._device, channel)
        if picture is None:
            raise IsapiError(500, 3, "Device Error", "deviceError")
        return Reply(200, picture, "image/jpeg", operation=request.path)

    def _port_descriptor(self, channel: SimChannel) -> str:
        camera = self._campus.camera_of(channel)
        written = self._proxies.get(channel.number, {})
        fields = {
            "proxyProtocol": "ONVIF",
            "addressingFormatType": "ipaddress",
            "ipAddress": channel.camera or "0.0.0.0",
            "managePortNo": "80",
            "srcInputPort": "1",
            "userName": "admin",
            "streamType": "auto",
            "model": camera.model if camera else "",
            "serialNumber": camera.serial if camera else "",
            "firmwareVersion": camera.firmware if camera else "",
            **written,
        }
        return "".join(leaf(tag, text) for tag, text in fields.items() if tag not in _SECRET_TAGS)

    def _channels(self, _request: Request, _match: re.Match[str]) -> Reply:
        inner = "".join(
            f"<InputProxyChannel>{leaf('id', str(each.number))}{leaf('name', each.name)}"
            f"<sourceInputPortDescriptor>{self._port_descriptor(each)}"
            "</sourceInputPortDescriptor></InputProxyChannel>"
            for each in self._device.channels
        )
        return Reply(200, document("InputProxyChannelList", inner), XML)

    def _channels_status(self, _request: Request, _match: re.Match[str]) -> Reply:
        items = []
        for each in self._device.channels:
            online = self._campus.is_online(each)
            why = "connect" if online else "netUnreachable"
            items.append(
                f"<InputProxyChannelStatus>{leaf('id', str(each.number))}"
                f"<sourceInputPortDescriptor>{self._port_descriptor(each)}"
                f"</sourceInputPortDescriptor>{leaf('online', str(online).lower())}"
                f"{leaf('chanDetectResult', why)}</InputProxyChannelStatus>"
            )
        return Reply(200, document("InputProxyChannelStatusList", "".join(items)), XML)

    def _read_proxy(self, request: Request) -> tuple[str, dict[str, str]]:
        root = parse_document(request.body, "InputProxyChannel")
        port = root.find("{*}sourceInputPortDescriptor")
        if port is None:
            raise IsapiError(400, 6, "Invalid Content", "badXmlContent")
        given = {str(etree.QName(each).localname): (each.text or "").strip() for each in port}
        # PUT replaces the whole document, so what is left out is lost.
        needed = ("proxyProtocol", "ipAddress", "managePortNo", "userName")
        if not all(given.get(tag) for tag in needed):
            raise IsapiError(400, 6, "Invalid Content", "badXmlContent")
        return root.findtext("{*}name") or "", given

    def _add_channel(self, request: Request, _match: re.Match[str]) -> Reply:
        name, given = self._read_proxy(request)
        if not self._is_idle(request):
            number = max((each.number for each in self._device.channels), default=0) + 1
            channel = SimChannel(number, name, f"REC{number:03d}", given["ipAddress"])
            self._device.channels.append(channel)
            self._proxies[number] = given
        return self._done(request)

    def _proxy(self, match: re.Match[str]) -> SimChannel:
        channel = self._device.channel(int(match[1]))
        if channel is None:
            raise IsapiError(400, 4, "Invalid Operation", "invalidOperation")
        return channel

    def _set_channel(self, request: Request, match: re.Match[str]) -> Reply:
        channel = self._proxy(match)
        name, given = self._read_proxy(request)
        if not self._is_idle(request):
            channel.name, channel.camera = name, given["ipAddress"]
            self._proxies[channel.number] = given
        return self._done(request)

    def _delete_channel(self, request: Request, match: re.Match[str]) -> Reply:
        channel = self._proxy(match)
        if not self._is_idle(request):
            self._device.channels.remove(channel)
        return self._done(request)

    def _storage(self, _request: Request, _match: re.Match[str]) -> Reply:
        items = "".join(
            f"<hdd>{leaf('id', str(n))}{leaf('hddName', escape('hdd' + each.slot))}"
            f"{leaf('hddType', 'Virtual Disk' if each.is_array else 'SATA')}{leaf('status', each.state)}"
            f"{leaf('capacity', str(each.capacity_gb * 1000))}{leaf('freeSpace', '0')}"
            f"{leaf('property', 'RO' if each.is_read_only else 'RW')}</hdd>"
            for n, each in enumerate(shown_disks(self._device), 1)
        )
        return Reply(200, document("storage", f"<hddList>{items}</hddList>"), XML)

    def _smart(self, _request: Request, match: re.Match[str]) -> Reply:
        number = int(match[1])
        if not 1 <= number <= len(shown_disks(self._device)):
            raise IsapiError(403, 4, "Invalid Operation", "notSupport")
        bad = smart_is_bad(self._device, number)
        inner = leaf("id", match[1]) + leaf("temprature", "38") + leaf("powerOnDay", "612")
        inner += leaf("selfEvaluaingStatus", "error" if bad else "ok")
        inner += leaf("allEvaluaingStatus", "badsectors" if bad else "functional")
        return Reply(200, document("SmartTestStatus", inner), XML)
