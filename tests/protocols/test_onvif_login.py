"""The ONVIF login ladder: signed with the device's own time, then HTTP digest, never a third try."""

from __future__ import annotations

from asyncio import StreamWriter
from collections.abc import AsyncIterator

import pytest
from lxml import etree

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Channel,
    CredentialRefused,
    LockedOut,
    Login,
    Manner,
    NotSupported,
    Reason,
)
from cameras.protocols.http import Transport
from cameras.protocols.onvif.client import OnvifClient
from cameras.protocols.onvif.soap import SoapConversation
from core.secret import Secret
from tests.protocols.onvif_device import LOGIN, OnvifDevice, envelope, fault
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply

INFORMATION = "<x:Manufacturer>Acme</x:Manufacturer><x:SerialNumber>7</x:SerialNumber>"
THREE_HOURS = 3 * 3600 * 1000


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(deadline=HANG_S) as transport:
        yield transport


def client_of(
    transport: Transport,
    device: OnvifDevice,
    login: Login | None = LOGIN,
    manner: Manner | None = None,
) -> OnvifClient:
    return OnvifClient(transport.to(device.server.endpoint, login, manner or Manner()))


async def information(client: OnvifClient) -> etree._Element:
    return (await client.soap.call("device", "GetDeviceInformation")).content


@pytest.mark.parametrize("wrong_by_s", [0, 20, -3600, 36_000, -1_700_000_000], ids=str)
async def test_a_message_is_signed_with_the_devices_own_time(
    transport: Transport, wrong_by_s: int
) -> None:
    """D11: 1970 is as good as any other time, as long as it is the device's."""
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        device.shown_ms = wrong_by_s * 1000
        client = client_of(transport, device)
        await information(client)
    assert client.manner.auth == "wsse"
    assert device.signed[0].endswith("Z")


async def test_a_device_that_shows_local_time_as_utc_is_signed_in_true_time(
    transport: Transport,
) -> None:
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        device.shown_ms, device.checked_ms = THREE_HOURS, 0
        client = client_of(transport, device)
        await information(client)
        await information(client)
        await client.read_clock()
        await information(client)
    assert "signed-in-true-time" in client.manner.quirks
    assert device.calls.count("GetDeviceInformation") == 4


async def test_http_digest_is_used_where_signing_is_not(transport: Transport) -> None:
    async with OnvifDevice("http", GetDeviceInformation=INFORMATION) as device:
        client = client_of(transport, device)
        await information(client)
        await information(client)
    assert client.manner.auth == "digest-md5"


async def test_a_remembered_http_login_needs_no_signature(transport: Transport) -> None:
    async with OnvifDevice("http", GetDeviceInformation=INFORMATION) as device:
        manner = Manner(auth="digest-md5", services={"device": "/onvif/device_service"})
        await information(client_of(transport, device, manner=manner))
    assert all(b"UsernameToken" not in seen.body for seen in device.server.seen)


async def test_a_device_that_turned_to_signatures_is_followed(transport: Transport) -> None:
    async with OnvifDevice("wsse", GetDeviceInformation=INFORMATION) as device:
        client = client_of(transport, device, manner=Manner(auth="digest-sha256"))
        await information(client)
    assert client.manner.auth == "wsse"


async def test_a_wrong_password_is_tried_once_and_never_again(transport: Transport) -> None:
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        client = client_of(transport, device, Login("operator", Secret("canary-wrong")))
        for _ in range(3):
            with pytest.raises(CredentialRefused) as caught:
                await information(client)
    assert caught.value.reason is Reason.CREDENTIAL_REFUSED
    assert device.calls.count("GetDeviceInformation") == 1
    assert "canary" not in f"{caught.value} {client.manner}"


async def test_a_wrong_password_over_http_is_tried_at_most_twice(transport: Transport) -> None:
    async with OnvifDevice() as device:
        challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
        device.operations["GetDeviceInformation"] = reply(status=401, headers=(challenge,))
        device.auth = "none"
        client = client_of(transport, device)
        for _ in range(3):
            with pytest.raises(CredentialRefused):
                await information(client)
    with_login = [
        seen
        for seen in device.server.seen
        if b"UsernameToken" in seen.body or "authorization" in seen.headers
    ]
    assert len(with_login) == 2


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_lock_out_text_stops_everything(transport: Transport, status: int) -> None:
    async with OnvifDevice("none") as device:
        locked = fault("NotAuthorized", text="The account is locked, try again in 30 minutes")
        device.operations["GetDeviceInformation"] = reply(locked, status)
        client = client_of(transport, device)
        for _ in range(2):
            with pytest.raises(LockedOut):
                await information(client)
    assert device.calls.count("GetDeviceInformation") == 1


async def test_a_device_may_want_a_login_even_for_its_clock(transport: Transport) -> None:
    async with OnvifDevice("closed", GetDeviceInformation=INFORMATION) as device:
        client = client_of(transport, device)
        sample = await client.read_clock()
        await information(client)
    assert sample.utc_ms is not None
    assert client.manner.auth == "wsse"


async def test_without_a_login_a_closed_device_asks_for_one(transport: Transport) -> None:
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        with pytest.raises(CredentialRefused) as caught:
            await information(client_of(transport, device, None))
    assert caught.value.reason is Reason.NO_CREDENTIAL


async def test_an_open_device_answers_without_a_login(transport: Transport) -> None:
    async with OnvifDevice("none", GetDeviceInformation=INFORMATION) as device:
        client = client_of(transport, device, None)
        assert (await client.identity()).maker == "Acme"
    assert client.manner.auth == "none"


async def test_an_operation_above_our_rights_does_not_park_the_login(transport: Transport) -> None:
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        device.operations["GetNTP"] = reply(fault("NotAuthorized"), 400)
        client = client_of(transport, device)
        await information(client)
        assert await client.ntp_servers() == ()
        await information(client)


async def test_a_service_that_wants_http_digest_alone_gets_it(transport: Transport) -> None:
    """Hikvision: device service by signature, media by HTTP digest only."""
    profiles = '<x:Profiles token="P"><x:Name>main</x:Name></x:Profiles>'
    async with OnvifDevice(GetDeviceInformation=INFORMATION, GetProfiles=profiles) as device:
        device.offer("device", "media")
        client = client_of(transport, device)
        await information(client)
        device.auth = "http"
        channels = await client.channels()
        device.auth = "wsse"
        await information(client)
    assert [channel.token for channel in channels] == ["P"]
    assert client.manner.auth == "wsse"
    assert "http-login-on-media" in client.manner.quirks


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(fault("ActionNotSupported"), 500), NotSupported),
        (reply(fault("ActionNotSupported"), 200), NotSupported),
        (reply(fault("OptionalActionNotImplemented", "Receiver"), 500), NotSupported),
        (reply(fault("Action", "Receiver", "device is busy"), 500), Busy),
        (reply(fault("Action", "Receiver", "device is busy"), 200), Busy),
        (reply(fault("OutofMemory", "Receiver", "Out of memory"), 200), Busy),
        (reply(fault("InvalidArgVal"), 400), BadAnswer),
        (reply(fault("NoProfile"), 400), NotSupported),
        (reply("not found", 404), NotSupported),
        (reply("<html>Login</html>", 200, content_type="text/html"), BadAnswer),
        (reply("", 200), BadAnswer),
        (reply(envelope("<x:SomethingElse/>")), BadAnswer),
        (reply("<a/>"), BadAnswer),
        (
            reply(
                '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
                "<faultcode>e:Server</faultcode><faultstring>Method not implemented</faultstring>"
                "</e:Fault></e:Body></e:Envelope>",
                500,
            ),
            NotSupported,
        ),
    ],
)
async def test_faults_are_ordinary_input(
    transport: Transport, answer: bytes, error: type[Exception]
) -> None:
    async with OnvifDevice("none", GetDeviceInformation=answer) as device:
        with pytest.raises(error):
            await information(client_of(transport, device))


async def test_a_soap_1_1_answer_is_read(transport: Transport) -> None:
    old = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        "<GetDeviceInformationResponse><Manufacturer>Old</Manufacturer>"
        "</GetDeviceInformationResponse></e:Body></e:Envelope>"
    )
    async with OnvifDevice("none", GetDeviceInformation=reply(old)) as device:
        assert (await client_of(transport, device).identity()).maker == "Old"


async def test_texts_in_messages_are_escaped(transport: Transport) -> None:
    tokens: list[str | None] = []

    def take(request: etree._Element) -> str:
        tokens.append(request.findtext("{*}ProfileToken"))
        return ""

    nasty = 'a<b>&"zz0zz'
    profiles = '<x:Profiles token="a&lt;b&gt;&amp;&quot;zz0zz"/>'
    async with OnvifDevice("none", GetProfiles=profiles, GetSnapshotUri=take) as device:
        device.offer("device", "media")
        with pytest.raises(BadAnswer):
            await client_of(transport, device).snapshot(Channel(1, nasty))
    assert tokens == [nasty]


async def test_an_answer_that_is_open_to_all_proves_no_login(transport: Transport) -> None:
    """Services and clock answer everybody: the wrong password is still told as refused."""
    wrong = Login("operator", Secret("wrong"))
    async with OnvifDevice(GetDeviceInformation=INFORMATION) as device:
        device.offer("device", "media")
        refusal = device._refusal
        device._refusal = (  # type: ignore[method-assign]
            lambda seen, root, operation: (
                None if operation == "GetServices" else refusal(seen, root, operation)
            )
        )
        client = client_of(transport, device, wrong)
        await client.capabilities()
        with pytest.raises(CredentialRefused):
            await information(client)
    assert len(device.signed) == 1


async def test_a_web_server_that_takes_the_login_but_has_no_onvif_is_not_called_refusing(
    transport: Transport,
) -> None:
    """A recorder with ONVIF switched off wants HTTP digest on every path: no second try follows."""
    sent: list[str] = []

    async def script(seen: Seen, _: StreamWriter) -> bytes:
        if not seen.headers.get("authorization"):
            sent.append("signed" if b"UsernameToken" in seen.body else "bare")
            challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
            return reply("", 401, headers=(challenge,))
        sent.append("digest")
        return reply("<html>", 404)

    async with ScriptedDevice(script) as server:
        soap = SoapConversation(transport.to(server.endpoint, LOGIN, Manner()))
        await soap.services()
        with pytest.raises(NotSupported):
            await soap.call("media", "GetProfiles")
    assert sent.count("signed") == 1


@pytest.mark.parametrize(
    "words",
    [
        "Wsse authorized time check failed.",
        "Authority failure",
        "The security token could not be authenticated or authorized",
        "Authentication failure",
        "HTTP Error: 401",
        "Invalid username or password",
        "password error",
        "user not exist",
        "An error was discovered processing the &lt;wsse:Security&gt; header.",
        "wsse:MessageExpired",
        "Authorization failed",
        "Access denied",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_refusal_in_any_words_costs_one_login(
    transport: Transport, words: str, status: int
) -> None:
    """Each further try brings the account nearer to its lock."""

    def refuse(_: object) -> bytes:
        return reply(fault("Sender", text=words), status)

    async with OnvifDevice("none", GetDeviceInformation=refuse, GetScopes=refuse) as device:
        device.operations |= {"GetNetworkInterfaces": refuse, "GetServices": refuse}
        with pytest.raises(CredentialRefused):
            await client_of(transport, device, LOGIN).identity()
        signed = [seen for seen in device.server.seen if b"UsernameToken" in seen.body]
    assert len(signed) == 1
