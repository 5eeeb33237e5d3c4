"""A device is learnt once, with few login tries, and gives what it can."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cameras.protocols.base import (
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Identity,
    IndexesRecordings,
    ListsChannels,
    LockedOut,
    Login,
    Manner,
    NotSupported,
    Reason,
    Streams,
    TakesSnapshots,
    TellsIdentity,
    TellsTime,
    TimeBase,
    Unreachable,
    Untrusted,
)
from cameras.protocols.http import Transport
from cameras.protocols.registry import PROTOCOLS, OpenDevice, open_device, probe
from core.secret import Secret
from tests.protocols.isapi_recorder import Recorder, status
from tests.protocols.onvif_part import Onvif
from tests.protocols.patience import HANG_S
from tests.protocols.vendor_device import (
    LOGIN,
    PASSWORD,
    Answer,
    Asked,
    Handler,
    VendorDevice,
    serving,
)

WRONG = Login("operator", Secret("wrong"))
INFO = (
    b"<DeviceInfo><model>DS-7716NI</model><serialNumber>DS-7716NI0420201111E1</serialNumber>"
    b"<macAddress>44:19:b6:aa:bb:cc</macAddress><deviceType>NVR</deviceType></DeviceInfo>"
)
TIME = b"<Time><localTime>2026-11-23T10:00:00+03:00</localTime></Time>"
HIKVISION = Recorder(
    [("2026-11-23T09:10:00Z", "2026-11-23T09:40:00Z", 101)],
    documents={"/ISAPI/System/deviceInfo": INFO, "/ISAPI/System/time": TIME},
)


def dahua(asked: Asked) -> Answer:
    if "getSystemInfo" in asked.path:
        return b"deviceType=DHI-NVR5216\r\nserialNumber=6J0A1B2C3D\r\n"
    if "getDeviceType" in asked.path:
        return b"type=DHI-NVR5216\r\n"
    return (404, b"Error\r\n")


def both(vendor: Handler, onvif: Onvif) -> Handler:
    return lambda asked: (onvif if asked.path.startswith("/onvif") else vendor)(asked)


@contextlib.asynccontextmanager
async def opened(
    device: VendorDevice, login: Login | None = LOGIN, **changes: Any
) -> AsyncIterator[OpenDevice]:
    async with Transport(deadline=HANG_S) as transport:
        found = await open_device(transport, device.endpoint, login, **changes)
        try:
            yield found
        finally:
            await found.close()


async def test_a_hikvision_recorder_is_recognised_and_served_by_its_own_index() -> None:
    async with (
        serving(HIKVISION, password=PASSWORD, server="App-webs/") as server,
        opened(server) as device,
    ):
        assert device.protocol == "isapi"
        assert device.identity is not None
        assert device.identity.model == "DS-7716NI"
        assert device.recordings is not None
        assert device.recordings.index_time_base is TimeBase.DEVICE_LOCAL
        assert device.disks is not None
        assert device.manner.auth == "digest-md5"


async def test_a_dahua_recorder_is_recognised_by_its_realm() -> None:
    async with (
        serving(dahua, password=PASSWORD, realm="Login to 6J0A1B2C3D") as server,
        opened(server) as device,
    ):
        assert device.protocol == "dahua"
        assert device.identity is not None
        assert device.identity.serial == "6J0A1B2C3D"


@pytest.mark.parametrize(("vendor", "protocol"), [(HIKVISION, "isapi"), (dahua, "dahua")])
async def test_a_vendor_that_shows_no_sign_is_found_by_its_answers(
    vendor: Handler, protocol: str
) -> None:
    async with serving(vendor, password=PASSWORD) as server, opened(server) as device:
        assert device.protocol == protocol


async def test_an_onvif_device_is_served_by_onvif_and_says_what_it_lacks() -> None:
    async with serving(Onvif(password=PASSWORD)) as server, opened(server) as device:
        assert device.protocol == "onvif"
        assert device.recordings is not None
        assert device.playback is None
        assert device.disks is None
        assert {c for c, p, _ in device.failures if p == "onvif"} == {"playback", "disks", "masks"}


async def test_a_hikvision_with_onvif_keeps_onvif_as_the_second_index() -> None:
    onvif = Onvif(
        "HIKVISION", "DS-7716NI0420201111E1", PASSWORD, ("onvif://www.onvif.org/name/HIKVISION",)
    )
    async with serving(both(HIKVISION, onvif)) as server, opened(server) as device:
        assert device.protocol == "isapi"
        assert device.second_index is not None
        assert device.second_index.index_time_base is TimeBase.DEVICE_UTC
        assert not onvif.signed


async def test_a_saved_manner_is_used_without_learning_again() -> None:
    async with serving(HIKVISION, password=PASSWORD) as server:
        async with opened(server) as device:
            saved = Manner(**json.loads(json.dumps(vars(device.manner))))
        server.log.clear()
        async with opened(server, manner=saved) as device:
            assert device.protocol == "isapi"
            assert server.log == []
            assert device.clock is not None
            await device.clock.read_clock()


async def test_a_saved_manner_of_a_device_that_was_replaced_is_learnt_anew() -> None:
    async with serving(dahua, password=PASSWORD) as server:
        expect = Identity(serial="6J0A1B2C3D")
        saved = Manner(protocol="isapi", auth="digest-md5")
        async with opened(server, manner=saved, expect=expect) as device:
            assert device.protocol == "dahua"
            assert not device.other_device


REALMS = [
    ("isapi", "Login to 7K1B2C3D4E"),
    ("isapi", "router"),
    ("dahua", "IP Camera(C1234)"),
    ("dahua", "Login to 7K1B2C3D4E"),
    ("dahua", "router"),
]


@pytest.mark.parametrize(("protocol", "realm"), REALMS)
async def test_by_a_saved_manner_no_login_goes_to_what_shows_itself_otherwise(
    protocol: str, realm: str
) -> None:
    """D18: it is looked at without login first, and what only might be the device is left alone."""
    was = "Login to 6J0A1B2C3D" if protocol == "dahua" else "IP Camera(A0001)"
    saved = Manner(protocol=protocol, auth="digest-md5", realm=was)
    expect = Identity(serial="6J0A1B2C3D")
    strangers_pages = {"isapi": "/ISAPI", "dahua": "/cgi-bin"}
    async with serving(lambda _: (404, b""), password="another", realm=realm) as server:
        with pytest.raises((Untrusted, CredentialRefused)) as caught:
            async with opened(server, manner=saved, expect=expect):
                pass
    assert not [
        asked for asked in server.logins if asked.path.startswith(strangers_pages[protocol])
    ]
    if realm == "router" or (protocol == "dahua" and realm.startswith("Login")):
        assert not server.logins
        assert isinstance(caught.value, Untrusted)
        assert caught.value.reason is Reason.WRONG_DEVICE


@pytest.mark.parametrize(
    ("maker", "realm", "server", "reason"),
    [
        ("Hikvision", "Login to 7K1B2C3D4E", "", Reason.WRONG_DEVICE),
        ("Dahua", "DS-7716NI", "App-webs/", Reason.WRONG_DEVICE),
        ("Bosch", "printer", "", Reason.NOT_RECOGNISED),
    ],
)
async def test_at_the_first_contact_no_login_goes_to_what_is_not_of_the_make(
    maker: str, realm: str, server: str, reason: Reason
) -> None:
    """D18: nothing was learnt yet, so what shows itself without login must agree with the inventory."""
    async with serving(
        lambda _: (404, b""), password="another", realm=realm, server=server
    ) as stranger:
        with pytest.raises(Untrusted) as caught:
            async with opened(stranger, expect=Identity(maker=maker, serial="6J0A1B2C3D")):
                pass
    assert caught.value.reason is reason
    assert not stranger.logins
    assert not [asked for asked in stranger.log if b"UsernameToken" in asked.body]


async def test_at_the_first_contact_a_page_without_a_sign_is_let_in_where_the_inventory_names_its_make() -> (
    None
):
    async with (
        serving(HIKVISION, password=PASSWORD, realm="x") as server,
        opened(server, expect=Identity(maker="HIKVISION")) as device,
    ):
        assert device.protocol == "isapi"


async def test_a_protocol_that_a_person_chose_is_spoken_whatever_the_make_says() -> None:
    async with (
        serving(HIKVISION, password=PASSWORD, realm="x") as server,
        opened(server, protocol="isapi", expect=Identity(maker="Bosch")) as device,
    ):
        assert device.protocol == "isapi"


async def test_by_a_saved_manner_no_login_goes_to_a_page_that_speaks_no_onvif() -> None:
    """D18."""
    saved = Manner(protocol="onvif", auth="wsse", services={"device": "/onvif/device_service"})
    async with serving(lambda _: (404, b"")) as server:
        with pytest.raises(NotSupported):
            async with opened(server, manner=saved, expect=Identity(serial="6J0A1B2C3D")):
                pass
    assert not [asked for asked in server.log if b"UsernameToken" in asked.body]
    assert not server.logins


async def test_the_same_realm_as_before_is_logged_in_to() -> None:
    async with serving(dahua, password=PASSWORD, realm="anything") as server:
        saved = Manner(protocol="dahua", auth="digest-md5", realm="anything")
        async with opened(server, manner=saved, expect=Identity(serial="6J0A1B2C3D")) as device:
            assert device.protocol == "dahua"
            assert not device.other_device


async def test_a_wrong_password_is_tried_on_two_protocols_at_most() -> None:
    onvif = Onvif(password="another", scopes=("onvif://www.onvif.org/name/HIKVISION",))
    everything = both(HIKVISION, onvif)
    async with serving(everything, password="another") as server:
        with pytest.raises(CredentialRefused):
            async with opened(server, WRONG):
                pass
    assert len(server.logins) + len(onvif.signed) <= 3


async def test_a_login_that_only_onvif_knows_still_opens_the_device() -> None:
    """ONVIF users can be others than those of the web page."""
    onvif = Onvif("HIKVISION", password=PASSWORD, scopes=("onvif://www.onvif.org/name/HIKVISION",))
    server_holder: list[VendorDevice] = []

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/onvif"):
            return onvif(asked)
        return server_holder[0].refusal(asked, "another") or HIKVISION(asked)

    async with serving(answer) as server:
        server_holder.append(server)
        async with opened(server) as device:
            assert device.protocol == "onvif"
            assert ("identity", "isapi") in [(c, p) for c, p, _ in device.failures]
    assert len(server.logins) == 1


async def test_a_locked_account_stops_everything() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.authorization:
            return (401, b"<userCheck><lockStatus>lock</lockStatus></userCheck>")
        return server_holder[0].refusal(asked, "another") or b""

    server_holder: list[VendorDevice] = []
    async with serving(answer, server="App-webs/") as server:
        server_holder.append(server)
        with pytest.raises(LockedOut):
            async with opened(server):
                pass
    assert len(server.logins) == 1


async def test_a_device_that_says_that_it_is_another_one_gets_no_login() -> None:
    """D18, INV-2: it tells its serial number before any login."""
    expect = Identity(serial="DS-7716NI0420190000E9", macs=("44:19:B6:00:00:01",))
    async with serving(HIKVISION) as server:
        for manner in (None, Manner(protocol="isapi", auth="digest-md5")):
            with pytest.raises(Untrusted) as caught:
                async with opened(server, expect=expect, manner=manner):
                    pass
            assert caught.value.reason is Reason.WRONG_DEVICE
    assert not server.logins


async def test_another_serial_after_the_login_is_told_and_not_raised() -> None:
    """INV-2."""
    async with serving(HIKVISION, password=PASSWORD) as server:
        async with opened(server, expect=Identity(serial="DS-7716NI0420190000E9")) as device:
            assert device.other_device
        async with opened(server, expect=Identity(serial="0420201111E1")) as device:
            assert not device.other_device
        async with opened(server, expect=Identity(macs=("44:19:B6:AA:BB:CC",))) as device:
            assert not device.other_device


async def test_without_a_login_the_clock_is_still_served() -> None:
    async with serving(Onvif(password=PASSWORD)) as server, opened(server, None) as device:
        assert device.clock is not None
        assert device.recordings is None
        assert Reason.NO_CREDENTIAL in {error.reason for _, _, error in device.failures}
        sample = await device.clock.read_clock()
        assert sample.utc_ms is not None


async def test_nothing_known_on_the_port_is_said_in_one_sentence() -> None:
    async with serving(lambda _: (404, b"hello")) as server:
        with pytest.raises(NotSupported):
            async with opened(server):
                pass


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((200, b"<html><body>please log in</body></html>"), Reason.BAD_XML),
        ((200, b""), Reason.BAD_XML),
        ((200, status(2, "deviceBusy", "Device Busy")), Reason.BUSY),
        ((503, b""), Reason.BUSY),
    ],
)
async def test_a_device_that_cannot_be_recognised_says_why(
    reply: tuple[int, bytes], reason: Reason
) -> None:
    """D8: "answers, bad XML" is another thing than nothing there."""
    async with serving(lambda _: reply) as server:
        with pytest.raises(DeviceError) as caught:
            async with opened(server):
                pass
    assert caught.value.reason is reason


async def test_a_dead_device_costs_one_question() -> None:
    async with serving(HIKVISION) as server:
        endpoint = server.endpoint
    async with Transport(deadline=HANG_S) as transport:
        with pytest.raises(Unreachable):
            await open_device(transport, endpoint, LOGIN)


async def test_a_refused_second_index_is_not_asked_again_every_night() -> None:
    onvif = Onvif("HIKVISION", password="another", scopes=("onvif://www.onvif.org/name/HIKVISION",))
    async with serving(both(HIKVISION, onvif)) as server:
        async with opened(server) as device:
            assert device.second_index is not None
            with pytest.raises(CredentialRefused):
                await device.second_index.recordings(Channel(1), 0, 1_000)
            saved = device.manner
        async with opened(server, manner=saved) as device:
            assert device.second_index is None


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
async def test_every_protocol_gives_a_client_with_the_common_interfaces(protocol: str) -> None:
    async with Transport() as transport:
        conversation = transport.to(Endpoint("127.0.0.1", 1), LOGIN, Manner())
        client = PROTOCOLS[protocol](conversation)
        assert client.protocol == protocol
        for interface in (TellsIdentity, TellsTime, ListsChannels, IndexesRecordings):
            assert isinstance(client, interface)
        assert isinstance(client, TakesSnapshots)
        assert isinstance(client, Streams)


async def test_a_probe_tells_each_part_and_why_a_part_failed() -> None:
    async with (
        serving(HIKVISION, password=PASSWORD) as server,
        Transport(deadline=HANG_S) as transport,
    ):
        report = await probe(transport, server.endpoint, LOGIN)
    told = json.loads(json.dumps(report.as_json()))
    assert told["answered"]
    assert told["protocol"] == "isapi"
    assert told["kind"] == "RECORDER"
    assert told["identity"]["serial"] == "DS-7716NI0420201111E1"
    assert told["capabilities"]["clock"]["answer"] == "yes"
    assert told["capabilities"]["snapshot"]["answer"] == "no"
    assert told["capabilities"]["snapshot"]["reason"] == "NOT_SUPPORTED"
    assert told["capabilities"]["disks"]["answer"] == "no"
    assert told["index"]["segments_of_last_hour"] == 1
    assert told["time_base"] == "DEVICE_LOCAL"
    assert told["channels"][0]["number"] == 1
    assert PASSWORD not in json.dumps(told)


@pytest.mark.parametrize("protocol", ["auto", "onvif", "isapi", "dahua"])
async def test_a_probe_never_raises(protocol: str) -> None:
    async with Transport(deadline=HANG_S) as transport:
        dead = await probe(transport, Endpoint("127.0.0.1", 1), LOGIN, protocol)
        assert not dead.answered
        async with serving(lambda _: (500, b"<html>")) as server:
            strange = await probe(transport, server.endpoint, LOGIN, protocol)
        async with serving(HIKVISION, password="another") as server:
            refused = await probe(transport, server.endpoint, LOGIN, protocol)
    assert strange.capabilities["clock"]["answer"] == "unknown"
    assert refused.capabilities["recordings"]["answer"] == "unknown"
