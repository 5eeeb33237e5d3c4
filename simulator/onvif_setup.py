"""What an ONVIF device tells of itself before anything else: what each service can do, its name, its network.

Every service answers `GetServiceCapabilities`. Public libraries ask these operations while they connect.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from simulator.faults import fault
from simulator.onvif_device import OnvifCall, Operation, offered
from simulator.paths import SERVICE_PATHS, http_url
from simulator.soap import NAMESPACES, SoapFault
from simulator.world import Auth, SimDevice

_VERSIONS = {"media2": "20.12", "device": "21.06"}
_PREFIXES = {
    "device": "tds",
    "media": "trt",
    "media2": "tr2",
    "recording": "trc",
    "search": "tse",
    "replay": "trp",
    "events": "tev",
}
# Element by element, in the words of each service's own specification.
_PLAIN_CAPABILITIES = {
    "trt": (
        '<trt:Capabilities SnapshotUri="true" Rotation="false"><trt:ProfileCapabilities '
        'MaximumNumberOfProfiles="{streams}"/><trt:StreamingCapabilities RTPMulticast="false" '
        'RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>'
    ),
    "tr2": (
        '<tr2:Capabilities SnapshotUri="true" Rotation="false" Mask="true"><tr2:ProfileCapabilities '
        'MaximumNumberOfProfiles="{streams}" ConfigurationsSupported="VideoSource VideoEncoder"/>'
        '<tr2:StreamingCapabilities RTSPStreaming="true" RTPMulticast="false" '
        'RTP_RTSP_TCP="true"/></tr2:Capabilities>'
    ),
    "trc": (
        '<trc:Capabilities DynamicRecordings="false" DynamicTracks="false" Options="true" '
        'MaxRecordings="{channels}" MaxRecordingJobs="{channels}"/>'
    ),
    "tse": '<tse:Capabilities MetadataSearch="false" GeneralStartEvents="false"/>',
    "trp": (
        '<trp:Capabilities ReversePlayback="false" SessionTimeoutRange="60 60" '
        'RTP_RTSP_TCP="true"/>'
    ),
    "tev": (
        '<tev:Capabilities WSSubscriptionPolicySupport="false" WSPullPointSupport="true" '
        'WSPausableSubscriptionManagerInterfaceSupport="false" MaxNotificationProducers="0" '
        'MaxPullPoints="10" PersistentNotificationStorage="false"/>'
    ),
}
_DEVICE_CAPABILITIES = (
    '<tds:Capabilities><tds:Network IPFilter="false" ZeroConfiguration="false" IPVersion6="false" '
    'DynDNS="false" NTP="{servers}"/><tds:Security UsernameToken="{wsse}" HttpDigest="{digest}" '
    'MaxUsers="16" MaxUserNameLength="32" MaxPasswordLength="64"/><tds:System DiscoveryResolve='
    '"false" DiscoveryBye="false" RemoteDiscovery="false" SystemBackup="false" SystemLogging='
    '"false" FirmwareUpgrade="false"/></tds:Capabilities>'
)


def capabilities(device: SimDevice, prefix: str) -> str:
    """Return the Capabilities element of the service with this prefix."""
    if prefix != "tds":
        channels = len(device.channels)
        return _PLAIN_CAPABILITIES[prefix].format(channels=channels, streams=2 * channels)
    wsse = device.auth in (Auth.WSSE, Auth.WSSE_THEN_DIGEST)
    digest = device.auth not in (Auth.WSSE, Auth.NONE)
    return _DEVICE_CAPABILITIES.format(
        servers=4, wsse=str(wsse).lower(), digest=str(digest).lower()
    )


def get_services(call: OnvifCall) -> str:
    device = call.device
    if fault(device, "only_capabilities") is not None:
        raise SoapFault("Optional Action Not Implemented", "ter:ActionNotSupported", status=500)
    paths = SERVICE_PATHS[device.dialect]
    tells_more = call.text("IncludeCapability").lower() in ("true", "1")
    items = []
    for name in offered(device):
        prefix = _PREFIXES[name]
        major, minor = _VERSIONS.get(name, "2.60").split(".")
        more = f"<tds:Capabilities>{capabilities(device, prefix)}</tds:Capabilities>"
        items.append(
            f"<tds:Service><tds:Namespace>{NAMESPACES[prefix]}</tds:Namespace><tds:XAddr>"
            f"{escape(http_url(device, paths[name]))}</tds:XAddr>{more if tells_more else ''}"
            f"<tds:Version><tt:Major>{major}</tt:Major><tt:Minor>{minor}</tt:Minor></tds:Version>"
            "</tds:Service>"
        )
    return f"<tds:GetServicesResponse>{''.join(items)}</tds:GetServicesResponse>"


def get_service_capabilities(call: OnvifCall) -> str:
    prefix = next(each for each, name in NAMESPACES.items() if name == call.soap.namespace)
    told = capabilities(call.device, prefix)
    return (
        f"<{prefix}:GetServiceCapabilitiesResponse>{told}</{prefix}:GetServiceCapabilitiesResponse>"
    )


def get_hostname(call: OnvifCall) -> str:
    name = escape(call.device.key or "camera")
    return (
        "<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>"
        f"<tt:Name>{name}</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>"
    )


def get_dns(_call: OnvifCall) -> str:
    return (
        "<tds:GetDNSResponse><tds:DNSInformation><tt:FromDHCP>false</tt:FromDHCP>"
        "</tds:DNSInformation></tds:GetDNSResponse>"
    )


def get_network_default_gateway(call: OnvifCall) -> str:
    first = call.device.address.split(".")[0]
    return (
        "<tds:GetNetworkDefaultGatewayResponse><tds:NetworkGateway>"
        f"<tt:IPv4Address>{first}.64.0.1</tt:IPv4Address></tds:NetworkGateway>"
        "</tds:GetNetworkDefaultGatewayResponse>"
    )


def get_network_protocols(call: OnvifCall) -> str:
    device = call.device
    is_tls = "tls" in device.faults
    ports = {"HTTP": 80, "HTTPS": 443, "RTSP": device.rtsp_port}
    ports["HTTPS" if is_tls else "HTTP"] = device.http_port
    items = "".join(
        f"<tds:NetworkProtocols><tt:Name>{name}</tt:Name>"
        f"<tt:Enabled>{str((name == 'HTTPS') == is_tls or name == 'RTSP').lower()}</tt:Enabled>"
        f"<tt:Port>{port}</tt:Port></tds:NetworkProtocols>"
        for name, port in ports.items()
    )
    return f"<tds:GetNetworkProtocolsResponse>{items}</tds:GetNetworkProtocolsResponse>"


def get_discovery_mode(_call: OnvifCall) -> str:
    return (
        "<tds:GetDiscoveryModeResponse><tds:DiscoveryMode>Discoverable</tds:DiscoveryMode>"
        "</tds:GetDiscoveryModeResponse>"
    )


def get_wsdl_url(_call: OnvifCall) -> str:
    return (
        "<tds:GetWsdlUrlResponse><tds:WsdlUrl>http://www.onvif.org/onvif/ver10/</tds:WsdlUrl>"
        "</tds:GetWsdlUrlResponse>"
    )


SETUP: dict[str, Operation] = {
    "GetServices": get_services,
    "GetHostname": get_hostname,
    "GetDNS": get_dns,
    "GetNetworkDefaultGateway": get_network_default_gateway,
    "GetNetworkProtocols": get_network_protocols,
    "GetDiscoveryMode": get_discovery_mode,
    "GetWsdlUrl": get_wsdl_url,
}
EVERYWHERE: dict[str, Operation] = {"GetServiceCapabilities": get_service_capabilities}
