"""A small client of the portal's calls: Python 3.11 or newer, nothing but the standard library.

    export CCTV_URL=https://cctv.example.edu CCTV_TOKEN=cctv_ab12cd34_...
    python portal_client.py choices
    python portal_client.py file user-7f3a petition.json
    python portal_client.py papers user-7f3a T-2026-00042 letter.pdf
    python portal_client.py show user-7f3a T-2026-00042

`user-7f3a` is the portal's own opaque word for the person who asks. docs/portal.md tells the rules.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import mimetypes
import os
import sys
import time
import uuid
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TRIES = 4
SECONDS = 20
# A webhook that is older is refused: somebody may have kept it.
OLDEST_S = 300


class PortalError(Exception):
    """The unit's system refused a call. `code` is for programs, the text for people."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.status = answer.get("status", 0)
        self.code = answer.get("code", "")
        self.errors = answer.get("errors", {})
        super().__init__(answer.get("detail", ""))


class PortalClient:
    """Calls for the people of a portal. Calls that change something are safe to repeat."""

    def __init__(self, base: str, token: str, *, language: str = "tr") -> None:
        self.parts = urlsplit(base)
        if self.parts.scheme != "https" and self.parts.hostname not in {"localhost", "127.0.0.1"}:
            raise ValueError("A token goes over https:// only.")
        self.root = f"{self.parts.path.rstrip('/')}/api/v1/portal/"
        self.token = token
        self.language = language

    def choices(self) -> dict[str, Any]:
        """Kinds of requesters with what they must bring, and buildings: what a form offers."""
        return self._call("GET", "choices/")

    def file(self, who: str, facts: dict[str, Any], key: str) -> dict[str, Any]:
        """Files a request. `key` belongs to the form that was filled in: keep it, send it again."""
        return self._json("requests/", who, facts, key)

    def show(self, who: str, number: str) -> dict[str, Any]:
        """State in words, deadline, what is missing, and the answer once there is one."""
        return self._call("GET", f"requests/{number}/", who=who)

    def list(self, who: str) -> list[dict[str, Any]]:
        """All requests of one person, newest first."""
        found: list[dict[str, Any]] = []
        number = 1
        while True:
            page = self._call("GET", f"requests/?page_size=200&page={number}", who=who)
            found += page["results"]
            if page["next"] is None:
                return found
            number += 1

    def complete(self, who: str, number: str, message: str, **facts: Any) -> dict[str, Any]:
        """Gives what was missing."""
        return self._json(f"requests/{number}/complete/", who, {"message": message, **facts})

    def withdraw(self, who: str, number: str, because: str) -> dict[str, Any]:
        """Takes the request back."""
        return self._json(f"requests/{number}/withdraw/", who, {"because": because})

    def add_paper(self, who: str, number: str, path: Path, kind: str = "LETTER") -> dict[str, Any]:
        """Adds a paper: PDF, JPEG, PNG or TIFF of at most 20 MB."""
        mark = uuid.uuid4().hex
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        body = b"".join(
            (
                f'--{mark}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n'.encode(),
                f'--{mark}\r\nContent-Disposition: form-data; name="file"; '.encode(),
                f'filename="paper{path.suffix}"\r\nContent-Type: {media}\r\n\r\n'.encode(),
                path.read_bytes(),
                f"\r\n--{mark}--\r\n".encode(),
            )
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        return self._call("POST", f"requests/{number}/papers/", who=who, body=body, headers=headers)

    def _json(
        self, path: str, who: str, data: dict[str, Any], key: str | None = None
    ) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key or str(uuid.uuid4()),
        }
        return self._call("POST", path, who=who, body=json.dumps(data).encode(), headers=headers)

    def _call(
        self,
        method: str,
        path: str,
        *,
        who: str = "",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        sent = {
            "Authorization": f"Bearer {self.token}",
            "Accept-Language": self.language,
            **({"On-Behalf-Of": who} if who else {}),
            **(headers or {}),
        }
        for attempt in range(1, TRIES + 1):
            try:
                status, told, wait = self._send(method, path, body, sent)
            except OSError:
                # The key makes it harmless that the call may have arrived.
                if attempt == TRIES:
                    raise
                time.sleep(2**attempt)
                continue
            if status < 300:
                return told
            again = status == 429 or status >= 500 or told.get("code") == "still_running"
            if not again or attempt == TRIES:
                raise PortalError({"status": status, **told})
            time.sleep(min(wait or 2**attempt, 60))
        raise AssertionError("unreachable")

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], int]:
        """Status, answer, and the seconds that we are asked to wait. Redirects are not followed."""
        kind = HTTPSConnection if self.parts.scheme == "https" else HTTPConnection
        connection = kind(self.parts.hostname or "", self.parts.port, timeout=SECONDS)
        try:
            connection.request(method, f"{self.root}{path}", body, headers)
            answer = connection.getresponse()
            try:
                told: dict[str, Any] = json.loads(answer.read())
            except ValueError:
                told = {"detail": answer.reason}
            return answer.status, told, int(answer.headers.get("Retry-After", "0"))
        except HTTPException as broken:
            raise OSError(str(broken)) from broken
        finally:
            connection.close()


def is_ours(secrets: list[str], signature: str, body: bytes, *, now: float | None = None) -> bool:
    """Whether a webhook comes from the unit's system and is fresh. `body` as it arrived, unparsed.

    `signature` is the header CCTV-Signature. Afterwards remember the event's `id`, and do nothing for
    one that is known: a message may come twice.
    """
    stamp, given = "", []
    for part in signature.split(","):
        name, _equals, value = part.partition("=")
        if name == "t":
            stamp = value
        elif name == "v1":
            given.append(value)
    if not stamp.isdecimal() or abs((now or time.time()) - int(stamp)) > OLDEST_S:
        return False
    message = stamp.encode() + b"." + body
    made = [hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in secrets]
    return any(hmac.compare_digest(one, other) for one in made for other in given)


def main(words: list[str]) -> int:
    client = PortalClient(os.environ["CCTV_URL"], os.environ["CCTV_TOKEN"])
    match words:
        case ["choices"]:
            told: Any = client.choices()
        case ["list", who]:
            told = client.list(who)
        case ["show", who, number]:
            told = client.show(who, number)
        case ["file", who, path]:
            # Of the same file always the same key: sent twice, it is one request.
            data = Path(path).read_bytes()
            key = hashlib.sha256(who.encode() + b"\0" + data).hexdigest()
            told = client.file(who, json.loads(data), key)
        case ["papers", who, number, path]:
            told = client.add_paper(who, number, Path(path))
        case ["complete", who, number, message]:
            told = client.complete(who, number, message)
        case ["withdraw", who, number, because]:
            told = client.withdraw(who, number, because)
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PortalError as refused:
        details = [f"{name}: {text}" for name, texts in refused.errors.items() for text in texts]
        sys.stderr.write("\n".join([f"{refused.code}: {refused}", *details]) + "\n")
        sys.exit(1)
