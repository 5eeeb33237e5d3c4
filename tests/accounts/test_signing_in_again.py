"""The session ends while a page stands open: the password is asked for over the page, and nothing is lost."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.middleware import LAST_ACTIVITY
from accounts.models import Person
from audit.models import Entry
from tests.inventory import rows

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
AGAIN = "/accounts/sign-in/again/"
PROFILE = "/accounts/profile/"


@pytest.fixture
def browser(someone: Person) -> Client:
    """A browser that checks CSRF tokens, whose session has just ended."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    client.get(PROFILE)
    session = client.session
    session[LAST_ACTIVITY] -= 16 * 60
    session.save()
    return client


def test_a_page_is_told_that_its_session_has_ended_without_keeping_it(browser: Client) -> None:
    answer = browser.get(AGAIN + "?poll=1")

    assert answer.status_code == 401
    assert answer.json()["person"] == ""
    assert Entry.objects.filter(action="session.idle_end").count() == 1


def test_the_password_opens_the_session_and_gives_the_page_a_new_token(
    browser: Client, someone: Person
) -> None:
    csrf = browser.get(AGAIN).json()["csrf"]
    data = {"username": someone.staff_number, "csrfmiddlewaretoken": csrf}

    wrong = browser.post(AGAIN, data | {"password": "something else"})
    right = browser.post(AGAIN, data | {"password": PASSWORD})

    assert (wrong.status_code, right.status_code) == (422, 200)
    assert wrong.json()["error"]
    assert right.json()["person"] == str(someone.pk)
    form = {"language": "tr", "theme": "dark", "csrfmiddlewaretoken": right.json()["csrf"]}
    assert browser.post(PROFILE, form).status_code == 302
    assert Person.objects.get(pk=someone.pk).theme == "dark"
    actions = Entry.objects.filter(action__startswith="session.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "session.idle_end",
        "session.refuse",
        "session.sign_in",
    ]


def test_a_foreign_page_cannot_sign_anybody_in(browser: Client, someone: Person) -> None:
    """F3."""
    data = {"username": someone.staff_number, "password": PASSWORD}

    assert browser.post(AGAIN, data).status_code == 403


def test_five_wrong_passwords_slow_it_down_like_the_sign_in(someone: Person, settings) -> None:  # type: ignore[no-untyped-def]
    """F11."""
    settings.AXES_ENABLED = True
    client = Client(REMOTE_ADDR="10.1.1.7")
    data = {"username": someone.staff_number, "password": "wrong"}

    answers = [client.post(AGAIN, data).status_code for _ in range(6)]

    assert (answers[0], answers[-1]) == (422, 429)


def test_whoever_is_signed_in_is_told_so(someone: Person) -> None:
    client = Client()
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.get(AGAIN)

    assert (answer.status_code, answer.json()["person"]) == (200, str(someone.pk))
    assert "no-store" in answer.headers["Cache-Control"]


def test_every_page_carries_the_question_and_none_shows_it(someone: Person) -> None:
    client = Client()
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("accounts:profile")).content.decode()

    assert 'id="sign-in-again"' in page
    assert "<dialog open" not in page
    assert someone.staff_number in page
    assert rows.person().staff_number not in page
    assert json.dumps(PASSWORD) not in page
