"""The thread that seals while pictures arrive."""

from __future__ import annotations

import threading

import pytest

from footage_requests.footage.writer_thread import _MOST_WAITING, WriterThread

PORTION = bytes(512 * 1024)


class _Gate:
    """A sink that lets nothing through until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.written: list[object] = []

    def write(self, data: bytes, /) -> int:
        self.opened.wait(120)
        self.written.append(len(data))
        return len(data)


def test_who_writes_faster_than_the_disk_waits_and_everything_stays_in_order() -> None:
    sink, taken = _Gate(), []
    with WriterThread(sink) as sealing:

        def fill() -> None:
            for _ in range(20):
                sealing.write(PORTION)
                taken.append(1)
            sealing.call(lambda: sink.written.append("behind"))

        filler = threading.Thread(target=fill)
        filler.start()
        filler.join(0.5)
        # Room for so many, and the one that goes over it.
        assert len(taken) <= _MOST_WAITING // len(PORTION) + 1
        sink.opened.set()
        filler.join(120)
        sealing.finish()

    assert sink.written == [len(PORTION)] * 20 + ["behind"]


def test_a_full_disk_is_told_and_nobody_waits_for_room() -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise OSError(28, "No space left on device")

    def write_much(sealing: WriterThread) -> None:
        for _ in range(200):
            sealing.write(PORTION)
        sealing.finish()

    with WriterThread(Full()) as sealing, pytest.raises(OSError, match="No space"):
        write_much(sealing)
