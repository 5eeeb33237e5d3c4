"""The video configurations behind the profiles of the ONVIF Media and Media2 services.

A channel has one source configuration and one encoder configuration for each of its two streams. They
can be read and not changed.
"""

from __future__ import annotations

from simulator.onvif_device import OnvifCall, Operation
from simulator.soap import SoapFault
from simulator.world import SimChannel


def profile_token(channel: SimChannel, sub: bool = False) -> str:
    """Return the token of a channel's main or second stream."""
    return f"Profile_{channel.number}_{2 if sub else 1}"


def source_token(channel: SimChannel) -> str:
    """Return the token of a channel's video source."""
    return f"VideoSource_{channel.number}"


def configuration_token(channel: SimChannel) -> str:
    """Return the token of a channel's video source configuration."""
    return f"VSC_{channel.number}"


def _encoder_token(channel: SimChannel, sub: bool) -> str:
    return f"VEC_{profile_token(channel, sub)}"


def _size(sub: bool) -> tuple[int, int, int]:
    """Return width, height and kbit/s."""
    return (640, 360, 512) if sub else (1920, 1080, 4096)


def video_source(tag: str, channel: SimChannel) -> str:
    """Return a channel's video source configuration, which both services write alike."""
    return (
        f'<{tag} token="{configuration_token(channel)}"><tt:Name>vsc{channel.number}</tt:Name>'
        f"<tt:UseCount>2</tt:UseCount><tt:SourceToken>{source_token(channel)}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="1920" height="1080"/></{tag}>'
    )


def video_encoder(tag: str, channel: SimChannel, sub: bool) -> str:
    """Return a stream's encoder configuration as the Media service writes it."""
    width, height, kbps = _size(sub)
    return (
        f'<{tag} token="{_encoder_token(channel, sub)}"><tt:Name>vec</tt:Name><tt:UseCount>1'
        f"</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
        f"<tt:Height>{height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
        "<tt:RateControl><tt:FrameRateLimit>15</tt:FrameRateLimit><tt:EncodingInterval>1"
        f"</tt:EncodingInterval><tt:BitrateLimit>{kbps}</tt:BitrateLimit></tt:RateControl>"
        "<tt:H264><tt:GovLength>15</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address>"
        "</tt:Address><tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart>"
        f"</tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout></{tag}>"
    )


def video_encoder_2(tag: str, channel: SimChannel, sub: bool) -> str:
    """Return a stream's encoder configuration as the Media2 service writes it."""
    width, height, kbps = _size(sub)
    return (
        f'<{tag} token="{_encoder_token(channel, sub)}" GovLength="15" Profile="Main"><tt:Name>vec'
        "</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution>"
        f"<tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
        '<tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>15</tt:FrameRateLimit>'
        f"<tt:BitrateLimit>{kbps}</tt:BitrateLimit></tt:RateControl><tt:Quality>4</tt:Quality>"
        f"</{tag}>"
    )


def _every_stream(call: OnvifCall) -> list[tuple[SimChannel, bool]]:
    return [(channel, sub) for channel in call.device.channels for sub in (False, True)]


def get_video_source_configurations(call: OnvifCall) -> str:
    tag = "trt:Configurations"
    items = "".join(video_source(tag, each) for each in call.device.channels)
    name = "trt:GetVideoSourceConfigurationsResponse"
    return f"<{name}>{items}</{name}>"


def get_video_encoder_configurations(call: OnvifCall) -> str:
    tag = "trt:Configurations"
    items = "".join(video_encoder(tag, *each) for each in _every_stream(call))
    name = "trt:GetVideoEncoderConfigurationsResponse"
    return f"<{name}>{items}</{name}>"


def get_video_source_configuration(call: OnvifCall) -> str:
    asked = call.text("ConfigurationToken")
    for channel in call.device.channels:
        if asked == configuration_token(channel):
            name = "trt:GetVideoSourceConfigurationResponse"
            return f"<{name}>{video_source('trt:Configuration', channel)}</{name}>"
    raise _no_configuration()


def get_video_encoder_configuration(call: OnvifCall) -> str:
    asked = call.text("ConfigurationToken")
    for channel, sub in _every_stream(call):
        if asked == _encoder_token(channel, sub):
            name = "trt:GetVideoEncoderConfigurationResponse"
            return f"<{name}>{video_encoder('trt:Configuration', channel, sub)}</{name}>"
    raise _no_configuration()


def get_video_source_configurations_2(call: OnvifCall) -> str:
    asked, profile = call.text("ConfigurationToken"), call.text("ProfileToken")
    found = [
        video_source("tr2:Configurations", channel)
        for channel in call.device.channels
        if asked in ("", configuration_token(channel))
        and profile in ("", profile_token(channel), profile_token(channel, True))
    ]
    return _told_2(call, found)


def get_video_encoder_configurations_2(call: OnvifCall) -> str:
    asked, profile = call.text("ConfigurationToken"), call.text("ProfileToken")
    found = [
        video_encoder_2("tr2:Configurations", channel, sub)
        for channel, sub in _every_stream(call)
        if asked in ("", _encoder_token(channel, sub))
        and profile in ("", profile_token(channel, sub))
    ]
    return _told_2(call, found)


def _told_2(call: OnvifCall, found: list[str]) -> str:
    if not found:
        raise _no_configuration()
    name = f"tr2:{call.soap.operation}Response"
    return f"<{name}>{''.join(found)}</{name}>"


def _no_configuration() -> SoapFault:
    return SoapFault("No such configuration", "ter:InvalidArgVal", "ter:NoConfig")


CONFIGURATIONS: dict[str, Operation] = {
    "GetVideoSourceConfigurations": get_video_source_configurations,
    "GetVideoSourceConfiguration": get_video_source_configuration,
    "GetVideoEncoderConfigurations": get_video_encoder_configurations,
    "GetVideoEncoderConfiguration": get_video_encoder_configuration,
}
CONFIGURATIONS_2: dict[str, Operation] = {
    "GetVideoSourceConfigurations": get_video_source_configurations_2,
    "GetVideoEncoderConfigurations": get_video_encoder_configurations_2,
}
