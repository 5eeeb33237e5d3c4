"""HTTP login answers: digest access authentication (RFC 7616, and RFC 2617/2069 as devices speak it).

MD5 and SHA-256, plain and `-sess`, with `qop=auth` and without qop. The nonce of the last
challenge is kept with its counter, so that further calls need no second round.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from cameras.protocols.base import Login

_SCHEMES = re.compile(r"(?:^|,)\s*(digest|basic|negotiate|ntlm|bearer)\b", re.IGNORECASE)
# A device may send a hundred headers of eight kilobytes; reading them must not keep all others waiting.
_MOST_HEADERS, _LONGEST = 8, 2048
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PARAMETER = re.compile(
    r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))'
)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {"md5": _md5, "sha-256": _sha256}


@dataclass(frozen=True)
class Challenge:
    """One login method that a device offers in `WWW-Authenticate`."""

    scheme: str  # lower case
    realm: str = ""
    nonce: str = ""
    opaque: str | None = None
    algorithm: str = ""  # as the device writes it; blank = MD5
    qop: tuple[str, ...] = ()
    stale: bool = False

    @property
    def hash_name(self) -> str:
        """`md5` or `sha-256`; blank when the device asks for something else."""
        name = self.algorithm.lower().removesuffix("-sess") or "md5"
        name = {"sha256": "sha-256"}.get(name, name)
        return name if name in _HASHES else ""

    @property
    def is_usable_digest(self) -> bool:
        """Can be answered: a known hash, not `auth-int` alone, and texts that can be sent back."""
        return (
            self.scheme == "digest"
            and bool(self.nonce)
            and bool(self.hash_name)
            and (not self.qop or "auth" in self.qop)
            and all(map(_is_readable, (self.realm, self.nonce, self.opaque or "")))
        )


def _is_readable(text: str) -> bool:
    """Whether a text came through whole. A realm in another charset would be hashed differently
    here and there, and the wrong answer would count as a wrong password."""
    return "\ufffd" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def parse_challenges(header_values: Iterable[str]) -> list[Challenge]:
    """The methods offered, in the device's order; what cannot be read is left out."""
    found: list[Challenge] = []
    for value in (one[:_LONGEST] for one in islice(header_values, _MOST_HEADERS)):
        # A realm may hold commas and the names of schemes: only what is not quoted can begin one.
        bare = _QUOTED.sub(lambda quoted: '"' + "x" * (len(quoted[0]) - 2) + '"', value)
        starts = list(_SCHEMES.finditer(bare))
        for index, match in enumerate(starts):
            end = starts[index + 1].start() if index + 1 < len(starts) else len(value)
            found.append(_challenge(match.group(1).lower(), value[match.end() : end]))
    return found


def _challenge(scheme: str, text: str) -> Challenge:
    fields: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(text):
        fields.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else bare)
    return Challenge(
        scheme=scheme,
        realm=fields.get("realm", ""),
        nonce=fields.get("nonce", ""),
        opaque=fields.get("opaque"),
        algorithm=fields.get("algorithm", ""),
        qop=tuple(part.strip().lower() for part in fields.get("qop", "").split(",") if part),
        stale=fields.get("stale", "").lower() == "true",
    )


def best_digest(challenges: Iterable[Challenge]) -> Challenge | None:
    """SHA-256 before MD5; None when no offered digest can be answered."""
    usable = [challenge for challenge in challenges if challenge.is_usable_digest]
    return min(usable, key=lambda c: c.hash_name != "sha-256", default=None)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class DigestAnswers:
    """Answers one challenge again and again, counting up, until the device gives a new nonce."""

    def __init__(self, challenge: Challenge, login: Login) -> None:
        self.challenge = challenge
        self._username = login.username
        self._hash = _HASHES[challenge.hash_name]
        self._count = 0
        self._cnonce = secrets.token_hex(8)
        self._ha1 = self._secret_half(login)

    @property
    def auth_name(self) -> str:
        """How `Manner.auth` calls this method."""
        return f"digest-{self.challenge.hash_name.replace('-', '')}"

    def _secret_half(self, login: Login) -> str:
        plain = f"{login.username}:{self.challenge.realm}:{login.password.reveal()}"
        ha1 = self._hash(plain.encode())
        if self.challenge.algorithm.lower().endswith("-sess"):
            ha1 = self._hash(f"{ha1}:{self.challenge.nonce}:{self._cnonce}".encode())
        return ha1

    def header(self, method: str, uri: str) -> str:
        """The `Authorization` value for one request; `uri` is path and query as on the wire."""
        challenge = self.challenge
        ha2 = self._hash(f"{method}:{uri}".encode())
        parts = [
            f"username={_quoted(self._username)}",
            f"realm={_quoted(challenge.realm)}",
            f"nonce={_quoted(challenge.nonce)}",
            f"uri={_quoted(uri)}",
        ]
        if challenge.algorithm:
            parts.append(f"algorithm={challenge.algorithm}")
        if challenge.qop:
            self._count += 1
            count = f"{self._count:08x}"
            middle = f"{challenge.nonce}:{count}:{self._cnonce}:auth"
            parts += ["qop=auth", f"nc={count}", f'cnonce="{self._cnonce}"']
        else:
            middle = challenge.nonce
            if challenge.algorithm.lower().endswith("-sess"):
                parts.append(f'cnonce="{self._cnonce}"')
        parts.append(f'response="{self._hash(f"{self._ha1}:{middle}:{ha2}".encode())}"')
        if challenge.opaque is not None:
            parts.append(f"opaque={_quoted(challenge.opaque)}")
        return "Digest " + ", ".join(parts)


def basic_header(login: Login) -> str:
    """The `Authorization` value that carries the password itself: for TLS connections only."""
    pair = f"{login.username}:{login.password.reveal()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
