"""The simulated time server tells its time, and lies as told."""

from __future__ import annotations

import asyncio
import struct
import time

import pytest

from simulator.ntp import NtpFault, NtpServer, ntp_timestamp, serve_ntp

PATIENCE_S = 120.0
NOW_NS = 1_793_520_000_250_000_000
QUESTION_TIME = 0x1122334455667788


class Asker(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.answer.done():
            self.answer.set_result(data)


async def ask(server: NtpServer, *, wait_s: float = PATIENCE_S) -> bytes:
    loop = asyncio.get_running_loop()
    address = ("127.0.0.1", server.port)
    transport, asker = await loop.create_datagram_endpoint(Asker, remote_addr=address)
    question = bytes([4 << 3 | 3]) + bytes(39) + QUESTION_TIME.to_bytes(8, "big")
    transport.sendto(question)
    try:
        return await asyncio.wait_for(asker.answer, wait_s)
    finally:
        transport.close()
        server.close()


def transmit_time(answer: bytes) -> int:
    return int.from_bytes(answer[40:48], "big")


async def test_the_answer_carries_the_offset_clock_and_the_question() -> None:
    server = await serve_ntp("127.0.0.1", offset_ms=1500, clock_ns=lambda: NOW_NS)
    answer = await ask(server)
    assert answer[0] == 0x24
    assert answer[1] == 2
    assert answer[24:32] == QUESTION_TIME.to_bytes(8, "big")
    assert transmit_time(answer) == ntp_timestamp(NOW_NS + 1_500_000_000)


async def test_without_offset_it_tells_this_machine_s_time() -> None:
    before = ntp_timestamp(time.time_ns())
    answer = await ask(await serve_ntp("127.0.0.1"))
    assert before <= transmit_time(answer) <= ntp_timestamp(time.time_ns())


async def test_the_offset_can_change_while_it_runs() -> None:
    server = await serve_ntp("127.0.0.1", clock_ns=lambda: NOW_NS)
    server.offset_ms = -250
    assert transmit_time(await ask(server)) == ntp_timestamp(NOW_NS - 250_000_000)


@pytest.mark.parametrize(
    ("fault", "leap_and_stratum"),
    [(NtpFault.KISS_OF_DEATH, (3, 0)), (NtpFault.UNSYNCHRONISED, (3, 16))],
)
async def test_a_server_that_must_not_be_used_says_so(
    fault: NtpFault, leap_and_stratum: tuple[int, int]
) -> None:
    answer = await ask(await serve_ntp("127.0.0.1", fault=fault))
    assert (answer[0] >> 6, answer[1]) == leap_and_stratum


async def test_a_wrong_originate_time_belongs_to_another_question() -> None:
    answer = await ask(await serve_ntp("127.0.0.1", fault=NtpFault.WRONG_ORIGINATE))
    assert struct.unpack(">Q", answer[24:32])[0] != QUESTION_TIME


async def test_short_and_unset_answers() -> None:
    assert len(await ask(await serve_ntp("127.0.0.1", fault=NtpFault.SHORT))) == 24
    answer = await ask(await serve_ntp("127.0.0.1", fault=NtpFault.ZERO_TIME))
    assert transmit_time(answer) == 0


async def test_a_silent_server_hears_and_says_nothing() -> None:
    server = await serve_ntp("127.0.0.1", fault=NtpFault.SILENT)
    with pytest.raises(TimeoutError):
        await ask(server, wait_s=0.05)
    assert server.asked == 1
