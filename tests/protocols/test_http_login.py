"""HTTP logins: digest in all shapes that devices use, few tries, and no password in the clear."""

from __future__ import annotations

import hashlib
import re
from asyncio import StreamWriter
from collections.abc import AsyncIterator

import pytest

from cameras.protocols.base import (
    BadAnswer,
    CredentialRefused,
    LockedOut,
    Login,
    Manner,
    NotSupported,
    Reason,
)
from cameras.protocols.http import Transport
from core.secret import Secret
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply

LOGIN = Login("operatör", Secret("canary-şifre:1"))


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(deadline=HANG_S) as transport:
        yield transport


class DigestCheck:
    """Checks `Authorization` by the book and answers 401 with `challenge` otherwise."""

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        self.algorithm = hashlib.sha256 if "SHA-256" in challenge else hashlib.md5
        self.counts: list[str] = []

    async def __call__(self, seen: Seen, _: StreamWriter) -> bytes:
        if self._is_right(seen):
            return reply(b"welcome")
        return reply(status=401, headers=(f"WWW-Authenticate: {self.challenge}",))

    def _hash(self, text: str) -> str:
        return self.algorithm(text.encode()).hexdigest()

    def _is_right(self, seen: Seen) -> bool:
        header = seen.headers.get("authorization", "").encode("latin-1").decode()
        told = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', header)}
        if not header.startswith("Digest "):
            return False
        ha1 = self._hash(f"{LOGIN.username}:{told['realm']}:{LOGIN.password.reveal()}")
        if "-sess" in self.challenge:
            ha1 = self._hash(f"{ha1}:{told['nonce']}:{told['cnonce']}")
        ha2 = self._hash(f"{seen.method}:{told['uri']}")
        middle = told["nonce"]
        if "qop" in told:
            self.counts.append(told["nc"])
            middle += f":{told['nc']}:{told['cnonce']}:auth"
        return told["uri"] == seen.target and told["response"] == self._hash(
            f"{ha1}:{middle}:{ha2}"
        )


@pytest.mark.parametrize(
    ("challenge", "auth"),
    [
        ('Digest realm="DS-2CD", qop="auth", nonce="a:b", opaque=""', "digest-md5"),
        ('Digest realm="x", nonce="n"', "digest-md5"),
        ('Digest realm="x", nonce="n", algorithm=MD5, qop="auth,auth-int"', "digest-md5"),
        ('Digest realm="x", nonce="n", algorithm=MD5-sess, qop="auth"', "digest-md5"),
        ('Digest realm="x", nonce="n", algorithm=SHA-256, qop="auth"', "digest-sha256"),
        ('Digest realm="x", nonce="n", algorithm=SHA-256, stale=FALSE', "digest-sha256"),
        ('digest qop="auth",realm="a b",nonce="n"', "digest-md5"),
        ('Basic realm="x", Digest realm="x", nonce="n", qop="auth"', "digest-md5"),
    ],
)
async def test_each_kind_of_digest_opens_the_door(
    transport: Transport, challenge: str, auth: str
) -> None:
    check = DigestCheck(challenge)
    async with ScriptedDevice(check) as device:
        manner = Manner()
        conversation = transport.to(device.endpoint, LOGIN, manner)
        answer = await conversation.call("GET", "/cgi-bin/x?a=1&b=%20c")
    assert (answer.body, manner.auth) == (b"welcome", auth)


async def test_a_page_that_asks_for_a_login_may_be_cut_off(transport: Transport) -> None:
    """Firmware gives a page there that is shorter than it says, and hangs up."""
    check = DigestCheck('Digest realm="r", nonce="n", qop="auth"')

    async def script(seen: Seen, writer: StreamWriter) -> bytes | None:
        given = await check(seen, writer)
        if b" 401 " not in given[:20]:
            return given
        writer.write(given.replace(b"Content-Length: 0", b"Content-Length: 973") + b"<html>")
        await writer.drain()
        return None

    async with ScriptedDevice(script) as device:
        reply = await transport.to(device.endpoint, LOGIN, Manner()).call("GET", "/x")
    assert reply.body == b"welcome"


async def test_further_calls_need_no_second_round(transport: Transport) -> None:
    check = DigestCheck('Digest realm="x", nonce="n", qop="auth"')
    async with ScriptedDevice(check) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        for number in range(3):
            await conversation.call("POST", f"/{number}", body=b"b")
    assert check.counts == ["00000001", "00000002", "00000003"]
    assert len(device.seen) == 4


async def test_sha_256_is_chosen_before_md5(transport: Transport) -> None:
    check = DigestCheck(
        'Digest realm="x", nonce="n", algorithm=MD5, Digest realm="x", nonce="n", algorithm=SHA-256'
    )
    async with ScriptedDevice(check) as device:
        manner = Manner()
        await transport.to(device.endpoint, LOGIN, manner).call("GET", "/")
    assert manner.auth == "digest-sha256"


async def test_a_new_nonce_is_taken_up(transport: Transport) -> None:
    check = DigestCheck('Digest realm="x", nonce="old", qop="auth"')
    async with ScriptedDevice(check) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        await conversation.call("GET", "/1")
        expired = 'WWW-Authenticate: Digest realm="x", nonce="new", qop="auth", stale=true'

        async def renewed(seen: Seen, writer: StreamWriter) -> bytes:
            if 'nonce="new"' not in seen.headers.get("authorization", ""):
                return reply(status=401, headers=(expired,))
            return await check(seen, writer)

        device.script = renewed
        assert (await conversation.call("GET", "/2")).body == b"welcome"


async def test_an_endless_stale_loop_stops_after_two_tries(transport: Transport) -> None:
    """D9: and the account is not called wrong for it."""
    stale = 'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth", stale=true'
    async with ScriptedDevice(reply(status=401, headers=(stale,))) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        for _ in range(3):
            with pytest.raises(BadAnswer):
                await conversation.call("GET", "/")
    assert len(device.seen) == 2


async def test_a_refused_login_is_never_sent_again(transport: Transport) -> None:
    """D9: one try of the password, then silence for the whole conversation."""
    again = 'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth"'
    async with ScriptedDevice(reply(status=401, headers=(again,))) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        for _ in range(3):
            with pytest.raises(CredentialRefused) as caught:
                await conversation.call("GET", "/")
    assert caught.value.reason is Reason.CREDENTIAL_REFUSED
    assert [("authorization" in seen.headers) for seen in device.seen] == [False, True]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (423, b""),
        (401, b"<lockStatus>lock</lockStatus><unlockTime>1800</unlockTime>"),
        (401, b"Account is locked"),
        (403, b"too many failed logins"),
    ],
)
async def test_a_locked_account_is_called_locked(
    transport: Transport, status: int, body: bytes
) -> None:
    async with ScriptedDevice(reply(body, status)) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        for _ in range(2):
            with pytest.raises(LockedOut):
                await conversation.call("GET", "/")
    assert len(device.seen) == 1


async def test_an_unlocked_account_is_not_called_locked(transport: Transport) -> None:
    body = b"<lockStatus>unlock</lockStatus>"
    async with ScriptedDevice(reply(body, 403)) as device:
        answer = await transport.to(device.endpoint, LOGIN, Manner()).call("GET", "/")
    assert answer.status == 403


async def test_no_login_is_told_as_missing(transport: Transport) -> None:
    challenge = 'WWW-Authenticate: Digest realm="x", nonce="n"'
    async with ScriptedDevice(reply(status=401, headers=(challenge,))) as device:
        with pytest.raises(CredentialRefused) as caught:
            await transport.to(device.endpoint, None, Manner()).call("GET", "/")
    assert caught.value.reason is Reason.NO_CREDENTIAL


@pytest.mark.parametrize("challenge", ['Basic realm="x"', "NTLM", 'Digest realm="x", nonce=""'])
async def test_a_password_never_goes_out_in_the_clear(transport: Transport, challenge: str) -> None:
    async with ScriptedDevice(
        reply(status=401, headers=(f"WWW-Authenticate: {challenge}",))
    ) as device:
        with pytest.raises(NotSupported):
            await transport.to(device.endpoint, LOGIN, Manner()).call("GET", "/")
    assert all("authorization" not in seen.headers for seen in device.seen)


async def test_a_call_without_login_gives_the_401_back(transport: Transport) -> None:
    async with ScriptedDevice(reply(b"x", 401)) as device:
        conversation = transport.to(device.endpoint, LOGIN, Manner())
        answer = await conversation.call("GET", "/", authenticate=False)
    assert answer.status == 401


async def test_no_failure_carries_the_password(transport: Transport) -> None:
    """The canary: neither the text of an error nor the manner knows the login."""
    challenge = 'WWW-Authenticate: Digest realm="canary-şifre", nonce="n"'
    body = f"wrong password {LOGIN.password.reveal()}"
    async with ScriptedDevice(reply(body, 401, headers=(challenge,))) as device:
        manner = Manner()
        with pytest.raises(CredentialRefused) as caught:
            await transport.to(device.endpoint, LOGIN, manner).call("GET", "/?p=canary-şifre:1")
    assert "canary" not in f"{caught.value!r} {caught.value.detail} {manner}"
