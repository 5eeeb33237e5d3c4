"""When `bin/run` believes that its pages are there, and on which port it looks for them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError

from cctv_ops.management.commands.run import answers, free_address


@contextmanager
def page(status: int) -> Iterator[tuple[int, list[str]]]:
    """A server that gives every request this status; its port, and the host names it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            self.send_response(status)
            self.send_header("Location", "https://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "is_there"), [(200, True), (301, True), (400, False), (500, False)]
)
def test_pages_that_are_served_over_tls_by_a_proxy_count_as_there(settings, status, is_there):
    """In production the plain port only tells where the pages are; following that would ask the proxy."""
    settings.ALLOWED_HOSTS = [".uni.test"]
    with page(status) as (port, asked):
        assert answers("127.0.0.1", port) is is_there
    assert asked == ["uni.test"]


def test_nobody_there_is_no_answer():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not answers("127.0.0.1", taken.getsockname()[1])


def test_behind_a_proxy_no_other_port_is_taken_silently():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match="LISTEN"):
            free_address(f"127.0.0.1:{port}", tries=1)
        if port < 65_000:
            assert free_address(f"127.0.0.1:{port}", tries=50)[1] > port
