"""The ONVIF Device service: identity, time, network, users."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

from lxml import etree

from simulator.clocks import TSI_MS, Base, Zone
from simulator.faults import fault
from simulator.paths import SERVICE_PATHS, http_url
from simulator.soap import NAMESPACES, SoapCall, SoapFault, boolean, child
from simulator.world import Campus, Dialect, Kind, SimDevice, SimUser


@dataclass(slots=True)
class OnvifCall:
    """What an operation needs to answer."""

    campus: Campus
    device: SimDevice
    soap: SoapCall
    username: str = ""
    idle_write: bool = False  # the device says 200 to writes and does nothing
    wait_ms: int = 0  # so long the device holds its answer back

    def text(self, *names: str, default: str = "") -> str:
        return self.soap.text(*names, default=default)


Operation = Callable[[OnvifCall], str]

REBOOT_MS = 6000


def offered(device: SimDevice) -> list[str]:
    """Return the names of the services that this device has."""
    names = ["device", "media", "media2", "events"]
    if device.profile_g:
        names += ["recording", "search", "replay"]
    return [name for name in names if fault(device, f"no_{name}") is None]


def _date_time(tag: str, wall_ms: int) -> str:
    moment = dt.datetime.fromtimestamp(wall_ms // 1000, dt.UTC)
    return (
        f"<tt:{tag}><tt:Time><tt:Hour>{moment.hour}</tt:Hour><tt:Minute>{moment.minute}</tt:Minute>"
        f"<tt:Second>{moment.second}</tt:Second></tt:Time><tt:Date><tt:Year>{moment.year}</tt:Year>"
        f"<tt:Month>{moment.month}</tt:Month><tt:Day>{moment.day}</tt:Day></tt:Date></tt:{tag}>"
    )


def get_system_date_and_time(call: OnvifCall) -> str:
    device = call.device
    now = call.campus.now_ms()
    zone = device.clock.setting
    utc = local = ""
    if fault(device, "no_utc") is None:
        utc = _date_time("UTCDateTime", device.clock.reading(now, Base.UTC))
    if fault(device, "no_local") is None:
        local = _date_time("LocalDateTime", device.clock.reading(now, Base.LOCAL) + TSI_MS)
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        f"<tt:DateTimeType>{'NTP' if device.uses_ntp else 'Manual'}</tt:DateTimeType>"
        f"<tt:DaylightSavings>{boolean(device, zone.daylight_saving)}</tt:DaylightSavings>"
        f"<tt:TimeZone><tt:TZ>{zone.posix}</tt:TZ></tt:TimeZone>{utc}{local}"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def set_system_date_and_time(call: OnvifCall) -> str:
    done = "<tds:SetSystemDateAndTimeResponse/>"
    kind = call.text("DateTimeType")
    if kind not in ("NTP", "Manual"):
        raise SoapFault("Bad DateTimeType", "ter:InvalidArgVal", "ter:InvalidDateTime")
    zone = call.text("TimeZone", "TZ")
    if zone and zone.startswith("<"):
        raise SoapFault("Unknown time zone", "ter:InvalidArgVal", "ter:InvalidTimeZone")
    if call.idle_write:
        return done
    clock = call.device.clock
    daylight = call.text("DaylightSavings").lower() in ("true", "1")
    if zone:
        right = zone.startswith(("TRT-3", "UTC-3", "CST-3"))
        clock.zone = (Zone.DST_ALL_YEAR if daylight else Zone.TRT) if right else Zone.UTC
    call.device.uses_ntp = kind == "NTP"
    if kind == "NTP":
        clock.offset_ms, clock.drift_s_per_day = 0, 0.0
        clock.jumps, clock.resets = [], []
    elif (element := child(call.soap.element, "UTCDateTime")) is not None:
        now = call.campus.now_ms()
        clock.resets.append((now, _read_date_time(element)))
    clock.rebuild()
    return done


def _read_date_time(element: etree._Element) -> int:
    figures = {str(etree.QName(e).localname): e.text for e in element.iter() if len(e) == 0}
    try:
        year, month, day, hour, minute, second = (
            int(figures[name] or "")
            for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
        )
        moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except (KeyError, ValueError) as error:
        raise SoapFault("Bad date", "ter:InvalidArgVal", "ter:InvalidDateTime") from error
    return int(moment.timestamp()) * 1000


def get_capabilities(call: OnvifCall) -> str:
    device = call.device
    has = offered(device)

    def address(name: str) -> str:
        path = SERVICE_PATHS[device.dialect][name]
        return f"<tt:XAddr>{escape(http_url(device, path))}</tt:XAddr>"

    events = (
        f"<tt:Events>{address('events')}<tt:WSSubscriptionPolicySupport>false"
        "</tt:WSSubscriptionPolicySupport><tt:WSPullPointSupport>true</tt:WSPullPointSupport>"
        "<tt:WSPausableSubscriptionManagerInterfaceSupport>false"
        "</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
        if "events" in has
        else ""
    )
    recording = (
        f"<tt:Recording>{address('recording')}<tt:ReceiverSource>false</tt:ReceiverSource>"
        "<tt:MediaProfileSource>true</tt:MediaProfileSource><tt:DynamicRecordings>false"
        "</tt:DynamicRecordings><tt:DynamicTracks>false</tt:DynamicTracks>"
        "<tt:MaxStringLength>64</tt:MaxStringLength></tt:Recording>"
        if "recording" in has
        else ""
    )
    search = (
        f"<tt:Search>{address('search')}<tt:MetadataSearch>false</tt:MetadataSearch></tt:Search>"
        if "search" in has
        else ""
    )
    replay = f"<tt:Replay>{address('replay')}</tt:Replay>" if "replay" in has else ""
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device>{address('device')}</tt:Device>{events}"
        f"<tt:Media>{address('media')}<tt:StreamingCapabilities><tt:RTPMulticast>false"
        "</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        f"</tt:StreamingCapabilities></tt:Media><tt:Extension>{recording}{search}{replay}"
        "</tt:Extension></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def get_device_information(call: OnvifCall) -> str:
    device = call.device
    fields = {
        "Manufacturer": device.maker,
        "Model": device.model,
        "FirmwareVersion": device.firmware,
        "SerialNumber": device.serial,
        "HardwareId": device.hardware,
    }
    inner = "".join(f"<tds:{tag}>{escape(text)}</tds:{tag}>" for tag, text in fields.items())
    return f"<tds:GetDeviceInformationResponse>{inner}</tds:GetDeviceInformationResponse>"


def scopes_of(device: SimDevice) -> list[str]:
    """Return the scope addresses; discovery tells the same ones."""
    base = "onvif://www.onvif.org"
    role = "Recorder" if device.kind is Kind.RECORDER else "Network_Video_Transmitter"
    profiles = ["Streaming", "T"] + (["G"] if device.profile_g else [])
    return [
        *(f"{base}/Profile/{name}" for name in profiles),
        f"{base}/type/{role}",
        f"{base}/hardware/{quote(device.model)}",
        f"{base}/name/{quote(device.name or device.model)}",
        f"{base}/MAC/{device.mac}",
    ]


def get_scopes(call: OnvifCall) -> str:
    items = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{escape(each)}</tt:ScopeItem>"
        "</tds:Scopes>"
        for each in scopes_of(call.device)
    )
    return f"<tds:GetScopesResponse>{items}</tds:GetScopesResponse>"


def get_network_interfaces(call: OnvifCall) -> str:
    device = call.device
    return (
        '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true'
        "</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name>"
        f"<tt:HwAddress>{escape(device.mac)}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>"
        "<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual>"
        f"<tt:Address>{device.address}</tt:Address><tt:PrefixLength>10</tt:PrefixLength>"
        "</tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces>"
        "</tds:GetNetworkInterfacesResponse>"
    )


def set_network_interfaces(call: OnvifCall) -> str:
    if call.text("InterfaceToken") != "eth0":
        raise SoapFault("No such interface", "ter:InvalidArgVal", "ter:InvalidNetworkInterface")
    # The address cannot really move here, so the device asks for a reboot and then keeps the old
    # one: exactly what some makes do, and why every write is read back.
    return (
        "<tds:SetNetworkInterfacesResponse><tds:RebootNeeded>true</tds:RebootNeeded>"
        "</tds:SetNetworkInterfacesResponse>"
    )


def get_ntp(call: OnvifCall) -> str:
    servers = call.device.ntp_servers or ["0.0.0.0"]
    items = "".join(
        "<tt:NTPManual><tt:Type>IPv4</tt:Type>"
        f"<tt:IPv4Address>{escape(each)}</tt:IPv4Address></tt:NTPManual>"
        for each in servers
    )
    return (
        "<tds:GetNTPResponse><tds:NTPInformation><tt:FromDHCP>false</tt:FromDHCP>"
        f"{items}</tds:NTPInformation></tds:GetNTPResponse>"
    )


def set_ntp(call: OnvifCall) -> str:
    found = [
        (each.findtext("{*}IPv4Address") or each.findtext("{*}DNSname") or "").strip()
        for each in call.soap.element.iter("{*}NTPManual")
    ]
    if not call.idle_write:
        call.device.ntp_servers = [each for each in found if each]
    return "<tds:SetNTPResponse/>"


def get_users(call: OnvifCall) -> str:
    items = "".join(
        f"<tds:User><tt:Username>{escape(name)}</tt:Username>"
        f"<tt:UserLevel>{user.level}</tt:UserLevel></tds:User>"
        for name, user in call.device.users.items()
    )
    return f"<tds:GetUsersResponse>{items}</tds:GetUsersResponse>"


def _given_users(call: OnvifCall) -> list[tuple[str, str, str]]:
    users = []
    for each in call.soap.element.iter(f"{{{NAMESPACES['tds']}}}User"):
        name = (each.findtext("{*}Username") or "").strip()
        level = (each.findtext("{*}UserLevel") or "").strip()
        if level not in ("Administrator", "Operator", "User"):
            raise SoapFault("UserLevel is required", "ter:InvalidArgVal", "ter:FixedUser")
        if not 3 <= len(name) <= 32:
            raise SoapFault("Bad user", "ter:InvalidArgVal", "ter:UsernameTooShort")
        users.append((name, each.findtext("{*}Password") or "", level))
    return users


def create_users(call: OnvifCall) -> str:
    for name, password, level in _given_users(call):
        if name in call.device.users:
            raise SoapFault("Exists", "ter:OperationProhibited", "ter:UsernameClash")
        if len(password) < 8:
            raise SoapFault("Weak password", "ter:OperationProhibited", "ter:PasswordTooWeak")
        if not call.idle_write:
            call.device.users[name] = SimUser(password, level)
    return "<tds:CreateUsersResponse/>"


def set_user(call: OnvifCall) -> str:
    for name, password, level in _given_users(call):
        if name not in call.device.users:
            raise SoapFault("No such user", "ter:InvalidArgVal", "ter:UsernameMissing")
        if password and len(password) < 8:
            raise SoapFault("Weak password", "ter:OperationProhibited", "ter:PasswordTooWeak")
        if not call.idle_write:
            kept = password or call.device.users[name].password
            call.device.users[name] = SimUser(kept, level)
    return "<tds:SetUserResponse/>"


def delete_users(call: OnvifCall) -> str:
    for each in call.soap.element.iter(f"{{{NAMESPACES['tds']}}}Username"):
        name = (each.text or "").strip()
        if name not in call.device.users:
            raise SoapFault("No such user", "ter:InvalidArgVal", "ter:UsernameMissing")
        if name == call.username:
            raise SoapFault("Fixed user", "ter:OperationProhibited", "ter:FixedUser")
        if not call.idle_write:
            del call.device.users[name]
    return "<tds:DeleteUsersResponse/>"


def system_reboot(call: OnvifCall) -> str:
    seconds = 90 if call.device.dialect is Dialect.ISAPI else 60
    if not call.idle_write:
        # Shorter than it says, so that a test need not wait; the recordings miss the time.
        now = call.campus.now_ms()
        call.device.down.append((now + 500, now + 500 + REBOOT_MS))
    return (
        f"<tds:SystemRebootResponse><tds:Message>Rebooting in {seconds} seconds</tds:Message>"
        "</tds:SystemRebootResponse>"
    )


OPERATIONS: dict[str, Operation] = {
    "GetSystemDateAndTime": get_system_date_and_time,
    "SetSystemDateAndTime": set_system_date_and_time,
    "GetCapabilities": get_capabilities,
    "GetDeviceInformation": get_device_information,
    "GetScopes": get_scopes,
    "GetNetworkInterfaces": get_network_interfaces,
    "SetNetworkInterfaces": set_network_interfaces,
    "GetNTP": get_ntp,
    "SetNTP": set_ntp,
    "GetUsers": get_users,
    "CreateUsers": create_users,
    "SetUser": set_user,
    "DeleteUsers": delete_users,
    "SystemReboot": system_reboot,
}
