"""People and signed-in browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from tests.inventory import rows

PASSWORD = "long enough 4 tests"
SignedIn = Callable[[Person], Client]


@pytest.fixture
def admin() -> Person:
    return rows.person("ADMIN")


@pytest.fixture
def someone() -> Person:
    person = rows.person("OPERATOR")
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def signed_in() -> SignedIn:
    """A browser in which that person is signed in."""

    def sign_in(person: Person) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
