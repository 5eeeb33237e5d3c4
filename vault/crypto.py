"""Sealing with AES-256-GCM (NIST SP 800-38D): random 96-bit nonce, 128-bit tag.

A sealed text is `v1:<key-id>:<base64 of nonce + ciphertext + tag>`; sealed bytes are the same head
followed by the raw bytes. The additional data is `table|row uuid|field|key id`: a value copied to
another row, table or field, or given another key id, does not open.

Keys are lines `id:base64 of 32 bytes` of settings.VAULT_KEY_FILE; new values are sealed with the last.
Whoever keeps sealed values in a column of a table names it in `sealed_columns`, so that a new key reaches
every one of them (`vault.rewrapping`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from .errors import KeyMissing, NotOpened

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")


@dataclass(frozen=True)
class Place:
    """Where a sealed value stands. It opens nowhere else."""

    table: str
    row: str  # the row's uuid
    field: str

    def associated(self, key_id: str) -> bytes:
        return f"{self.table}|{self.row}|{self.field}|{key_id}".encode()


def place_of(row: Any, field: str) -> Place:
    """Where a column of a stored row is usually sealed: under the table's name and the row's key."""
    return Place(row._meta.db_table, str(row.pk), field)


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values. `place(row, field)` is where a row's value is sealed.

    `along(row, plain)` gives what else is written when the value is sealed anew, by column.
    """

    model: Any
    field: str
    place: Callable[[Any, str], Place] = place_of
    along: Callable[[Any, bytes], Mapping[str, Any]] = lambda row, plain: {}

    @property
    def name(self) -> str:
        return f"{self.model._meta.db_table}.{self.field}"


sealed_columns: list[SealedColumn] = []


def register(column: SealedColumn) -> None:
    """Names a column of sealed values. Called in AppConfig.ready(), once per column."""
    if all(known.name != column.name for known in sealed_columns):
        sealed_columns.append(column)


@dataclass(frozen=True)
class KeyRing:
    """The keys by id. `current` seals; all of them open."""

    current: str
    _keys: dict[str, bytes] = field(repr=False)

    def key(self, key_id: str) -> bytes:
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyMissing(f"The vault has no key {key_id!r}.") from None


def keys() -> KeyRing:
    """The keys of settings.VAULT_KEY_FILE, read again when the file changes. Raises KeyMissing."""
    path = Path(settings.VAULT_KEY_FILE)
    try:
        state = path.stat()
    except OSError:
        raise KeyMissing(f"VAULT_KEY_FILE names {path}, which cannot be read.") from None
    if stat.S_IMODE(state.st_mode) & 0o077:
        raise KeyMissing(f"{path} (VAULT_KEY_FILE) can be read by others: chmod 600.")
    return _read(path, state.st_mtime_ns, state.st_ino, state.st_size)


@lru_cache(maxsize=4)
@sensitive_variables()
def _read(path: Path, changed_ns: int, inode: int, size: int) -> KeyRing:
    found: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, encoded = line.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not _KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in found:
            raise KeyMissing(
                f"{path} (VAULT_KEY_FILE), line {number}: write id:base64 of 32 bytes, each id once."
            )
        found[key_id] = key
    if not found:
        raise KeyMissing(f"{path} (VAULT_KEY_FILE) holds no key.")
    return KeyRing(current=list(found)[-1], _keys=found)


@sensitive_variables()
def seal_bytes(data: bytes, place: Place) -> bytes:
    """The data sealed for that place with the current key."""
    ring = keys()
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(ring.key(ring.current)).encrypt(nonce, data, place.associated(ring.current))
    return f"{VERSION}:{ring.current}:".encode() + nonce + sealed


@sensitive_variables()
def open_bytes(sealed: bytes, place: Place) -> bytes:
    """The data that was sealed for that place. Raises NotOpened or KeyMissing."""
    key_id, body = _split(bytes(sealed))
    return _open(key_id, body, place)


@sensitive_variables()
def seal(text: str, place: Place) -> str:
    """The text sealed for that place, as printable text for a text column."""
    head, key_id, body = seal_bytes(text.encode(), place).split(b":", 2)
    return b":".join([head, key_id, base64.b64encode(body)]).decode()


@sensitive_variables()
def open_text(sealed: str, place: Place) -> str:
    """The text that was sealed for that place. Raises NotOpened or KeyMissing."""
    key_id, body = _split(sealed.encode())
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error:
        raise NotOpened("A sealed value is damaged.") from None
    return _open(key_id, raw, place).decode()


def key_id_of(sealed: str | bytes) -> str:
    """The id of the key that sealed the value. Raises NotOpened when it is no sealed value."""
    return _split(sealed.encode() if isinstance(sealed, str) else bytes(sealed))[0]


@sensitive_variables()
def fingerprint(*parts: str) -> str:
    """`<key id>:<HMAC-SHA-256 in hexadecimal>`: tells equal secrets from different ones, and nothing else.

    Made with the current key, so that it is worth nothing more once that key is gone; see `matches`.
    """
    ring = keys()
    return f"{ring.current}:{_hmac(ring.key(ring.current), parts)}"


@sensitive_variables()
def matches(known: str, *parts: str) -> bool:
    """Whether the fingerprint is of these parts. One whose key is gone matches nothing."""
    key_id, _colon, digest = known.partition(":")
    try:
        key = keys().key(key_id)
    except KeyMissing:
        return False
    return hmac.compare_digest(digest, _hmac(key, parts))


@sensitive_variables()
def _hmac(key: bytes, parts: tuple[str, ...]) -> str:
    # A key of its own: what AES-GCM uses is used for nothing else.
    derived = hmac.digest(key, b"vault fingerprint", "sha256")
    return hmac.new(derived, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()


def _split(sealed: bytes) -> tuple[str, bytes]:
    parts = sealed.split(b":", 2)
    if len(parts) != 3 or parts[0] != VERSION.encode():
        raise NotOpened("This is not a value that the vault sealed.")
    try:
        return parts[1].decode("ascii"), parts[2]
    except UnicodeDecodeError:
        raise NotOpened("This is not a value that the vault sealed.") from None


@sensitive_variables()
def _open(key_id: str, body: bytes, place: Place) -> bytes:
    if len(body) <= NONCE_BYTES:
        raise NotOpened("A sealed value is damaged.")
    try:
        return AESGCM(keys().key(key_id)).decrypt(
            body[:NONCE_BYTES], body[NONCE_BYTES:], place.associated(key_id)
        )
    except InvalidTag:
        raise NotOpened(
            f"A sealed value of {place.table} does not open: it was changed, or sealed for another row."
        ) from None
