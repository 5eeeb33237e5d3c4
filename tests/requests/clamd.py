"""A virus scanner on loopback that speaks INSTREAM, and finds what tests put into their files."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

VIRUS = b"X5O!P%@AP"


class Clamd(threading.Thread):
    """Answers one connection after the other. `says` replaces the usual answer."""

    def __init__(self, says: bytes | None = None) -> None:
        super().__init__(daemon=True)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._says = says
        self.received = b""

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self._door.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                line, _peer = self._door.accept()
            except OSError:
                return
            with line:
                line.settimeout(120)
                self._serve(line)

    def _serve(self, line: socket.socket) -> None:
        if self._read(line, 10) != b"zINSTREAM\0":
            return
        self.received = b""
        while size := struct.unpack("!I", self._read(line, 4))[0]:
            self.received += self._read(line, size)
        usual = b"stream: Eicar FOUND\0" if VIRUS in self.received else b"stream: OK\0"
        line.sendall(usual if self._says is None else self._says)

    @staticmethod
    def _read(line: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = line.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def stop(self) -> None:
        self._door.close()


@contextmanager
def scanner(says: bytes | None = None) -> Iterator[Clamd]:
    running = Clamd(says)
    running.start()
    try:
        yield running
    finally:
        running.stop()
