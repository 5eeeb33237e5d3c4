"""Idle logout loses no form: it is kept until the same person has entered the password."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.middleware import LAST_ACTIVITY
from accounts.models import Person
from audit.models import Entry

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
PROFILE = "/accounts/profile/"


@pytest.fixture
def browser(someone: Person) -> Client:
    """A browser that checks CSRF tokens, with the profile's page open for too long."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    client.get(PROFILE)
    session = client.session
    session[LAST_ACTIVITY] -= 16 * 60
    session.save()
    return client


def token(client: Client) -> str:
    return client.cookies["csrftoken"].value


def send(client: Client, **fields: str) -> str:
    response = client.post(
        PROFILE, {"language": "tr", "theme": "dark", "note": "kept words", **fields}
    )
    return f"{response.status_code} {response.content.decode()}"


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))


def test_a_form_is_sent_on_after_the_password(browser: Client, someone: Person) -> None:
    page = send(browser, csrfmiddlewaretoken=token(browser))
    assert page.startswith("401")
    assert Person.objects.get(pk=someone.pk).theme == "auto"

    fields = hidden(page)
    assert fields["note"] == "kept words"
    done = browser.post(PROFILE, {**fields, "sign_in_again_password": PASSWORD})

    assert done.status_code == 302
    assert Person.objects.get(pk=someone.pk).theme == "dark"
    assert Entry.objects.filter(action="session.sign_in").count() == 1


def test_a_wrong_password_changes_nothing_and_keeps_the_form(
    browser: Client, someone: Person
) -> None:
    fields = hidden(send(browser, csrfmiddlewaretoken=token(browser)))

    again = browser.post(PROFILE, {**fields, "sign_in_again_password": "something else"})

    assert again.status_code == 401
    assert hidden(again.content.decode())["note"] == "kept words"
    assert Person.objects.get(pk=someone.pk).theme == "auto"
    assert Entry.objects.filter(action="session.refuse").count() == 1


def test_a_form_of_a_foreign_page_is_not_kept(browser: Client) -> None:
    """F3."""
    assert "kept words" not in send(browser, csrfmiddlewaretoken="x" * 64)


def test_passwords_do_not_travel_through_the_page(browser: Client) -> None:
    page = send(browser, csrfmiddlewaretoken=token(browser), new_password1="canary-7319")

    assert page.startswith("401")
    assert "canary-7319" not in page


def test_somebody_else_cannot_send_it(browser: Client) -> None:
    fields = hidden(send(browser, csrfmiddlewaretoken=token(browser)))

    forged = {**fields, "sign_in_again_as": "1:x:y", "sign_in_again_password": PASSWORD}

    assert browser.post(PROFILE, forged).headers["Location"].startswith("/accounts/sign-in/")
