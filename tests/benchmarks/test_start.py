"""What the benchmark of the start reads from bin/run."""

from __future__ import annotations

import http.server
import threading

import pytest

from benchmarks.start import address_in, open_page, person_in

SAID = [
    "10:00:00  Broker: ready\n",
    "  Open  http://127.0.0.1:8123/\n",
    "  Sign in as one of:\n",
    "    1001   abcd-efgh-jkmn-pqrs   Ayşe Yıldız (teknisyen)\n",
    "  Stop with Ctrl+C\n",
]


def test_address_and_first_person_are_read_from_what_bin_run_prints() -> None:
    assert address_in(SAID) == "http://127.0.0.1:8123/"
    assert person_in(SAID) == ("1001", "abcd-efgh-jkmn-pqrs")
    assert person_in(SAID[:2]) is None


class Refusing(http.server.BaseHTTPRequestHandler):
    """A page to sign in that nobody gets past."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<input name="csrfmiddlewaretoken" value="t">')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_page_that_lets_nobody_in_is_not_usable() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"

        open_page(address, None)
        with pytest.raises(RuntimeError, match="Nobody could sign in"):
            open_page(address, ("1001", "wrong"))
        server.shutdown()
