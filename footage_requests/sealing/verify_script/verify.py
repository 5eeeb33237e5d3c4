#!/usr/bin/env python3
"""Checks a release package of camera footage. Needs Python 3.8 or later and nothing else.

    python3 4_VERIFY/verify.py [FOLDER or package.zip] [--fingerprint SHA256-OF-THE-AUTHORITY-FROM-PAPER]

Checks that every file is there, unchanged and none was added; the signature over the manifest and its
certificate; the seal inside every MP4 (ONVIF Export File Format); the entries of the audit log.
Exit: 0 verified, 1 partly (something could not be checked), 2 NOT verified, 3 cannot check at all.
Shares no code with the system that made the package. Only RSA with SHA-256 is known to it.
"""

import argparse
import base64
import hashlib
import json
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

RSA_OIDS = ("2a864886f70d010101", "2a864886f70d01010b")
SHA256_OID = "608648016503040201"
MESSAGE_DIGEST_OID = "2a864886f70d010904"
DATA_OID, SIGNED_DATA_OID = "2a864886f70d010701", "2a864886f70d010702"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
VERIFY, RECORDS = "4_VERIFY/", "3_RECORDS/"
SIGNED, SIGNATURE, STAMP = (
    VERIFY + "manifest.json",
    VERIFY + "manifest.json.p7s",
    VERIFY + "manifest.json.p7s.tsr",
)
PIECE = 1024 * 1024
BAD, OPEN, GOOD = "BAD", "?", "ok"


class Problem(Exception):
    """A check that failed; the text says which."""


# What a file that somebody built to confuse us may cause; each is an answer, never a crash.
EXPECTED = (
    Problem,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


# --- the package as a folder or as a ZIP ----------------------------------------------------------


class Files:
    """The files of a package by their paths inside of it."""

    def __init__(self, path):
        self.archive, self.top, self.paths = None, "", {}
        if path.is_dir():
            inside = [p for p in path.rglob("*") if p.is_file() or p.is_symlink()]
            if any(p.is_symlink() for p in inside):
                raise Problem("there is a symbolic link in the folder")
            self.paths = {p.relative_to(path).as_posix(): p for p in inside}
        else:
            self.archive = zipfile.ZipFile(path)
            names = [i.filename for i in self.archive.infolist() if not i.is_dir()]
            if len(set(names)) != len(names):
                raise Problem("a name stands twice in the ZIP file")
            tops = {name.split("/")[0] for name in names}
            if len(tops) == 1:
                self.top = tops.pop() + "/"
            self.paths = {name[len(self.top) :]: name for name in names}
        unsafe = [n for n in self.paths if n.startswith("/") or "\\" in n or ".." in n.split("/")]
        if unsafe:
            raise Problem("unsafe file names: " + ", ".join(unsafe[:3]))

    def open(self, name):
        if name not in self.paths:
            raise Problem(name + " is missing")
        place = self.paths[name]
        return self.archive.open(place) if self.archive else place.open("rb")

    def read(self, name, most=64 * PIECE):
        with self.open(name) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise Problem(name + " is too large")
        return data

    def measure(self, name):
        found, size = hashlib.sha256(), 0
        with self.open(name) as file:
            while True:
                piece = file.read(PIECE)
                if not piece:
                    return size, found.hexdigest()
                found.update(piece)
                size += len(piece)


# --- DER, certificates and RSA ---------------------------------------------------------------------


def element(data, at):
    """(tag, start of the element, start of its content, end)."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + length > len(data):
        raise Problem("a certificate or signature is cut off")
    return tag, at, start, start + length


def children(data, parent):
    at, found = parent[2], []
    while at < parent[3]:
        found.append(element(data, at))
        at = found[-1][3]
    return found


def content(data, item):
    return data[item[2] : item[3]]


class Certificate:
    """What is needed of an X.509 certificate with an RSA key."""

    def __init__(self, pem):
        body = re.search(b"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", pem, re.S)
        if not body:
            raise Problem("a certificate file holds no certificate")
        self.der = data = base64.b64decode(body.group(1))
        tbs, algorithm, signature = children(data, element(data, 0))
        self.tbs = data[tbs[1] : tbs[3]]
        self.signature = content(data, signature)[1:]
        self.algorithm = content(data, children(data, algorithm)[0]).hex()
        fields = [f for f in children(data, tbs) if f[0] != 0xA0]
        serial, _alg, issuer, validity, subject, public = fields[:6]
        self.serial = content(data, serial)
        self.issuer, self.subject = data[issuer[1] : issuer[3]], data[subject[1] : subject[3]]
        self.valid = [time_text(data, moment) for moment in children(data, validity)]
        self.name = " ".join(
            re.findall(r"[\w .:-]{4,}", content(data, subject).decode("utf-8", "ignore"))
        )
        kind, key = children(data, public)
        if content(data, children(data, kind)[0]).hex() != RSA_OIDS[0]:
            raise Problem("the key is not an RSA key")
        numbers = children(data, element(data, key[2] + 1))
        self.n, self.e = (int.from_bytes(content(data, number), "big") for number in numbers)
        self.bytes = (self.n.bit_length() + 7) // 8

    @property
    def fingerprint(self):
        digest = hashlib.sha256(self.der).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, 64, 2))

    def opened(self, signature):
        """The padded block inside a signature."""
        if len(signature) != self.bytes:
            raise Problem("a signature has the wrong length")
        return pow(int.from_bytes(signature, "big"), self.e, self.n).to_bytes(self.bytes, "big")

    def signed(self, data, signature):
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2)."""
        tail = SHA256_INFO + hashlib.sha256(data).digest()
        padding = b"\xff" * (self.bytes - 3 - len(tail))
        return self.opened(signature) == b"\0\1" + padding + b"\0" + tail

    def sealed(self, digest, signature, salt_bytes=20):
        """RSASSA-PSS with SHA-256 and MGF1 with SHA-256 (RFC 8017, 9.1.2)."""
        bits = self.n.bit_length() - 1
        block = self.opened(signature)[-((bits + 7) // 8) :]
        masked, found = block[:-33], block[-33:-1]
        if block[-1] != 0xBC:
            return False
        mask = b"".join(
            hashlib.sha256(found + struct.pack(">I", i)).digest()
            for i in range(len(masked) // 32 + 1)
        )
        plain = bytearray(masked[i] ^ mask[i] for i in range(len(masked)))
        plain[0] &= 0xFF >> (8 * len(block) - bits)
        start = len(plain) - salt_bytes
        if bytes(plain[:start]) != bytes(start - 1) + b"\1":
            return False
        return hashlib.sha256(bytes(8) + digest + bytes(plain[start:])).digest() == found


def time_text(data, moment):
    """A certificate's time as 2026-01-31T09:30:00."""
    text = content(data, moment).decode()
    if moment[0] == 0x17:
        text = ("20" if text[:2] < "50" else "19") + text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}"


def built(tag, *parts):
    """One element in DER."""
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    if len(body) < 0x80:
        return bytes([tag]) + size + body
    return bytes([tag, 0x80 | len(size)]) + size + body


def check_cms(data, signed, signer, authority):
    """A detached CMS signature (RFC 5652) by `signer` over `signed`.

    It is built again from the parts that are proven and compared byte for byte, so that no byte of it
    is left unlooked at.
    """
    outer = children(data, element(data, 0))
    body = children(data, children(data, outer[1])[0])
    infos = children(data, body[-1])
    if len(body) != 5 or len(infos) != 1:
        raise Problem("there is not exactly one signature")
    parts = children(data, infos[0])
    if len(parts) != 6 or parts[3][0] != 0xA0:
        raise Problem("the signature is of an unknown kind")
    attributes, signature = content(data, parts[3]), content(data, parts[5])
    digest = None
    for attribute in children(data, parts[3]):
        kind, values = children(data, attribute)
        if content(data, kind).hex() == MESSAGE_DIGEST_OID:
            digest = content(data, children(data, values)[0])
    if digest != hashlib.sha256(signed).digest():
        raise Problem("manifest.json is not what was signed")
    if not signer.signed(built(0x31, attributes), signature):
        raise Problem("the signature over manifest.json does not hold")
    if data not in [
        cms_around(certificates, signer, attributes, kind, signature)
        for certificates in ((signer, authority), (authority, signer), (signer,))
        for kind in RSA_OIDS
    ]:
        raise Problem("the signature file holds something else besides the signature")


def cms_around(certificates, signer, attributes, kind, signature):
    def oid(text):
        return built(0x06, bytes.fromhex(text))

    sha256 = built(0x30, oid(SHA256_OID), b"\x05\0")
    one = built(0x02, b"\1")
    info = built(
        0x30,
        one,
        built(0x30, signer.issuer, built(0x02, signer.serial)),
        sha256,
        built(0xA0, attributes),
        built(0x30, oid(kind), b"\x05\0"),
        built(0x04, signature),
    )
    inside = built(
        0x30,
        one,
        built(0x31, sha256),
        built(0x30, oid(DATA_OID)),
        built(0xA0, *(certificate.der for certificate in certificates)),
        built(0x31, info),
    )
    return built(0x30, oid(SIGNED_DATA_OID), built(0xA0, inside))


def check_chain(signer, authority, sealed_at):
    if signer.issuer != authority.subject or signer.algorithm != RSA_OIDS[1]:
        raise Problem("signer.pem was not issued by ca.pem")
    if not authority.signed(signer.tbs, signer.signature):
        raise Problem("the authority's signature on signer.pem does not hold")
    for certificate in (signer, authority):
        if not certificate.valid[0] <= sealed_at[:19] <= certificate.valid[1]:
            raise Problem("a certificate was not valid when the package was sealed")


# --- the seal inside an MP4 file ---------------------------------------------------------------------


def boxes(read, start, end):
    while start + 8 <= end:
        head = read(start, 16)
        size, kind = struct.unpack(">I4s", head[:8])
        length = 8
        if size == 1:
            size, length = struct.unpack(">Q", head[8:16])[0], 16
        size = size or end - start
        if size < length or start + size > end:
            raise Problem("a part of the file does not fit")
        yield kind, start + length, start + size
        start += size


def seal_parts(read, size):
    """(signature, certificate) as places in the file."""
    metas = [b for b in boxes(read, 0, size) if b[0] == b"meta"]
    if len(metas) != 1 or metas[0][2] - metas[0][1] > PIECE:
        raise Problem("it has no seal")
    found: dict = {b"sibo": [], b"cert": []}

    def look(start, end, skip):
        for kind, begin, stop in boxes(read, start + skip, end):
            if kind in (b"ipro", b"sinf", b"schi"):
                look(begin, stop, 6 if kind == b"ipro" else 0)
            elif kind in found:
                found[kind].append((begin, stop))

    look(metas[0][1], metas[0][2], 4)
    if len(found[b"sibo"]) != 1 or len(found[b"cert"]) != 1:
        raise Problem("it has no seal, or several")
    return found[b"sibo"][0], found[b"cert"][0]


def check_seal(file, size, signer):
    """The one seal of an MP4 file, by exactly this certificate."""

    def read(at, count):
        file.seek(at)
        return file.read(count)

    (start, stop), (cert_start, cert_stop) = seal_parts(read, size)
    if read(cert_start, cert_stop - cert_start) != signer.der:
        raise Problem("its seal is of another certificate")
    signature, digest, at = read(start, stop - start), hashlib.sha256(), 0
    file.seek(0)
    while at < size:
        piece = bytearray(file.read(PIECE))
        if not piece:
            raise Problem("it is cut off")
        first, last = max(start, at), min(stop, at + len(piece))
        if first < last:
            piece[first - at : last - at] = bytes(last - first)
        digest.update(piece)
        at += len(piece)
    if not signer.sealed(digest.digest(), signature):
        raise Problem("its seal does not hold")


# --- the checks, one after the other -------------------------------------------------------------


def check_files(files, manifest):
    """Every file that the manifest names, and no other."""
    names = [entry["path"] for entry in manifest["files"]]
    if len(set(names)) != len(names):
        raise Problem("a file stands twice in the manifest")
    extra = sorted(set(files.paths) - set(names) - {SIGNED, SIGNATURE, STAMP})
    if extra:
        raise Problem("not part of the package: " + ", ".join(extra[:5]))
    missing = sorted(set(names) - set(files.paths))
    if missing:
        raise Problem("missing: " + ", ".join(missing[:5]))
    for entry in manifest["files"]:
        if files.measure(entry["path"]) != (entry["bytes"], entry["sha256"]):
            raise Problem(entry["path"] + " was changed")


def check_sums(files, manifest):
    known = {e["path"]: e["sha256"] for e in manifest["files"] if not e["path"].startswith(VERIFY)}
    lines = files.read(VERIFY + "SHA256SUMS.txt").decode("ascii").splitlines()
    if {line[66:]: line[:64] for line in lines} != known or len(lines) != len(known):
        raise Problem("SHA256SUMS.txt is not that of the manifest")


def check_audit(files, manifest):
    """Each entry's text, and its proof (RFC 6962) up to the root that the manifest names."""
    root, size = bytes.fromhex(manifest["audit"]["root"]), manifest["audit"]["size"]
    lines = files.read(RECORDS + "audit_extract.jsonl").decode().split("\n")[:-1]
    entries = [json.loads(line) for line in lines]
    if [entry["leaf"] for entry in entries] != manifest["audit"]["leaves"]:
        raise Problem("the entries are not those of the manifest")
    for entry in entries:
        top = hashlib.sha256(b"\0" + entry["canon"].encode()).digest()
        place, last = entry["leaf"], size - 1
        for text in entry["proof"]:
            step = bytes.fromhex(text)
            if not last:
                raise Problem(f"the proof of entry {entry['leaf']} is too long")
            if place & 1 or place == last:
                top = hashlib.sha256(b"\1" + step + top).digest()
                while place and not place & 1:
                    place, last = place >> 1, last >> 1
            else:
                top = hashlib.sha256(b"\1" + top + step).digest()
            place, last = place >> 1, last >> 1
        if top != root or last:
            raise Problem("entry {} is not in the log".format(entry["leaf"]))


def check_stamp(files):
    """With openssl, where it is installed. None: could not be checked."""
    if STAMP not in files.paths:
        return "no time stamp in this package"
    if VERIFY + "tsa_ca.pem" not in files.paths:
        return None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, source in (("p7s", SIGNATURE), ("tsr", STAMP), ("ca", VERIFY + "tsa_ca.pem")):
            (place / name).write_bytes(files.read(source))
        try:
            done = subprocess.run(
                ["openssl", "ts", "-verify", "-data", "p7s", "-in", "tsr", "-CAfile", "ca"],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    if done.returncode:
        raise Problem("the time stamp does not hold")
    return "time stamp of the signature"


def run(files, fingerprint, tell):
    """All checks. `tell(state, sentence)` hears each; returns the exit code."""
    states = []

    def check(sentence, function, *arguments):
        try:
            told = function(*arguments)
            states.append(GOOD)
            tell(GOOD, told or sentence)
        except EXPECTED as error:
            states.append(BAD)
            tell(BAD, f"{sentence}: {error}")

    signed = files.read(SIGNED)
    manifest = json.loads(signed.decode())
    signer = Certificate(files.read(VERIFY + "signer.pem"))
    authority = Certificate(files.read(VERIFY + "ca.pem"))
    check(
        "signature over the manifest", check_cms, files.read(SIGNATURE), signed, signer, authority
    )
    check("certificate of the signer", check_chain, signer, authority, manifest["sealed_at"])
    check("every file is there and unchanged, none was added", check_files, files, manifest)
    check("SHA256SUMS.txt", check_sums, files, manifest)
    for entry in manifest["files"]:
        if entry.get("seal"):
            check("seal of " + entry["path"], open_and_check, files, entry, signer)
    check("entries of the audit log", check_audit, files, manifest)
    for state, sentence in (stamp_state(files), paper_state(authority, fingerprint)):
        states.append(state)
        tell(state, sentence)
    people = manifest["recipient"]
    tell("  ", "made for: {} {} {}".format(people["name"], people["title"], people["office"]))
    return 2 if BAD in states else 1 if OPEN in states else 0


def stamp_state(files):
    try:
        stamp = check_stamp(files)
    except Problem as error:
        return BAD, str(error)
    return (GOOD, stamp) if stamp else (OPEN, "the time stamp could not be checked")


def paper_state(authority, fingerprint):
    """Whether the authority is the one that the receiver knows from outside of the package."""
    known = re.sub("[^0-9A-F]", "", (fingerprint or "").upper())
    if not known:
        return OPEN, "whose authority: compare with the paper: " + authority.fingerprint
    if known != authority.fingerprint.replace(":", ""):
        return BAD, "UNKNOWN AUTHORITY: the certificate is not the one on paper"
    return GOOD, "the authority is the one on paper"


def open_and_check(files, entry, signer):
    with files.open(entry["path"]) as file:
        check_seal(file, entry["bytes"], signer)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks a release package of camera footage.")
    parser.add_argument(
        "path", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent
    )
    parser.add_argument("--fingerprint", help="SHA-256 of the authority's certificate, from paper")
    options = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")

    def tell(state, sentence):
        sys.stdout.write(f"{state:3} {sentence}\n")

    try:
        code = run(Files(options.path), options.fingerprint, tell)
    except EXPECTED as error:
        sys.stdout.write(f"CANNOT CHECK / KONTROL EDİLEMEDİ: {error}\n")
        return 3
    sys.stdout.write(
        (
            "VERIFIED / DOĞRULANDI",
            "PARTLY VERIFIED / KISMEN DOĞRULANDI",
            "NOT VERIFIED / DOĞRULANAMADI",
        )[code]
        + "\n"
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
