"""Signing in over RTSP: each manner, the shared lock, and the endless challenge."""

from __future__ import annotations

import base64

import pytest

from simulator.world import Auth, SimDevice
from tests.simulator.rtsp_probe import base_url, digest, probing, recorder


async def statuses(device: SimDevice, *passwords: str) -> list[int]:
    """The statuses of one DESCRIBE without a login and one with each password."""
    seen = []
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        answer = await probe.ask("DESCRIBE", url)
        seen.append(answer.status)
        for password in passwords:
            challenge = answer.headers.get("www-authenticate", "")
            login = digest(challenge, "DESCRIBE", url, password=password)
            seen.append((await probe.ask("DESCRIBE", url, Authorization=login)).status)
    return seen


@pytest.mark.parametrize("auth", [Auth.DIGEST_MD5, Auth.DIGEST_SHA256, Auth.WSSE])
async def test_the_right_password_opens(auth: Auth) -> None:
    assert await statuses(recorder(auth=auth), "gizli") == [401, 200]


async def test_the_algorithm_is_the_device_s() -> None:
    device = recorder(faults={"rtsp_auth": "digest-sha256"})
    async with probing(device) as probe:
        answer = await probe.ask("DESCRIBE", f"{base_url(device)}/live/1")
        assert "algorithm=SHA-256" in answer.headers["www-authenticate"]


async def test_a_wrong_password_is_counted_and_a_right_one_forgets() -> None:
    device = recorder(auth=Auth.DIGEST_MD5, lockout_after=5)
    assert await statuses(device, "yanlış", "yanlış") == [401, 401, 401]
    assert device.wrong_tries == {"admin": 2}
    assert await statuses(device, "gizli") == [401, 200]
    assert device.wrong_tries == {}


@pytest.mark.parametrize("tries", [["a", "b"], []])
async def test_a_locked_account_stays_shut_for_the_right_password(tries: list[str]) -> None:
    """The wrong tries may have come over HTTP: the lock is one."""
    before = {} if tries else {"admin": 2}
    device = recorder(auth=Auth.DIGEST_MD5, lockout_after=2, wrong_tries=before)
    await statuses(device, *tries)
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        challenge = (await probe.ask("DESCRIBE", url)).headers["www-authenticate"]
        login = digest(challenge, "DESCRIBE", url)
        answer = await probe.ask("DESCRIBE", url, Authorization=login)
    assert (answer.status, answer.phrase) == (401, "Unauthorized: account locked")


async def test_options_needs_no_login() -> None:
    device = recorder(auth=Auth.DIGEST_MD5)
    async with probing(device) as probe:
        assert (await probe.ask("OPTIONS", base_url(device))).status == 200


@pytest.mark.parametrize("name", ["rtsp_auth_loop", "digest_loop"])
async def test_the_endless_challenge_never_opens(name: str) -> None:
    """D9."""
    device = recorder(auth=Auth.DIGEST_MD5, faults={name: True})
    assert await statuses(device, "gizli", "gizli") == [401, 401, 401]
    assert device.wrong_tries == {}


async def test_basic_sign_in() -> None:
    device = recorder(faults={"rtsp_auth": "basic"})
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        answer = await probe.ask("DESCRIBE", url)
        assert answer.headers["www-authenticate"].startswith("Basic")
        right = "Basic " + base64.b64encode(b"admin:gizli").decode()
        assert (await probe.ask("DESCRIBE", url, Authorization=right)).status == 200
        wrong = "Basic " + base64.b64encode(b"nobody:None").decode()
        assert (await probe.ask("DESCRIBE", url, Authorization=wrong)).status == 401
