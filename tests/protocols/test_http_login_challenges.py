"""Login challenges as devices really write them: quotes, commas and charsets that parsers trip over."""

from __future__ import annotations

from asyncio import StreamWriter

import pytest

from cameras.protocols.base import Login, Manner, NotSupported, Reason
from cameras.protocols.digest import best_digest, parse_challenges
from cameras.protocols.http import Transport
from core.secret import Secret
from tests.protocols.scripted_device import ScriptedDevice, Seen


@pytest.mark.parametrize(
    ("header", "realm", "nonce"),
    [
        ('Digest realm="IP, Basic camera", nonce="n", qop="auth"', "IP, Basic camera", "n"),
        ('Digest realm="a, digest b=1", nonce="n"', "a, digest b=1", "n"),
        ('Digest realm="the \\"old\\" gate", nonce="n"', 'the "old" gate', "n"),
        ('Basic realm="x, Digest y", Digest realm="r",nonce="n"', "r", "n"),
        ('Digest realm="r",nonce=a1==,opaque=,qop=auth,auth-int', "r", "a1=="),
        ('digest  realm = "r" ; nonce = "n" ; stale="FALSE"', "r", "n"),
        ('Digest realm="r" nonce="n" qop="AUTH" domain="::"', "r", "n"),
        ('Digest nonce="n"', "", "n"),
    ],
)
def test_a_challenge_is_read_however_it_is_punctuated(header: str, realm: str, nonce: str) -> None:
    chosen = best_digest(parse_challenges([header]))
    assert chosen is not None
    assert (chosen.realm, chosen.nonce) == (realm, nonce)


async def test_a_realm_in_another_charset_is_no_wrong_password() -> None:
    """Its bytes cannot be sent back as they came: any answer would count as a failed login."""

    async def script(_: Seen, __: StreamWriter) -> bytes:
        realm = "摄像机".encode("gbk")
        return (
            b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="' + realm + b'", nonce="n"\r\n'
            b"Content-Length: 0\r\n\r\n"
        )

    async with ScriptedDevice(script) as device, Transport() as transport:
        login = Login("operator", Secret("canary"))
        conversation = transport.to(device.endpoint, login, Manner())
        with pytest.raises(NotSupported) as caught:
            await conversation.call("GET", "/")
    assert caught.value.reason is Reason.UNSAFE_LOGIN
    assert not any("authorization" in seen.headers for seen in device.seen)


def test_a_flood_of_challenges_is_not_read_to_its_end() -> None:
    """D7: a hundred long headers would keep every other device waiting for a minute."""
    flood = ["Digest " + "9" * 8000] * 99
    assert best_digest(parse_challenges([*flood, 'Digest realm="r", nonce="n"'])) is None
    chosen = best_digest(parse_challenges(['Digest realm="r", nonce="n"', *flood]))
    assert chosen is not None
