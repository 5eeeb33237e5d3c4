"""From a verified package to a sealed one: one ZIP file, itself sealed in the store.

Each exhibit is read twice and never stands in plain on the disk: once to seal and measure it, once to pack it. The
row changes in the transaction that makes the file's row; until then a killed worker leaves nothing but a
nameless rest, and the work can simply be done again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.steps import InvalidTransition
from core.tsi import from_ms
from vault.errors import VaultError

from ..errors import Refused
from ..footage import store
from ..models import CustodyEvent, Exhibit, Package
from ..release.custody import note_custody
from . import audit_extract, eff, keys, manifest, media_signing, printed, signing, sounds
from .boxes import NotMp4
from .clock_words import statement
from .film import Film, bitstream_sha256, read_film
from .leaving import Leaving, Role, leaving, plain
from .manifest import FileFacts, Recipient
from .sources import StoredFile
from .text_records import acquisition_log, gaps_csv
from .zipping import StoredZip

if TYPE_CHECKING:
    from accounts.models import Person

RECORDS, VERIFY = "3_RECORDS", "4_VERIFY"
SCRIPTS = Path(__file__).with_name("verify_script")
CONTENT_TYPE = "application/zip"
_LONGEST_SLACK_MS = 2000


@dataclass(frozen=True)
class _File:
    """One file of the folder, before it is packed."""

    path: str
    size: int
    sha256: str
    crc32: int
    role: str
    more: Mapping[str, object]
    pieces: Callable[[], Iterable[bytes]]


def seal_package(
    package: Package, by: Person, *, recipient: Recipient | None = None, wait_s: float = 10.0
) -> Package:
    """Seals a verified package; a package that is sealed already is returned as it is.

    `recipient` default: who asked. `wait_s`: how long to wait for the audit log's seal. Raises Refused (what is
    missing and what to do), InvalidTransition when it is not verified, store.NoSpace, OSError.
    """
    package = Package.objects.select_related(
        "request__kind", "request__basis", "decision", "filer", "approver", "exporter", "verifier"
    ).get(pk=package.pk)
    if package.inner_file_id is not None and package.status != Package.Status.VERIFIED:
        return package
    if not package.allows("seal"):
        raise InvalidTransition("seal", package)
    if not package.decision.is_standing():
        raise Refused(_("The approval is no longer valid: the request needs a new decision."))
    key = keys.load()
    files, manifest_bytes = _contents(
        package, recipient or manifest.recipient_of(package), key, wait_s
    )
    store.ensure_space(sum(file.size for file in files))
    return _write(package, by, files, hashlib.sha256(manifest_bytes).hexdigest(), key)


def _contents(
    package: Package, recipient: Recipient, key: keys.EvidenceKey, wait_s: float
) -> tuple[list[_File], bytes]:
    """All files of the folder in the order in which they are packed, and the manifest."""
    items = leaving(package)
    log = audit_extract.extract(package, wait_s)
    now = timezone.now()
    exhibits = [_exhibit(package, item, key, now) for item in items]
    papers = _papers(package, items, recipient, key, now, log)
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in [*papers, *exhibits])
    aids = _aids(key, sums)
    signed = manifest.canonical(
        package,
        items=items,
        files=[
            FileFacts(file.path, file.size, file.sha256, file.role, file.more)
            for file in [*papers, *exhibits, *aids]
        ],
        recipient=recipient,
        audit_head=log.head,
        audit_leaves=log.leaves,
        key=key,
        sealed_at=now,
    )
    return [*papers, *exhibits, *aids, *_signatures(signed, key)], signed


def _small(path: str, data: bytes | str, role: str = Role.RECORD.value) -> _File:
    content = data.encode() if isinstance(data, str) else data
    digest = hashlib.sha256(content).hexdigest()
    return _File(path, len(content), digest, zlib.crc32(content), role, {}, lambda: iter([content]))


def _papers(
    package: Package,
    items: list[Leaving],
    recipient: Recipient,
    key: keys.EvidenceKey,
    now: dt.datetime,
    log: audit_extract.Extract,
) -> list[_File]:
    released = printed.release_statement(package, items, recipient, key, now)
    with translation.override("tr"):
        reason = _("Release statement of %(number)s") % {"number": package.number}
    clocks = [
        {"exhibit": i.exhibit.ident, "position": i.position.code, "clocks": statement(i)}
        for i in items
    ]
    return [
        _small("00_READ_ME_FIRST.pdf", printed.read_me(package, items, recipient, key, now)),
        _small("00_READ_ME_FIRST.txt", printed.read_me_text(package, items, recipient, key)),
        _small(
            f"{RECORDS}/release_statement.pdf",
            signing.sign_pdf(released, key, reason=reason, place=settings.UNIT_NAME),
        ),
        _small(f"{RECORDS}/clock_statement.json", _json(clocks)),
        _small(f"{RECORDS}/clock_statement.pdf", printed.clock_statement(package, items, now)),
        _small(f"{RECORDS}/gaps.csv", gaps_csv(items, sounds.gaps_of(package))),
        _small(
            f"{RECORDS}/acquisition_log.txt", acquisition_log(package, items, manifest.SOFTWARE)
        ),
        _small(f"{RECORDS}/audit_extract.jsonl", log.jsonl),
        _small(f"{RECORDS}/audit_head.json", _json(log.head)),
    ]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _aids(key: keys.EvidenceKey, sums: str) -> list[_File]:
    """What a receiver checks with. The manifest covers these as well."""
    files = {
        "SHA256SUMS.txt": sums.encode("ascii"),
        "signer.pem": keys.pem(key.signer.certificate),
        "ca.pem": keys.pem(key.authority),
    }
    authorities = signing.stamp_authorities()
    if authorities:
        files["tsa_ca.pem"] = b"".join(keys.pem(certificate) for certificate in authorities)
    for name in ("verify.py", "VERIFY.txt", "VERIFY.ps1"):
        files[name] = (SCRIPTS / name).read_bytes()
    return [_small(f"{VERIFY}/{name}", data, "verification") for name, data in files.items()]


def _signatures(signed: bytes, key: keys.EvidenceKey) -> list[_File]:
    signature = signing.sign_detached(signed, key)
    found = [
        _small(f"{VERIFY}/manifest.json", signed),
        _small(f"{VERIFY}/manifest.json.p7s", signature),
    ]
    stamp = signing.time_stamp(signature)
    if stamp is not None:
        found.append(_small(f"{VERIFY}/manifest.json.p7s.tsr", stamp))
    return found


def _exhibit(package: Package, item: Leaving, key: keys.EvidenceKey, now: dt.datetime) -> _File:
    """Checks one exhibit against what its row says, and seals it. Raises Refused."""
    row, form, crc, camera = item.exhibit, None, 0, None
    try:
        with StoredFile(store.open_file(row.file)) as source:
            sound = sounds.check(source, item) if item.role == Role.SOUND else None
            film = None if sound else _film(source, item)
            if film is not None and item.role == Role.ORIGINAL:
                camera = media_signing.examine(source, film, keys.camera_roots())
            if film is None:
                digest, crc = _measure(source)
            else:
                form = eff.seal(source, _statement(package, item, film, now), key.signer)
                digest = form.plain_sha256
    except (VaultError, FileNotFoundError):
        raise Refused(
            _("Exhibit %(ident)s was damaged in the store: tell the head of the unit.")
            % {"ident": row.ident}
        ) from None
    except eff.NotSealable as error:
        raise Refused(
            _("Exhibit %(ident)s cannot be sealed: %(reason)s")
            % {"ident": row.ident, "reason": str(error)}
        ) from error
    if digest != row.file.sha256:
        raise Refused(_("Exhibit %(ident)s is not what was exported.") % {"ident": row.ident})
    more = {**manifest.exhibit_facts(item), "seal": "ONVIF-EFF" if form else None}
    if film is not None:
        size = {"width": film.width, "height": film.height}
        more |= {"codec": film.codec, "frames": film.frames, **size}
        more["bitstream_sha256"] = film.bitstream_sha256
    if sound is not None:
        more |= sounds.facts_of(sound, item)
    more["camera_signature"] = manifest.camera_signature(camera) if camera else None
    if form is None:
        pieces = partial(_stored_pieces, row, None)
        return _File(item.path, row.file.bytes, digest, crc, item.role.value, more, pieces)
    pieces = partial(_stored_pieces, row, form)
    return _File(item.path, form.bytes, form.sha256, form.crc32, item.role.value, more, pieces)


def _stored_pieces(row: Exhibit, form: eff.SealedForm | None) -> Iterable[bytes]:
    with StoredFile(store.open_file(row.file)) as source:
        if form is None:
            yield from source.pieces(0, source.size)
        else:
            yield from eff.sealed_pieces(source, form)


def _measure(source: StoredFile) -> tuple[str, int]:
    found, crc = hashlib.sha256(), 0
    for piece in source.pieces(0, source.size):
        found.update(piece)
        crc = zlib.crc32(piece, crc)
    return found.hexdigest(), crc


def _film(source: StoredFile, item: Leaving) -> Film | None:
    """The film in an exhibit, proven to be what its row says (B18, B19). None: a maker's own format."""
    ident = item.exhibit.ident
    if not item.path.endswith((".mp4", ".mov", ".m4v")):
        if source.size == 0 or source.read_at(0, 64).lstrip().lower().startswith((b"<", b"{")):
            raise Refused(_("Exhibit %(ident)s is not a recording.") % {"ident": ident})
        return None
    facts = item.exhibit.facts
    try:
        film = read_film(source)
        film.bitstream_sha256 = bitstream_sha256(source, film)
    except NotMp4 as error:
        raise Refused(
            _("Exhibit %(ident)s cannot be played: %(reason)s")
            % {"ident": ident, "reason": str(error)}
        ) from error
    known: dict[str, object] = {"codec": film.codec}
    known["bitstream_sha256"] = film.bitstream_sha256
    known |= {"width": film.width, "height": film.height}
    for name, value in known.items():
        if facts.get(name) not in (None, "", value):
            raise Refused(
                _("Exhibit %(ident)s differs from its record: %(what)s.")
                % {"ident": ident, "what": name}
            )
    start, end = item.delivered_ms
    if film.duration_ms > end - start + _LONGEST_SLACK_MS:
        raise Refused(_("Exhibit %(ident)s is longer than its record says.") % {"ident": ident})
    if film.duration_ms < end - start - item.gap_ms - _LONGEST_SLACK_MS:
        raise Refused(_("Exhibit %(ident)s is shorter than its record says.") % {"ident": ident})
    if film.has_sound:
        raise Refused(
            _("Exhibit %(ident)s is a film with sound: sound leaves only as a file of its own.")
            % {"ident": ident}
        )
    return film


def _statement(package: Package, item: Leaving, film: Film, now: dt.datetime) -> eff.Statement:
    camera = item.camera or item.recorder
    exporter = package.exporter
    return eff.Statement(
        exporter=eff.Exporter(
            name=f"{settings.UNIT_NAME}, {manifest.SOFTWARE}",
            url="",
            mac="",
            operator=exporter.get_full_name() if exporter else "",
        ),
        tracks=[
            eff.Track(
                number=film.track,
                camera=f"{item.position.code} {item.position.name}",
                url="",
                mac=camera.mac,
                line=str(item.exhibit.channel.number),
                starts_at=from_ms(item.delivered_ms[0]),
            )
        ],
        sealed_at=now,
        note=f"{package.number} {item.exhibit.ident}",
    )


def _write(
    package: Package,
    by: Person,
    files: list[_File],
    manifest_sha256: str,
    key: keys.EvidenceKey,
) -> Package:
    """Packs everything into one sealed file and takes the step in the transaction of the file's row."""
    now = timezone.now()
    with store.StoreWriter(CONTENT_TYPE) as writer:
        packed = StoredZip(writer, now)
        for file in files:
            name = f"{plain(package.number)}/{file.path}"
            packed.add(name, file.pieces(), size=file.size, crc32=file.crc32)
        packed.close()
        inner = None
        try:
            with transaction.atomic():
                inner = writer.save()
                package.take(
                    "seal",
                    by=by,
                    sealed_at=now,
                    manifest_sha256=manifest_sha256,
                    inner_file=inner,
                    failure="",
                    facts={"bytes": inner.bytes, "sha256": inner.sha256, "files": len(files)},
                )
                note_custody(package, CustodyEvent.Act.SEALED, by=by, sha256=manifest_sha256)
                _note_sealed(package, files, key)
        except BaseException:
            # Its row was rolled back, so nobody can ever open these bytes.
            if inner is not None:
                store.path_of(inner.uuid).unlink(missing_ok=True)
            raise
    return package


def _note_sealed(package: Package, files: list[_File], key: keys.EvidenceKey) -> None:
    """Each exhibit's row says what the recipient's file is: the seal made another file of it."""
    rows = {row.ident: row for row in package.exhibits.all()}
    for file in files:
        row = rows.get(str(file.more.get("exhibit", "")))
        if row is None:
            continue
        sealed = {"path": file.path, "bytes": file.size, "sha256": file.sha256}
        sealed |= {
            "signer_sha256": key.fingerprint,
            "authority_sha256": keys.fingerprint(key.authority),
        }
        Exhibit.objects.filter(pk=row.pk).update(facts={**row.facts, "sealed": sealed})
