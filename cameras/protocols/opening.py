"""Opens a device: learns once how it wants to be spoken to, with as few login tries as possible.

A wrong password must never lock an account: after a refusal at most one other protocol tries, and a
word about a lock stops everything. What was learnt stands in `OpenDevice.manner`; given back the next
night, nothing is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Identity,
    LockedOut,
    Login,
    Manner,
    NotSupported,
    Reason,
    TooLarge,
    Untrusted,
)
from cameras.protocols.dahua import DahuaClient
from cameras.protocols.http import Conversation, Transport
from cameras.protocols.isapi import IsapiClient
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.elsewhere import speaks_onvif_after_all
from cameras.protocols.onvif.soap import DEVICE_PATH
from cameras.protocols.opened import (
    CAPABILITIES,
    ONVIF_REFUSES_LOGIN,
    REPLAY_BY_ONVIF,
    OpenDevice,
    ReplayByOnvif,
    SecondIndex,
    note_refusal,
)
from cameras.protocols.recognition import (
    Hints,
    fits_first_contact,
    is_same_device,
    recognise,
    refuse_another_device,
    refuse_another_make,
    refuse_another_realm,
    told_by_onvif,
    told_by_vendor,
    vendor_protocol,
)
from cameras.protocols.rtsp_port import port_in

Client = OnvifClient | IsapiClient | DahuaClient

# One line per protocol: this is the list that settings, forms and commands show.
PROTOCOLS: dict[str, Callable[[Conversation], Client]] = {
    "onvif": OnvifClient,
    "isapi": IsapiClient,
    "dahua": DahuaClient,
}
# In `Manner.services` of a vendor's device: it speaks ONVIF as well.
ALSO_ONVIF = "onvif"
_HALF = (NotSupported, BadAnswer, TooLarge)


async def open_device(
    transport: Transport,
    endpoint: Endpoint,
    login: Login | None,
    *,
    protocol: str = "auto",
    manner: Manner | None = None,
    expect: Identity | None = None,
    tried: list[tuple[str, str, DeviceError]] | None = None,
) -> OpenDevice:
    """Opens a device over `protocol`: auto, onvif, isapi or dahua.

    With a saved `manner` nothing is learnt anew. `expect` is what the inventory knows: a device that
    says without login that it is another one gets no login (Untrusted, WRONG_DEVICE); one that says so
    after the login is returned with `other_device`. Raises CredentialRefused when every protocol that
    answered refused the login, LockedOut, and what concerns the whole device (Unreachable, TooSlow).
    `tried` collects, also when this raises, what each protocol answered: see `OpenDevice.failures`.
    """
    opening = _Opening(transport, endpoint, login, expect)
    opening.failures = opening.failures if tried is None else tried
    try:
        if protocol != "auto":
            return await opening.over(protocol, _fitting(manner, protocol))
        if manner is not None and manner.protocol in PROTOCOLS:
            was_let_in = bool(manner.realm)
            device = await opening.over(manner.protocol, manner)
            if not opening.speaks_another_protocol:
                return device
            await opening.close()
            opening = _Opening(transport, endpoint, login, expect)
            opening.only_sure = was_let_in and expect is not None
        return await opening.learn(Manner(certificate=manner.certificate if manner else ""))
    except BaseException:
        await opening.close()
        raise


def _fitting(manner: Manner | None, protocol: str) -> Manner:
    if manner is not None and manner.protocol in ("", protocol):
        return manner
    return Manner(certificate=manner.certificate if manner else "")


class _Opening:
    """The steps of one `open_device`, with what they have in common."""

    def __init__(
        self,
        transport: Transport,
        endpoint: Endpoint,
        login: Login | None,
        expect: Identity | None,
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._login = login
        self._expect = expect
        self._conversations: list[Conversation] = []
        self.only_sure = False
        """A device that was known shows itself otherwise: no login for what only might be one."""
        self.failures: list[tuple[str, str, DeviceError]] = []

    async def close(self) -> None:
        for conversation in self._conversations:
            await conversation.close()

    def _talk(self, manner: Manner) -> Conversation:
        conversation = self._transport.to(self._endpoint, self._login, manner)
        self._conversations.append(conversation)
        return conversation

    @property
    def speaks_another_protocol(self) -> bool:
        """The saved manner is of a device that no longer stands there: it has to be learnt anew."""
        return any(
            capability == "identity" and isinstance(error, NotSupported)
            for capability, _, error in self.failures
        )

    async def over(self, protocol: str, manner: Manner) -> OpenDevice:
        """One protocol, named by a person or known from before."""
        manner.protocol = protocol
        conversation = self._talk(manner)
        client = PROTOCOLS[protocol](conversation)
        identity: Identity | None = None
        if self._expect is not None and not await self._is_still_there(client, self._expect):
            stranger = NotSupported("something else answers at this address")
            self.failures.append(("identity", protocol, stranger))
            return OpenDevice(manner, failures=self.failures, conversations=self._conversations)
        if self._expect is not None or not manner.auth:
            identity = await self._identify(client)
            if identity is None and await self._is_elsewhere(client):
                self.failures.pop()
                identity = await self._identify(client)
        second: OnvifClient | None = None
        if ALSO_ONVIF in manner.services and protocol != "onvif":
            second = OnvifClient(self._talk(_copy_for(manner, "onvif")))
        return await self._opened(client, identity, second)

    async def _is_still_there(self, client: Client, expect: Identity) -> bool:
        """Looks without login (D18). Raises Untrusted when the device itself says that it is another one.

        With a manner that was learnt, the login goes out only to what still shows itself as it did then.
        """
        manner, protocol = client.manner, client.protocol
        if isinstance(client, OnvifClient):
            hints = await told_by_onvif(client.soap)
        else:
            hints = await told_by_vendor(client.conversation, protocol)
        refuse_another_device(hints, expect)
        refuse_another_realm(hints, protocol, manner.realm, expect)
        if not manner.auth or hints.still_speaks(protocol, manner.realm):
            return True
        reason = hints.reasons.get(protocol)
        if isinstance(reason, Busy):
            raise reason
        return False

    async def _is_elsewhere(self, client: Client) -> bool:
        """Whether ONVIF that a person named, and that was not there, is found off its usual path."""
        if not isinstance(client, OnvifClient) or not isinstance(
            self.failures[-1][2], NotSupported
        ):
            return False
        return not client.manner.services and await speaks_onvif_after_all(client.soap)

    async def learn(self, manner: Manner) -> OpenDevice:
        """Recognises without login, then tries the likely protocols one after the other."""
        vendor = self._talk(_copy_for(manner, "isapi"))
        onvif = OnvifClient(self._talk(_copy_for(manner, "onvif")))
        clients: dict[str, Client] = {
            "isapi": IsapiClient(vendor),
            "dahua": DahuaClient(self._talk(_copy_for(manner, "dahua"))),
            "onvif": onvif,
        }
        hints = await recognise(onvif.soap, vendor)
        refuse_another_device(hints, self._expect)
        if self._expect is not None:
            refuse_another_make(hints, self._expect)
        self.failures += [("protocol", name, error) for name, error in hints.reasons.items()]
        chosen, identity = await self._first_that_answers(clients, hints)
        if identity is None:
            return await self._without_identity(onvif, hints)
        if chosen == "onvif":
            chosen, identity = await self._vendor_behind(clients, identity)
        client = clients[chosen]
        for other in clients.values():
            if other is not client:
                await other.close()
        if chosen == "onvif" or not hints.has_onvif:
            return await self._opened(client, identity, None)
        client.manner.services[ALSO_ONVIF] = DEVICE_PATH
        if any(name == "onvif" and _is_refusal(error) for _, name, error in self.failures):
            client.manner.quirks.append(ONVIF_REFUSES_LOGIN)
        return await self._opened(client, identity, onvif)

    async def _first_that_answers(
        self, clients: Mapping[str, Client], hints: Hints
    ) -> tuple[str, Identity | None]:
        order = [*hints.sure, *(["onvif"] if hints.has_onvif else []), *hints.possible]
        if self.only_sure:
            order = [*hints.sure, *(["onvif"] if hints.answers_onvif else [])]
        elif self._expect is not None:
            expect = self._expect
            order = [name for name in order if fits_first_contact(name, hints, expect)]
        if not order and self.only_sure:
            raise Untrusted("something else asks for the login here", reason=Reason.WRONG_DEVICE)
        if not order and (hints.possible or hints.has_onvif):
            raise Untrusted("what asks for the login here is unknown", reason=Reason.NOT_RECOGNISED)
        refusals = 0
        for name in dict.fromkeys(order):
            identity = await self._identify(clients[name])
            if identity is not None:
                return name, identity
            refusals += _is_refusal(self.failures[-1][2])
            if refusals == 2:
                break
        return "", None

    async def _vendor_behind(
        self, clients: Mapping[str, Client], identity: Identity
    ) -> tuple[str, Identity]:
        """The vendor's own protocol of a device that ONVIF has identified; its index is better."""
        name = vendor_protocol(identity)
        if not name or any(tried == name for _, tried, _ in self.failures):
            return "onvif", identity
        own = await self._identify(clients[name])
        return ("onvif", identity) if own is None else (name, own)

    async def _identify(self, client: Client) -> Identity | None:
        """None, with the failure noted, when this protocol does not tell who the device is."""
        try:
            return await client.identity()
        except LockedOut:
            raise
        except (CredentialRefused, *_HALF) as error:
            self.failures.append(("identity", client.protocol, error))
            return None

    async def _without_identity(self, onvif: OnvifClient, hints: Hints) -> OpenDevice:
        """Nobody identified the device: half of it is still better than nothing."""
        errors = [error for _, _, error in self.failures]
        refused = next((error for error in errors if _is_refusal(error)), None)
        if refused is not None:
            raise refused
        if hints.has_onvif:
            return await self._opened(onvif, None, None)
        for telling in (CredentialRefused, Untrusted, TooLarge, BadAnswer):
            for error in errors:
                if isinstance(error, telling):
                    raise error
        raise NotSupported("the device speaks neither ONVIF nor ISAPI nor Dahua CGI on this port")

    async def _opened(
        self, client: Client, identity: Identity | None, second: OnvifClient | None
    ) -> OpenDevice:
        self._raise_refusal_of(client, identity)
        client.manner.protocol = client.protocol
        device = OpenDevice(
            manner=client.manner,
            identity=identity,
            failures=self.failures,
            conversations=self._conversations,
        )
        if identity is not None and self._expect is not None:
            device.other_device = is_same_device(self._expect, identity) is False
        offers, why_not = await self._offers(client)
        for capability, is_offered in offers.items():
            if is_offered:
                name = "identity_client" if capability == "identity" else capability
                setattr(device, name, client)
            else:
                device.failures.append((capability, client.protocol, why_not))
        if ONVIF_REFUSES_LOGIN not in client.manner.quirks:
            if second is not None:
                device.also_onvif = second
                device.second_index = SecondIndex(second, client.manner)
                if REPLAY_BY_ONVIF in client.manner.quirks:
                    device.playback = ReplayByOnvif(second)
            if not isinstance(client, OnvifClient):
                client.rtsp_port.ask_also(partial(self._port_by_onvif, second, client.manner))
        return device

    async def _port_by_onvif(self, onvif: OnvifClient | None, manner: Manner) -> int | None:
        """The RTSP port of a vendor's device as its ONVIF part tells it."""
        onvif = onvif or OnvifClient(self._talk(Manner(certificate=manner.certificate)))
        try:
            return port_in((await onvif.live(Channel(1))).url)
        except CredentialRefused:
            note_refusal(manner)
            raise

    def _raise_refusal_of(self, client: Client, identity: Identity | None) -> None:
        """A login that the only protocol refused concerns the whole device."""
        if identity is None:
            for _, protocol, error in self.failures:
                if protocol == client.protocol and _is_refusal(error):
                    raise error

    async def _offers(self, client: Client) -> tuple[Mapping[str, bool], DeviceError]:
        """What the client can be asked for, and why not for the rest."""
        lacking = NotSupported("the device does not offer this")
        if client.protocol == "onvif" and client.manner.services.keys() - {"device"}:
            return onvif_offers(client.manner.services), lacking
        try:
            return await client.capabilities(), lacking
        except (CredentialRefused, *_HALF) as error:
            if _is_refusal(error):
                raise
            # The clock is the one thing that ONVIF tells without a login.
            self.failures.append(("services", client.protocol, error))
            return {name: name == "clock" for name in CAPABILITIES}, error


def onvif_offers(services: Mapping[str, str]) -> dict[str, bool]:
    """What an ONVIF device with these services offers."""
    has_media = bool({"media", "media2"} & services.keys())
    has_index = bool({"search", "recording"} & services.keys())
    return {
        "identity": True,
        "clock": True,
        "channels": has_media or has_index,
        "recordings": "search" in services,
        "snapshot": has_media,
        "live": has_media,
        "playback": "replay" in services,
        "disks": False,
        "masks": "media2" in services,
    }


def _is_refusal(error: DeviceError) -> bool:
    """A login was sent and refused; not: none was there to be sent."""
    return isinstance(error, CredentialRefused) and error.reason is not Reason.NO_CREDENTIAL


def _copy_for(manner: Manner, protocol: str) -> Manner:
    """A manner of its own for another protocol; the pinned certificate is the device's."""
    if manner.protocol == protocol:
        return deepcopy(manner)
    return Manner(protocol=protocol, certificate=manner.certificate)
