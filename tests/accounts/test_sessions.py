"""Sign-in, and when a session ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import people
from accounts.middleware import LAST_ACTIVITY
from accounts.models import Person, Role
from audit.models import Entry
from tests.inventory import rows

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
PROFILE = "/accounts/profile/"


def is_signed_in(client: Client) -> bool:
    return client.get(PROFILE).status_code == 200


def sign_in(client: Client, person: Person, password: str = PASSWORD) -> Any:
    data = {"username": person.staff_number, "password": password}
    return client.post(reverse("accounts:sign_in"), data)


def test_signing_in_is_audited_and_rotates_the_session_key(client, someone):
    """F10."""
    client.get(reverse("accounts:sign_in"))
    session = client.session
    session["before"] = 1
    session.save()
    old_key = session.session_key

    response = sign_in(client, someone)

    assert response.status_code == 302
    assert client.session.session_key != old_key
    assert Entry.objects.get(action="session.sign_in").actor_id == str(someone.pk)


def test_a_wrong_password_is_refused_and_audited_without_what_was_typed(client, someone):
    response = sign_in(client, someone, "CANARY-wrong")
    client.post(reverse("accounts:sign_in"), {"username": "CANARY-typed", "password": "x"})

    refusals = Entry.objects.filter(action="session.refuse")
    assert response.status_code == 200
    assert [entry.object_id for entry in refusals.order_by("pk")] == [str(someone.pk), ""]
    assert not any("CANARY" in entry.canon for entry in refusals)
    assert not is_signed_in(client)


def test_somebody_switched_off_cannot_sign_in(client, someone, admin):
    people.set_active(someone, False, by=admin, because="left")

    sign_in(client, someone)

    assert not is_signed_in(client)


def test_signing_out_needs_a_post_and_is_audited(signed_in, someone):
    client = signed_in(someone)

    assert client.get(reverse("accounts:sign_out")).status_code == 405
    assert is_signed_in(client)
    client.post(reverse("accounts:sign_out"))

    assert not is_signed_in(client)
    assert Entry.objects.filter(action="session.sign_out").count() == 1


@pytest.mark.parametrize("change", ["password", "grant", "end", "deactivate"])
def test_a_change_of_rights_ends_open_sessions_within_one_request(
    signed_in, someone, admin, change
):
    """F10: password, role and sign-in."""
    client = signed_in(someone)
    assert is_signed_in(client)
    if change == "password":
        people.change_password(someone, "a new long password 7", by=admin)
    elif change == "grant":
        people.grant_role(someone, Role.HANDOVER, by=admin, document="x")
    elif change == "end":
        people.end_grant(someone.grants.get(), by=admin, because="x")
    else:
        people.set_active(someone, False, by=admin, because="x")

    assert not is_signed_in(client)


def test_changing_the_own_password_keeps_this_session_and_ends_the_others(signed_in, someone):
    here, elsewhere = signed_in(someone), signed_in(someone)
    new = "another long password 8"

    response = here.post(
        reverse("accounts:password"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert response.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    entry = Entry.objects.get(action="person.change_password")
    assert new not in entry.canon


def test_a_weak_new_password_is_refused(signed_in, someone):
    client = signed_in(someone)

    client.post(
        reverse("accounts:password"),
        {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"},
    )

    assert Person.objects.get(pk=someone.pk).check_password(PASSWORD)


def idle(client: Client, seconds: int) -> None:
    """Pretends that the last action was so long ago."""
    session = client.session
    session[LAST_ACTIVITY] = session[LAST_ACTIVITY] - seconds
    session.save()


def test_a_session_ends_after_a_quarter_of_an_hour_without_an_action(signed_in, someone):
    client = signed_in(someone)
    assert is_signed_in(client)

    idle(client, 15 * 60)

    assert not is_signed_in(client)
    assert Entry.objects.filter(action="session.idle_end").count() == 1


def test_an_action_keeps_the_session(signed_in, someone):
    client = signed_in(someone)
    for _ in range(3):
        assert is_signed_in(client)
        idle(client, 14 * 60)

    assert is_signed_in(client)


@pytest.mark.parametrize(
    "poll", [{"path": PROFILE + "?poll=1"}, {"headers": {"HX-Trigger": "poll-run"}}]
)
def test_a_page_that_refreshes_itself_does_not_keep_the_session(signed_in, someone, poll):
    client = signed_in(someone)
    assert is_signed_in(client)
    idle(client, 14 * 60)

    client.get(poll.get("path", PROFILE), headers=poll.get("headers"))
    idle(client, 2 * 60)

    assert not is_signed_in(client)


def test_the_sign_in_page_speaks_turkish_unless_asked_otherwise(client):
    page = reverse("accounts:sign_in")

    assert client.get(page).headers["Content-Language"] == "tr"
    assert client.get(page, headers={"Accept-Language": "en"}).headers["Content-Language"] == "en"


def test_the_language_of_the_person_wins(signed_in, someone):
    someone.language = "en"
    someone.save()
    client = signed_in(someone)

    response = client.get(PROFILE, headers={"Accept-Language": "tr"})

    assert response.headers["Content-Language"] == "en"


def test_a_button_changes_language_and_theme_and_goes_back(signed_in, someone):
    client = signed_in(someone)
    page = reverse("accounts:preferences")

    response = client.post(page, {"theme": "dark", "language": "en", "next": PROFILE})
    away = client.post(page, {"theme": "no such theme", "next": "https://elsewhere.example/"})

    someone.refresh_from_db()
    assert (someone.theme, someone.language, response.url) == ("dark", "en", PROFILE)
    assert away.url == "/"


def test_a_visitor_chooses_the_language_of_the_sign_in_page(client):
    client.post(reverse("accounts:preferences"), {"language": "en", "next": "/accounts/sign-in/"})

    assert client.get(reverse("accounts:sign_in")).headers["Content-Language"] == "en"


def test_every_page_of_people_answers_those_who_may_and_refuses_others(signed_in, admin, someone):
    pages = [
        reverse("accounts:people"),
        reverse("accounts:person_create"),
        reverse("accounts:person", args=[someone.pk]),
    ]

    for page in pages:
        assert signed_in(admin).get(page).status_code == 200
        assert signed_in(someone).get(page).status_code in {403, 404}
        assert Client().get(page).status_code == 302


def test_an_administrator_enters_a_person_and_grants_and_ends_a_role(signed_in, admin):
    client = signed_in(admin)
    client.post(
        reverse("accounts:person_create"),
        {
            "staff_number": "2002",
            "full_name": "Yeni Kişi",
            "language": "tr",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    person = Person.objects.get(staff_number="2002")
    grant = {
        "role": "OPERATOR",
        "scope_kind": "all",
        "starts_on": "2026-01-01",
        "document": "Order",
    }

    refused = client.post(
        reverse("accounts:role_grant", args=[person.pk]), grant | {"document": ""}
    )
    client.post(reverse("accounts:role_grant", args=[person.pk]), grant)
    row = person.grants.get()
    page = client.get(reverse("accounts:person", args=[person.pk])).content.decode()
    client.post(reverse("accounts:role_end", args=[row.pk]), {"because": "moved"})
    client.post(
        reverse("accounts:person_switch", args=[person.pk]), {"active": "0", "because": "left"}
    )

    person = Person.objects.get(pk=person.pk)
    assert refused.status_code == 422
    assert "Order" in page
    assert not person.is_active
    assert person.grants.get().has_ended
    actions = set(Entry.objects.filter(object_id=str(person.pk)).values_list("action", flat=True))
    assert actions >= {"person.create", "role.grant", "role.end", "person.deactivate"}


def test_an_administrator_cannot_change_his_own_rights_over_the_pages(signed_in, admin):
    client = signed_in(admin)
    grant = {"role": "SUPERIOR", "starts_on": "2026-01-01", "document": "x"}

    answers = [
        client.post(reverse("accounts:role_grant", args=[admin.pk]), grant),
        client.post(reverse("accounts:role_end", args=[admin.grants.get().pk]), {"because": "x"}),
        client.post(
            reverse("accounts:person_switch", args=[admin.pk]), {"active": "0", "because": "x"}
        ),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert Person.objects.get(pk=admin.pk).roles() == {Role.ADMIN}


def test_an_operator_cannot_grant_over_the_pages(signed_in, someone):
    other = rows.person()

    response = signed_in(someone).post(
        reverse("accounts:role_grant", args=[other.pk]), {"role": "ADMIN"}
    )

    assert response.status_code == 404
    assert not other.grants.exists()


def test_a_fragment_after_the_end_of_the_session_is_a_401_and_not_the_sign_in_page(client):
    response = client.get(PROFILE, headers={"HX-Request": "true"})

    assert response.status_code == 401


def test_five_wrong_passwords_slow_that_account_from_that_address_only(someone, settings):
    """F11: the right password works from elsewhere, so nobody is locked out for ever."""
    settings.AXES_ENABLED = True
    here, elsewhere = Client(REMOTE_ADDR="10.1.1.1"), Client(REMOTE_ADDR="10.1.1.2")
    answers = [sign_in(here, someone, "wrong").status_code for _ in range(6)]

    assert answers[0] == 200
    assert answers[-1] == 429
    assert sign_in(here, someone).status_code == 429
    assert sign_in(elsewhere, someone).status_code == 302
    assert is_signed_in(elsewhere)


def test_a_role_is_granted_for_a_building_by_its_name(signed_in, admin, someone):
    building = rows.building()
    client = signed_in(admin)
    grant = {"role": "UNIT_HEAD", "starts_on": "2026-01-01", "document": "Order"}
    url = reverse("accounts:role_grant", args=[someone.pk])

    wrong = client.post(url, grant | {"place": "building:999999"})
    client.post(url, grant | {"place": f"building:{building.pk}"})

    page = client.get(reverse("accounts:person", args=[someone.pk])).content.decode()
    given = someone.grants.get(role="UNIT_HEAD")
    assert wrong.status_code == 422
    assert (given.scope_kind, given.scope_id) == ("building", building.pk)
    assert page.count(building.name) == 2  # in the table and among the choices
