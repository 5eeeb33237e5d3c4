"""Judges what somebody brought back: a package, a copy of a medium, a manifest with its signature, or one file.

Asked in this order: is it by its SHA-256 something that left here; does the package's own verifier accept it;
does the signature over a manifest, or the seal inside a film, lead to our authority. Nothing of it is kept.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyzipper
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from ..models import Exhibit, Package, PackageCheck, RecipientCopy
from ..sealing import checking, eff, keys
from ..sealing.sources import PlainFile

Verdict = PackageCheck.Verdict
Line = tuple[str, str, dict[str, str]]
Tick = Callable[[int], None]
GOOD, OPEN, BAD = "ok", "?", "BAD"
MOST_FILES = 5000
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.p7s"
_PIECE = 1024 * 1024
_GB = 1024**3


@dataclass(frozen=True)
class Brought:
    """One file as it was brought, measured."""

    path: Path
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name


@dataclass
class Answer:
    """What it is and whether it is whole. `lines`: (state, code, words) as `check_words` says them."""

    verdict: Verdict
    package: Package | None = None
    told: str = ""
    exhibit: str = ""
    lines: list[Line] = field(default_factory=list)


def measured(path: Path, tick: Tick) -> Brought:
    """Reads one file once; `tick` hears how many bytes more."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
            size += len(piece)
            tick(len(piece))
    return Brought(path, size, found.hexdigest())


@sensitive_variables("passphrase")
def judge(files: Sequence[Brought], folder: Path, passphrase: str = "") -> Answer:
    """The answer about everything that was brought together. `folder`: room for what has to be unpacked."""
    by_name = {one.name.lower(): one for one in files}
    if MANIFEST in by_name:
        return _with_manifest(by_name)
    if len(files) == 1:
        return _one(files[0], folder, passphrase)
    answers = [_one(one, folder, passphrase) for one in files]
    worst = max(answers, key=lambda one: _RANK[one.verdict])
    lines = [line for one in answers for line in one.lines]
    packages = {one.package for one in answers if one.package is not None}
    return Answer(worst.verdict, packages.pop() if len(packages) == 1 else None, "files", "", lines)


_RANK = {
    Verdict.WHOLE: 0,
    Verdict.PARTLY: 1,
    Verdict.UNREADABLE: 2,
    Verdict.NOT_OURS: 3,
    Verdict.CHANGED: 4,
}


def _one(file: Brought, folder: Path, passphrase: str) -> Answer:
    known = _known(file)
    if known is not None:
        return known
    if zipfile.is_zipfile(file.path):
        return _archive(file, folder, passphrase)
    return _film(file)


def _known(file: Brought) -> Answer | None:
    """Something that left here, or stands here, byte for byte."""
    words = {"file": file.name}
    inner = Package.objects.filter(inner_file__sha256=file.sha256).first()
    if inner is not None:
        return Answer(Verdict.WHOLE, inner, "package", "", [(GOOD, "is_package", words)])
    copy = RecipientCopy.objects.filter(file__sha256=file.sha256).select_related("package").first()
    if copy is not None:
        line: Line = (GOOD, "is_copy", {**words, "recipient": copy.recipient_name})
        return Answer(Verdict.WHOLE, copy.package, "copy", "", [line])
    rows = Exhibit.objects.select_related("package")
    for way, told in (("facts__sealed__sha256", "exhibit"), ("file__sha256", "exported")):
        row = rows.filter(**{way: file.sha256}).first()
        if row is not None:
            line = (GOOD, f"is_{told}", {**words, "exhibit": row.ident})
            return Answer(Verdict.WHOLE, row.package, told, row.ident, [line])
    return None


@sensitive_variables("passphrase")
def _archive(file: Brought, folder: Path, passphrase: str) -> Answer:
    with zipfile.ZipFile(file.path) as archive:
        entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(one.file_size for one in entries) > (
        2 * settings.CHECK_MAX_GB * _GB
    ):
        return Answer(Verdict.UNREADABLE, lines=[(BAD, "too_large", {"file": file.name})])
    if any(one.flag_bits & 1 for one in entries):
        return _encrypted(file, folder, passphrase)
    return verified(file.path)


@sensitive_variables("passphrase")
def _encrypted(file: Brought, folder: Path, passphrase: str) -> Answer:
    """The outer ZIP is none of ours byte for byte; what is inside may be."""
    words = {"file": file.name}
    if not passphrase:
        return Answer(Verdict.UNREADABLE, lines=[(OPEN, "needs_passphrase", words)])
    # A name that no brought file can have: theirs never begin with a dot.
    inner = folder / ".inner.zip"
    try:
        with pyzipper.AESZipFile(file.path) as archive:
            archive.setpassword(passphrase.strip().encode())
            (name,) = archive.namelist()
            with archive.open(name) as source, inner.open("xb") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
        answer = _one(measured(inner, lambda _bytes: None), folder, "")
    except (RuntimeError, ValueError, OSError, zipfile.BadZipFile):
        return Answer(Verdict.UNREADABLE, lines=[(BAD, "wrong_passphrase", words)])
    finally:
        inner.unlink(missing_ok=True)
    return answer


def verified(path: Path) -> Answer:
    """A package's own verifier about a package.zip, and the release whose manifest it carries."""
    checked = checking.verify_folder(path)
    lines: list[Line] = [(s or OPEN, "verifier", {"text": text}) for s, text in checked.lines]
    if checked.verdict is checking.Verdict.CANNOT_CHECK:
        verdict = Verdict.NOT_OURS if _manifest_in(path) is None else Verdict.UNREADABLE
        return Answer(verdict, lines=[*lines, (BAD, "no_package", {"file": path.name})])
    package = Package.objects.filter(manifest_sha256=_manifest_in(path) or "-").first()
    is_foreign = any("UNKNOWN AUTHORITY" in text for _state, text in checked.lines)
    verdict = {
        checking.Verdict.VERIFIED: Verdict.WHOLE,
        checking.Verdict.PARTLY: Verdict.PARTLY,
    }.get(checked.verdict, Verdict.NOT_OURS if is_foreign else Verdict.CHANGED)
    if package is None and verdict is not Verdict.NOT_OURS:
        package = _named_in(path)
    return Answer(verdict, package, "package", "", lines)


def _read_manifest(path: Path) -> bytes | None:
    unreadable = (OSError, zipfile.BadZipFile, KeyError, RuntimeError, ValueError)
    with suppress(*unreadable), zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(f"4_VERIFY/{MANIFEST}")]
        if names and archive.getinfo(names[0]).file_size < 64 * _PIECE:
            return archive.read(names[0])
    return None


def _manifest_in(path: Path) -> str | None:
    data = _read_manifest(path)
    return None if data is None else hashlib.sha256(data).hexdigest()


def _named_in(path: Path) -> Package | None:
    """The release that a changed manifest still names: a hint for people, no proof."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(_read_manifest(path) or b"{}")
        return Package.objects.filter(number=str(told["release"]["number"])).first()
    return None


def _with_manifest(files: dict[str, Brought]) -> Answer:
    """A manifest with its signature, and any files beside it: each is looked up in the manifest."""
    manifest = files[MANIFEST]
    data = manifest.path.read_bytes() if manifest.bytes < 64 * _PIECE else b""
    package = Package.objects.filter(manifest_sha256=manifest.sha256).first()
    lines = [_signature_line(data, files.get(SIGNATURE))]
    is_signed = lines[0][0] == GOOD
    is_ours = is_signed or package is not None
    named = _files_of(data) if is_ours else {}
    for one in files.values():
        if one.name.lower() in {MANIFEST, SIGNATURE}:
            continue
        path = named.get(one.sha256)
        words = {"file": one.name, "path": path or ""}
        lines.append((GOOD, "in_manifest", words) if path else (BAD, "not_in_manifest", words))
    if not is_ours:
        verdict = Verdict.NOT_OURS
    elif any(state == BAD for state, _code, _words in lines):
        verdict = Verdict.CHANGED
    else:
        # What was not brought was not looked at.
        lines.append((OPEN, "rest_not_brought", {}))
        verdict = Verdict.PARTLY
    return Answer(verdict, package, "manifest", "", lines)


def _files_of(data: bytes) -> dict[str, str]:
    with suppress(ValueError, KeyError, TypeError):
        return {one["sha256"]: one["path"] for one in json.loads(data)["files"]}
    return {}


def _signature_line(data: bytes, signature: Brought | None) -> Line:
    if signature is None or signature.bytes > _PIECE:
        return (OPEN, "no_signature", {})
    verifier: Any = checking.verifier()
    try:
        der = signature.path.read_bytes()
        authority = verifier.Certificate(keys.pem(keys.authority_certificate()))
        signers = [
            verifier.Certificate(one.public_bytes(Encoding.PEM))
            for one in pkcs7.load_der_pkcs7_certificates(der)
        ]
        (signer,) = [one for one in signers if one.subject != authority.subject]
        verifier.check_cms(der, data, signer, authority)
        verifier.check_chain(signer, authority, json.loads(data)["sealed_at"])
    except (*verifier.EXPECTED, keys.KeyProblem) as error:
        return (BAD, "signature_fails", {"why": str(error)})
    return (GOOD, "signature_holds", {})


def _film(file: Brought) -> Answer:
    """A file that none of our rows knows: an ONVIF seal may still say that it was ours."""
    words = {"file": file.name}
    trusted = []
    with suppress(keys.KeyProblem):
        trusted = [keys.authority_certificate()]
    with PlainFile(file.path) as source:
        report = eff.verify(source, trusted)
    if report.answer is eff.Answer.INTACT:
        return Answer(Verdict.PARTLY, None, "film", "", [(GOOD, "seal_holds", words)])
    if report.answer is eff.Answer.CHANGED and report.exporter is not None:
        return Answer(Verdict.CHANGED, None, "film", "", [(BAD, "seal_broken", words)])
    return Answer(Verdict.NOT_OURS, lines=[(BAD, "unknown", {**words, "sha256": file.sha256})])
