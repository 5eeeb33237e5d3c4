"""The university portal as a program: a token with the scope `portal`, and calls for its people."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import Person
from footage_requests import rules
from footage_requests.models import FootageRequest, RequesterKind
from tests.inventory import rows
from tests.requests import cases

BASE = "/api/v1/portal/requests/"


def install_rules() -> None:
    """The first rules again: a transactional test before may have emptied their tables."""
    rules.install(apps)
    RequesterKind.objects.filter(code__in=rules.BY_PORTAL).update(by_portal=True)


class Portal:
    """Calls for one person of the portal; `language` is what that person reads."""

    def __init__(
        self,
        person: Person | None = None,
        *,
        on_behalf_of: str = "user-7f3a",
        scopes: tuple[str, ...] = ("portal",),
        language: str = "en",
    ) -> None:
        self.person = person or rows.person("REGISTRY_CLERK")
        self.on_behalf_of = on_behalf_of
        ends = timezone.now() + dt.timedelta(days=30)
        _token, text = tokens.make(self.person, "portal", scopes, expires_at=ends, by="test")
        self.authorization = f"Bearer {text}"
        self.client = Client(headers={"Authorization": self.authorization})
        self.language = language

    def headers(self, **more: str) -> dict[str, str]:
        return {"On-Behalf-Of": self.on_behalf_of, "Accept-Language": self.language, **more}

    def get(self, path: str = "", **headers: str) -> Any:
        return self.client.get(BASE + path, headers=self.headers(**headers))

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.client.post(
            BASE + path,
            data or {},
            content_type="application/json",
            headers=self.headers(**headers),
        )

    def file(self, *, key: str = "", **changes: Any) -> Any:
        """A petition, or what `changes` make of it; None leaves a fact out."""
        told = {name: value for name, value in petition(**changes).items() if value is not None}
        return self.post("", told, **{"Idempotency-Key": key or str(uuid.uuid4())})

    def filed(self, **changes: Any) -> FootageRequest:
        answer = self.file(**changes)
        assert answer.status_code == 201, answer.content
        return FootageRequest.objects.get(number=answer.json()["number"])

    def paper(
        self, number: str, data: bytes, name: str = "letter.pdf", key: str = "", **fields: Any
    ) -> Any:
        body = {"file": SimpleUploadedFile(name, data), **fields}
        headers = self.headers(**({"Idempotency-Key": key} if key else {}))
        return self.client.post(f"{BASE}{number}/papers/", body, headers=headers)


def petition(**changes: Any) -> dict[str, Any]:
    window = cases.window()
    return {
        "kind": "PETITION",
        "requester_name": "Ali Veli",
        "event": "A bag was left behind",
        "place": "Kütüphane girişi",
        "starts_at": window["starts_at"].isoformat(),
        "ends_at": window["ends_at"].isoformat(),
        **changes,
    }
