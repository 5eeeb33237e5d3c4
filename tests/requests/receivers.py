"""The portal's side of webhooks: a server on loopback that keeps what it is sent."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[[BaseHTTPRequestHandler], None]


class Receiver(ThreadingHTTPServer):
    """Answers with `status`, or does what `act` says; `got` holds headers and bodies."""

    daemon_threads = True

    def __init__(self, status: int = 204, act: Act | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.status, self.act = status, act
        self.got: list[tuple[dict[str, str], bytes]] = []

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}/hooks"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers may hang up; that is for the caller's test to judge."""


class _Door(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        if self.server.act is not None:
            self.server.act(self)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_told: object) -> None:
        return


@contextmanager
def receiving(
    status: int = 204, act: Act | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    server = Receiver(status, act)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(300)


def redirect(door: BaseHTTPRequestHandler) -> None:
    door.send_response(307)
    door.send_header("Location", f"http://127.0.0.1:{door.server.server_address[1]}/elsewhere")  # type: ignore[index]
    door.send_header("Content-Length", "0")
    door.end_headers()


def endless(door: BaseHTTPRequestHandler) -> None:
    """A body without an end behind a good status."""
    door.send_response(200)
    door.end_headers()
    try:
        for _piece in range(10_000):
            door.wfile.write(bytes(64 * 1024))
    except OSError:
        return


def silent(door: BaseHTTPRequestHandler) -> None:
    """One byte of an answer, then nothing for a while."""
    door.wfile.write(b"H")
    door.wfile.flush()
    time.sleep(2)
