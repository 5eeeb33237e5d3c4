"""Profiles, snapshot and stream addresses from Media, else from Media2."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from cameras.protocols.addresses import RTSP_SCHEMES
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceError,
    NotSupported,
    Picture,
    Reason,
    Unreachable,
)
from cameras.protocols.http import PICTURE_LIMIT, Reply, path_on_device
from cameras.protocols.onvif.soap import Answer, SoapConversation
from cameras.protocols.xml import as_bool, descendants, find_all, local_name, text

_UNICAST_RTSP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Profile:
    """A media profile: `source` is the video source that it shows, blank when not told.

    `configuration` is the token of its video source configuration, to which masks belong.
    """

    token: str
    name: str
    source: str
    configuration: str = ""


class Media:
    """Asks Media, and Media2 where Media is missing or does not answer."""

    def __init__(self, soap: SoapConversation) -> None:
        self._soap = soap
        self._profiles: list[Profile] | None = None
        self._service = ""
        self._snapshot_paths: dict[str, tuple[str, int]] = {}

    async def profiles(self) -> list[Profile]:
        """All profiles, asked once per conversation."""
        if self._profiles is None:
            self._profiles = await self._ask_profiles()
        return self._profiles

    async def sources(self) -> list[Profile]:
        """The first (main) profile of each video source, in the device's order."""
        by_source: dict[str, Profile] = {}
        for profile in await self.profiles():
            by_source.setdefault(profile.source, profile)
        # Profiles without a source carry audio or metadata only, unless no profile names one.
        if len(by_source) > 1:
            by_source.pop("", None)
        return list(by_source.values())

    async def _ask_profiles(self) -> list[Profile]:
        failure: DeviceError | None = None
        for service in ("media", "media2"):
            try:
                answer = await self._get_profiles(service)
            except (NotSupported, BadAnswer) as error:
                failure = failure or error
                continue
            self._service = service
            return [
                Profile(element.get("token", ""), text(element, "Name"), *_source_of(element))
                for element in find_all(answer.content, "Profiles")
                if element.get("token")
            ]
        raise failure or NotSupported("the device has no media service")

    async def _get_profiles(self, service: str) -> Answer:
        """Media2 leaves out every configuration that is not asked for; some refuse to be asked for one."""
        if service == "media":
            return await self._soap.call(service, "GetProfiles")
        try:
            return await self._soap.call(service, "GetProfiles", Type="VideoSource")
        except (NotSupported, BadAnswer):
            return await self._soap.call(service, "GetProfiles")

    async def profile_for(self, channel: Channel, source: str = "") -> Profile:
        """The profile of a channel: by its token, by `source`, else by its number.

        Raises `NotSupported` (NO_SUCH_CHANNEL).
        """
        for profile in await self.profiles():
            if profile.token in (channel.token, source) or (source and profile.source == source):
                return profile
        sources = await self.sources()
        if not 1 <= channel.number <= len(sources):
            raise NotSupported("no such channel", reason=Reason.NO_SUCH_CHANNEL)
        return sources[channel.number - 1]

    async def snapshot(self, profile: Profile) -> Picture:
        """The picture at the profile's snapshot address, on the device itself."""
        if profile.token not in self._snapshot_paths:
            answer = await self._soap.call(
                self._service, "GetSnapshotUri", ProfileToken=profile.token
            )
            uri = text(answer.content, "MediaUri/Uri") or text(answer.content, "Uri")
            if not uri:
                raise BadAnswer("GetSnapshotUri: no address")
            if uri.partition(":")[0].lower() in RTSP_SCHEMES:
                raise NotSupported("GetSnapshotUri: a stream's address instead of a picture's")
            conversation = self._soap.conversation
            self._snapshot_paths[profile.token] = path_on_device(conversation.endpoint, uri)
        reply = await self._picture_at(*self._snapshot_paths[profile.token])
        if reply.status in (403, 404, 405, 501):
            raise NotSupported(f"snapshot: HTTP {reply.status}")
        if reply.status != 200:
            raise BadAnswer(f"snapshot: HTTP {reply.status}")
        if reply.body.startswith(_JPEG):
            return Picture(reply.body, "image/jpeg")
        if reply.body.startswith(_PNG):
            return Picture(reply.body, "image/png")
        raise BadAnswer("snapshot: not a picture", reason=Reason.UNDECODABLE)

    async def _picture_at(self, path: str, port: int) -> Reply:
        """Behind a forwarded port the told port is the device's own: then the dialled one is it."""
        conversation = self._soap.conversation
        try:
            return await conversation.call("GET", path, port=port, limit=PICTURE_LIMIT)
        except Unreachable:
            if port == conversation.endpoint.port:
                raise
            return await conversation.call("GET", path, limit=PICTURE_LIMIT)

    async def standing_masks(self) -> list[str]:
        """The video source configuration of each mask that is switched on, from Media2's GetMasks."""
        answer = await self._soap.call("media2", "GetMasks")
        standing = []
        for mask in find_all(answer.content, "Masks"):
            is_on = as_bool(text(mask, "Enabled"))
            if is_on is None:
                raise BadAnswer("GetMasks: a mask does not say whether it is on")
            if is_on:
                standing.append(text(mask, "ConfigurationToken"))
        return standing

    async def configurations_beside(self, profile: Profile) -> set[str]:
        """The video source configurations that show another source than the profile's."""
        others = [one for one in await self.profiles() if one.source != profile.source]
        return {one.configuration for one in others if one.configuration}

    async def stream_url(self, profile: Profile) -> str:
        """The RTSP address of the profile, on the device itself."""
        if self._service == "media2":
            answer = await self._soap.call(
                "media2", "GetStreamUri", Protocol="RTSP", ProfileToken=profile.token
            )
        else:
            answer = await self._soap.call(
                "media", "GetStreamUri", StreamSetup=_UNICAST_RTSP, ProfileToken=profile.token
            )
        uri = text(answer.content, "MediaUri/Uri") or text(answer.content, "Uri")
        return rtsp_on_device(self._soap, uri)

    async def replay_url(self, recording_token: str) -> str:
        """The RTSP address under which a recording is replayed, on the device itself."""
        answer = await self._soap.call(
            "replay", "GetReplayUri", StreamSetup=_UNICAST_RTSP, RecordingToken=recording_token
        )
        return rtsp_on_device(self._soap, text(answer.content, "Uri"))


def _source_of(profile: etree._Element) -> tuple[str, str]:
    """The video source of a profile, and the token of the configuration that names it."""
    for source in descendants(profile, "SourceToken"):
        configuration = source.getparent()
        if configuration is None:
            return text(source), ""
        # The source of its sound has a token as well; Media calls it AudioSourceConfiguration, Media2 AudioSource.
        if not local_name(configuration).startswith("Audio"):
            return text(source), configuration.get("token", "")
    return "", ""


def rtsp_on_device(soap: SoapConversation, uri: str) -> str:
    """A told stream address with the host that we dialled and without userinfo."""
    scheme = uri.strip().partition(":")[0].lower()
    if scheme not in RTSP_SCHEMES:
        raise BadAnswer("the device gives no RTSP address")
    endpoint = soap.conversation.endpoint
    path, port = path_on_device(endpoint, uri)
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{scheme}://{host}:{port}{path}"
