"""The signature of a package gets a time stamp (RFC 3161), checked here and by openssl at the receiver's."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from footage_requests import sealing
from footage_requests.sealing import Verdict, keys, signing, verify_folder
from tests.requests import sealing_rows as rows
from tests.requests.sealing_rows import tool

pytestmark = pytest.mark.usefixtures("english")

POLICY = """
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which openssl answers as a time server."""
    place = tmp_path_factory.mktemp("tsa")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test time server")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1))
    builder = builder.not_valid_after(now + dt.timedelta(days=1))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    (place / "tsa.pem").write_bytes(keys.pem(certificate))
    (place / "tsa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (place / "tsa.cnf").write_text(POLICY)
    (place / "serial").write_text("01\n")
    return place


def reply(place: Path) -> Callable[[bytes], bytes]:
    def answer(question: bytes) -> bytes:
        (place / "question").write_bytes(question)
        subprocess.run(
            [
                "openssl",
                "ts",
                "-reply",
                "-config",
                "tsa.cnf",
                "-queryfile",
                "question",
                "-out",
                "answer",
            ],
            cwd=place,
            check=True,
            capture_output=True,
            timeout=240,
        )
        return (place / "answer").read_bytes()

    return answer


@contextmanager
def serving(answer: Callable[[bytes], bytes], *, status: int = 200) -> Iterator[str]:
    """A time server on loopback."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            content = answer(question)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsr"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(300)


def replaying(answer: bytes) -> Callable[[bytes], bytes]:
    return lambda _question: answer


@pytest.mark.django_db
def test_a_package_carries_a_stamp_that_openssl_accepts(
    campus, sealing_key, authority, settings, tmp_path
):
    settings.TSA_CA_FILE = str(authority / "tsa.pem")
    with serving(reply(authority)) as settings.TSA_URL:
        package = sealing.seal_package(rows.verified(campus), campus.operator)
    folder = rows.unpacked(package, tmp_path / "out")
    command = (
        "openssl ts -verify -data manifest.json.p7s -in manifest.json.p7s.tsr -CAfile tsa_ca.pem"
    )
    told = tool(command, folder / "4_VERIFY")

    assert told.returncode == 0, told.stderr
    paper = keys.fingerprint(sealing_key.authority)
    assert verify_folder(folder, paper).verdict == Verdict.VERIFIED
    assert ("ok", "time stamp of the signature") in verify_folder(folder, paper).lines
    stamp = folder / "4_VERIFY" / "manifest.json.p7s.tsr"
    changed = bytearray(stamp.read_bytes())
    changed[-60] ^= 1
    stamp.write_bytes(changed)
    assert tool(command, folder / "4_VERIFY").returncode != 0
    assert verify_folder(folder, paper).verdict == Verdict.NOT_VERIFIED


def test_without_a_server_there_is_no_stamp(settings):
    settings.TSA_URL = ""
    assert signing.time_stamp(b"signature") is None


def test_a_stamp_of_another_question_is_refused(authority, settings):
    for name in (str(authority / "tsa.pem"), ""):
        settings.TSA_CA_FILE = name
        with serving(reply(authority)) as settings.TSA_URL:
            old = signing.time_stamp(b"one signature")
        assert old is not None
        again = serving(replaying(old))
        with again as settings.TSA_URL, pytest.raises(signing.NoTimeStamp):
            signing.time_stamp(b"another signature")


def test_a_stamp_of_an_unknown_authority_is_refused(authority, settings, tmp_path, foreign_key):
    (tmp_path / "other.pem").write_bytes(keys.pem(foreign_key.authority))
    settings.TSA_CA_FILE = str(tmp_path / "other.pem")
    with serving(reply(authority)) as settings.TSA_URL, pytest.raises(signing.NoTimeStamp):
        signing.time_stamp(b"signature")


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"\x30\x80", bytes(100_000)])
def test_an_answer_that_is_no_stamp_is_refused_with_a_sentence(settings, answer):
    settings.TSA_CA_FILE = ""
    refused = pytest.raises(signing.NoTimeStamp, match="time server")
    with serving(replaying(answer)) as settings.TSA_URL, refused:
        signing.time_stamp(b"signature")


def test_a_server_that_refuses_or_is_not_there_is_told(settings):
    settings.TSA_CA_FILE = ""
    busy = serving(lambda _question: b"no", status=503)
    with busy as settings.TSA_URL, pytest.raises(signing.NoTimeStamp, match="503"):
        signing.time_stamp(b"signature")
    with pytest.raises(signing.NoTimeStamp, match="does not answer"):
        signing.time_stamp(b"signature")


def test_a_server_that_drips_is_given_up_in_time(settings):
    """D1 for the time server: the deadline is total."""
    settings.TSA_CA_FILE = ""
    done = threading.Event()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "10000")
            self.end_headers()
            while not done.wait(0.05):
                self.wfile.write(b"x")

        def log_message(self, *_told: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.handle_error = lambda *_told: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.TSA_URL = f"http://127.0.0.1:{server.server_address[1]}/"
    begin = time.monotonic()
    with pytest.raises(signing.NoTimeStamp, match="too slow"):
        signing.time_stamp(b"signature", deadline_s=2)  # enough to begin
    done.set()
    server.shutdown()
    server.server_close()

    assert time.monotonic() - begin < 120
