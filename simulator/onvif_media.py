"""The ONVIF Media and Media2 services: profiles, addresses of streams and pictures, masks."""

from __future__ import annotations

from xml.sax.saxutils import escape

from lxml import etree

from simulator.faults import fault
from simulator.onvif_configurations import (
    CONFIGURATIONS,
    CONFIGURATIONS_2,
    configuration_token,
    profile_token,
    source_token,
    video_encoder,
    video_encoder_2,
    video_source,
)
from simulator.onvif_device import OnvifCall, Operation
from simulator.paths import given_uri, live_path, snapshot_path
from simulator.soap import SoapFault, child
from simulator.world import SimChannel, SimDevice

MAX_MASKS = 4


def _profile(call: OnvifCall, token: str) -> tuple[SimChannel, bool]:
    for channel in call.device.channels:
        for sub in (False, True):
            if token == profile_token(channel, sub):
                return channel, sub
    raise SoapFault("No such profile", "ter:InvalidArgVal", "ter:NoProfile")


def _media_profile(channel: SimChannel, sub: bool) -> str:
    token = profile_token(channel, sub)
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{escape(channel.name)}</tt:Name>'
        f"{video_source('tt:VideoSourceConfiguration', channel)}"
        f"{video_encoder('tt:VideoEncoderConfiguration', channel, sub)}</trt:Profiles>"
    )


def get_profiles(call: OnvifCall) -> str:
    items = "".join(
        _media_profile(channel, sub) for channel in call.device.channels for sub in (False, True)
    )
    return f"<trt:GetProfilesResponse>{items}</trt:GetProfilesResponse>"


def get_profile(call: OnvifCall) -> str:
    profile = _media_profile(*_profile(call, call.text("ProfileToken")))
    profile = profile.replace("trt:Profiles", "trt:Profile")
    return f"<trt:GetProfileResponse>{profile}</trt:GetProfileResponse>"


def get_video_sources(call: OnvifCall) -> str:
    items = "".join(
        f'<trt:VideoSources token="{source_token(channel)}"><tt:Framerate>15</tt:Framerate>'
        "<tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution>"
        "</trt:VideoSources>"
        for channel in call.device.channels
    )
    return f"<trt:GetVideoSourcesResponse>{items}</trt:GetVideoSourcesResponse>"


def _media_uri(uri: str) -> str:
    return (
        f"<trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
        "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
        "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>"
    )


def get_stream_uri(call: OnvifCall) -> str:
    channel, sub = _profile(call, call.text("ProfileToken"))
    protocol = call.text("StreamSetup", "Transport", "Protocol")
    if protocol not in ("UDP", "TCP", "RTSP", "HTTP"):
        raise SoapFault("Bad transport", "ter:InvalidArgVal", "ter:InvalidStreamSetup")
    uri = given_uri(call.device, "rtsp", live_path(call.device, channel, sub), "GetStreamUri")
    return f"<trt:GetStreamUriResponse>{_media_uri(uri)}</trt:GetStreamUriResponse>"


def get_snapshot_uri(call: OnvifCall) -> str:
    channel, _ = _profile(call, call.text("ProfileToken"))
    uri = given_uri(call.device, "http", snapshot_path(call.device, channel), "GetSnapshotUri")
    return f"<trt:GetSnapshotUriResponse>{_media_uri(uri)}</trt:GetSnapshotUriResponse>"


def get_profiles_2(call: OnvifCall) -> str:
    items = "".join(
        f'<tr2:Profiles token="{profile_token(channel, sub)}" fixed="true"><tr2:Name>'
        f"{escape(channel.name)}</tr2:Name><tr2:Configurations>"
        f"{video_source('tr2:VideoSource', channel)}"
        f"{video_encoder_2('tr2:VideoEncoder', channel, sub)}</tr2:Configurations></tr2:Profiles>"
        for channel in call.device.channels
        for sub in (False, True)
        if call.text("Token") in ("", profile_token(channel, sub))
    )
    return f"<tr2:GetProfilesResponse>{items}</tr2:GetProfilesResponse>"


def get_stream_uri_2(call: OnvifCall) -> str:
    channel, sub = _profile(call, call.text("ProfileToken"))
    uri = given_uri(call.device, "rtsp", live_path(call.device, channel, sub), "GetStreamUri")
    return f"<tr2:GetStreamUriResponse><tr2:Uri>{uri}</tr2:Uri></tr2:GetStreamUriResponse>"


def get_snapshot_uri_2(call: OnvifCall) -> str:
    channel, _ = _profile(call, call.text("ProfileToken"))
    uri = given_uri(call.device, "http", snapshot_path(call.device, channel), "GetSnapshotUri")
    return f"<tr2:GetSnapshotUriResponse><tr2:Uri>{uri}</tr2:Uri></tr2:GetSnapshotUriResponse>"


def _configuration(device: SimDevice, token: str) -> str:
    if token not in {configuration_token(each) for each in device.channels}:
        raise SoapFault("No such configuration", "ter:InvalidArgVal", "ter:NoConfig")
    return token


def _read_mask(call: OnvifCall) -> tuple[str, dict[str, object]]:
    element = child(call.soap.element, "Mask")
    if element is None:
        raise SoapFault("No mask", "ter:InvalidArgVal")
    points = [
        (float(each.get("x", "0")), float(each.get("y", "0"))) for each in element.iter("{*}Point")
    ]
    outside = any(abs(x) > 1 or abs(y) > 1 for x, y in points)
    kind = element.findtext("{*}Type") or ""
    if not 3 <= len(points) <= 8 or outside or kind not in ("Color", "Blurred", "Pixelated"):
        raise SoapFault("Bad mask", "ter:InvalidArgVal", "ter:InvalidPolygon")
    colour = element.find("{*}Color")
    mask: dict[str, object] = {
        "configuration": _configuration(
            call.device, element.findtext("{*}ConfigurationToken") or ""
        ),
        "points": points,
        "kind": kind,
        "colour": "" if colour is None else etree.tostring(colour, with_tail=False).decode(),
        "enabled": (element.findtext("{*}Enabled") or "true").lower() in ("true", "1"),
    }
    return element.get("token", ""), mask


def _mask_xml(token: str, mask: dict[str, object]) -> str:
    points = mask["points"]
    assert isinstance(points, list)
    polygon = "".join(f'<tt:Point x="{x:g}" y="{y:g}"/>' for x, y in points)
    return (
        f'<tr2:Masks token="{token}"><tr2:ConfigurationToken>{mask["configuration"]}'
        f"</tr2:ConfigurationToken><tr2:Polygon>{polygon}</tr2:Polygon><tr2:Type>{mask['kind']}"
        f"</tr2:Type>{mask['colour']}<tr2:Enabled>{str(mask['enabled']).lower()}</tr2:Enabled>"
        "</tr2:Masks>"
    )


def get_masks(call: OnvifCall) -> str:
    if fault(call.device, "no_masks") is not None:
        raise SoapFault("Optional Action Not Implemented", "ter:ActionNotSupported", status=500)
    token, configuration = call.text("Token"), call.text("ConfigurationToken")
    items = "".join(
        _mask_xml(name, mask)
        for name, mask in call.device.masks.items()
        if token in ("", name) and configuration in ("", mask["configuration"])
    )
    return f"<tr2:GetMasksResponse>{items}</tr2:GetMasksResponse>"


def create_mask(call: OnvifCall) -> str:
    _, mask = _read_mask(call)
    if len(call.device.masks) >= MAX_MASKS:
        raise SoapFault("No more masks", "ter:Action", "ter:MaxMasks", code="Receiver")
    token = f"Mask_{call.device.seed % 97}_{len(call.device.masks) + 1}"
    if not call.idle_write:
        call.device.masks[token] = mask
    return f"<tr2:CreateMaskResponse><tr2:Token>{token}</tr2:Token></tr2:CreateMaskResponse>"


def set_mask(call: OnvifCall) -> str:
    token, mask = _read_mask(call)
    if token not in call.device.masks:
        raise SoapFault("No such mask", "ter:InvalidArgVal", "ter:NoMask")
    if not call.idle_write:
        call.device.masks[token] = mask
    return "<tr2:SetMaskResponse/>"


def delete_mask(call: OnvifCall) -> str:
    token = call.text("Token")
    if token not in call.device.masks:
        raise SoapFault("No such mask", "ter:InvalidArgVal", "ter:NoMask")
    if not call.idle_write:
        del call.device.masks[token]
    return "<tr2:DeleteMaskResponse/>"


def get_mask_options(call: OnvifCall) -> str:
    _configuration(call.device, call.text("ConfigurationToken"))
    return (
        '<tr2:GetMaskOptionsResponse><tr2:Options RectangleOnly="false" SingleColorOnly="true">'
        f"<tr2:MaxMasks>{MAX_MASKS}</tr2:MaxMasks><tr2:MaxPoints>8</tr2:MaxPoints>"
        "<tr2:Types>Color</tr2:Types><tr2:Types>Pixelated</tr2:Types><tr2:Color><tt:ColorList "
        'X="0" Y="0" Z="0"/></tr2:Color></tr2:Options></tr2:GetMaskOptionsResponse>'
    )


MEDIA: dict[str, Operation] = {
    **CONFIGURATIONS,
    "GetProfiles": get_profiles,
    "GetProfile": get_profile,
    "GetVideoSources": get_video_sources,
    "GetStreamUri": get_stream_uri,
    "GetSnapshotUri": get_snapshot_uri,
}
MEDIA2: dict[str, Operation] = {
    **CONFIGURATIONS_2,
    "GetProfiles": get_profiles_2,
    "GetStreamUri": get_stream_uri_2,
    "GetSnapshotUri": get_snapshot_uri_2,
    "GetMasks": get_masks,
    "CreateMask": create_mask,
    "SetMask": set_mask,
    "DeleteMask": delete_mask,
    "GetMaskOptions": get_mask_options,
}
