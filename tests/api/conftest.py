"""Callers of the REST API: programs with a token, and signed-in browsers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import Person
from tests.inventory import rows

BASE = "/api/v1/"


class Caller:
    """A program with a token: `get` and `post` take the part of the address after /api/v1/."""

    def __init__(self, person: Person, *scopes: str, **fields: Any) -> None:
        fields.setdefault("expires_at", timezone.now() + dt.timedelta(days=30))
        self.token, self.text = tokens.make(
            person, "portal", scopes or tokens.SCOPES, by="test", **fields
        )
        self.client = Client(headers={"Authorization": f"Bearer {self.text}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(BASE + path, headers=headers)

    def post(self, path: str, data: Any = None) -> Any:
        return self.client.post(BASE + path, data or {}, content_type="application/json")

    def ids(self, path: str) -> list[int]:
        """Ids of the rows on the first page."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]


@pytest.fixture
def make_caller(db: None) -> Callable[..., Caller]:
    return Caller


@pytest.fixture
def head(db: None) -> Caller:
    """The unit head, who sees the whole campus."""
    return Caller(rows.person("UNIT_HEAD"))


@pytest.fixture
def browser(db: None) -> Callable[[Person], Client]:
    """A browser in which that person is signed in; CSRF is checked as in real life."""

    def sign_in(person: Person) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
