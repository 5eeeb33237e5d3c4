"""F1: every address x method x role against the table below. An address without a row fails.

A row says who gets through with GET and with POST, everybody else is refused with 403, and what becomes of
somebody who holds every role, but only for another building. An auditor of the campus who holds the other
roles for another building reads here and changes nothing. Methods that no row names are refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpResponse
from django.test.client import ClientHandler

from accounts.models import Person, Role
from tests.access import (
    ANONYMOUS,
    ELSEWHERE,
    EMPTY_PAGES,
    EVERYBODY,
    METHODS,
    NOBODY,
    READS_HERE,
    World,
    addresses,
)

R = Role
ALL = frozenset(Role)
SEEING = ALL - {R.REGISTRY_CLERK, R.LEGAL, R.HANDOVER, R.WEB_EDITOR}
CHECKING = {R.OPERATOR, R.UNIT_HEAD, R.ADMIN}
MAINTAINING = {R.OPERATOR, R.UNIT_HEAD}
REGISTERING = {R.OPERATOR, R.UNIT_HEAD, R.ASSET_CLERK}
LOOKING = {R.OPERATOR, R.UNIT_HEAD, R.SECURITY_CHIEF}
PLACING = {R.UNIT_HEAD, R.ADMIN}
LOG_READERS = {R.UNIT_HEAD, R.AUDITOR, R.ADMIN}
PEOPLE_READERS = {R.AUDITOR, R.ADMIN}
CASE_READERS = ALL - {R.ASSET_CLERK, R.WEB_EDITOR, R.ADMIN}
DELIVERING = {R.HANDOVER, R.OPERATOR, R.UNIT_HEAD}
FILING = {R.REGISTRY_CLERK, R.OPERATOR, R.UNIT_HEAD, R.SECURITY_CHIEF}
NOTE_READERS = ALL - {R.LEGAL, R.WEB_EDITOR}
NOTE_WRITERS = NOTE_READERS - {R.AUDITOR, R.PRIVACY}
WATCHING = {R.UNIT_HEAD, R.SUPERIOR, R.AUDITOR}

ANYBODY = frozenset(EVERYBODY)
SIGNED_IN = ANYBODY - {ANONYMOUS}

THROUGH = {200, 302, 400, 409, 422}  # let in; an empty form is then refused for what it lacks
ABSENT = THROUGH | {404}  # let in, but the thing itself is not there in this small world


@dataclass(frozen=True)
class Row:
    """Who gets through. `elsewhere`: what somebody gets whose roles are for another building."""

    get: Any = None
    post: Any = None
    elsewhere: int | None = None
    let_in: Any = frozenset(THROUGH)
    refused: Any = frozenset({403})
    other_methods: Any = frozenset({405})


def own(get: Any = None, post: Any = None, **kwargs: Any) -> Row:
    """A thing that stands in a building: hidden from people of other buildings."""
    return Row(get, post, elsewhere=404, **kwargs)


def campus(get: Any = None, post: Any = None, **kwargs: Any) -> Row:
    """Something for the whole campus: refused to people of one building."""
    return Row(get, post, elsewhere=403, **kwargs)


def form(who: Any, of: Any = own, **kwargs: Any) -> Row:
    row: Row = of(who, who, **kwargs)
    return row


def secret(get: Any = None, post: Any = None) -> Row:
    """A person, a grant, a login: who may not see it cannot tell that it is there."""
    return Row(get, post, elsewhere=404, refused=frozenset({403, 404}))


# The API takes changes from programs with a token only, never from a signed-in browser.
API_LIST = Row(SEEING, other_methods=frozenset({403, 405}))
API_ROW = Row(SEEING, elsewhere=404, other_methods=frozenset({403, 404, 405}))
API_STEP = Row(other_methods=frozenset({403, 404, 405}))

TABLE = {
    "today": Row(SIGNED_IN),
    "search": Row(SIGNED_IN),
    "alive": Row(ANYBODY),
    "ready": Row(ANYBODY),
    # --- sign-in, people and their roles
    "accounts:sign_in": Row(ANYBODY, ANYBODY, other_methods=frozenset({200, 302, 405})),
    "accounts:sign_in_again": Row(ANYBODY, ANYBODY, let_in=frozenset({200, 401, 422})),
    "accounts:sign_out": Row(post=ANYBODY),
    "accounts:preferences": Row(post=ANYBODY),
    "accounts:profile": form(SIGNED_IN, Row),
    "accounts:password": form(SIGNED_IN, Row),
    "accounts:people": campus(PEOPLE_READERS),
    "accounts:person_create": form({R.ADMIN}, campus),
    "accounts:person": Row(PEOPLE_READERS, elsewhere=403),
    "accounts:role_grant": secret(post={R.ADMIN}),
    "accounts:role_end": secret(post={R.ADMIN}),
    "accounts:person_switch": secret(post={R.ADMIN}),
    "accounts:tokens": campus(PEOPLE_READERS),
    "accounts:token_create": form({R.ADMIN}, campus),
    "accounts:token_revoke": secret(post={R.ADMIN}),
    # --- the log
    "audit:entries": campus(LOG_READERS),
    "audit:entry": campus(LOG_READERS),
    # --- what devices do
    "cameras:positions": Row(SEEING),
    "cameras:position": own(SEEING),
    "cameras:picture": own(LOOKING, let_in=ABSENT),
    "cameras:reference": own(LOOKING),
    "cameras:reference_picture": own(LOOKING, let_in=ABSENT),
    "cameras:reference_set": own(post=MAINTAINING),
    "cameras:reference_compare": own(post=MAINTAINING, let_in=ABSENT),
    "cameras:recorders": Row(SEEING),
    "cameras:recorder": own(SEEING),
    "cameras:building": own(SEEING),
    "cameras:device": own(SEEING),
    # Made-up rows for developers; 404 in production.
    "cameras:components": Row(SIGNED_IN),
    "cameras:days": Row(SEEING),
    "cameras:day": Row(SEEING),
    "cameras:findings": Row(SEEING),
    "cameras:acknowledge": own(post=MAINTAINING),
    "cameras:runs": Row(SEEING),
    "cameras:check_now": Row(post=CHECKING),
    "cameras:play_minute": Row(post=CHECKING),
    "cameras:run": own(SEEING),
    "cameras:cancel": own(post=CHECKING),
    "cameras:sheets": campus(SEEING),
    "cameras:sheet": campus(SEEING, let_in=ABSENT),
    "cameras:sheet_paper": campus(SEEING, let_in=ABSENT),
    "cameras:sheet_filed": campus(SEEING, let_in=ABSENT),
    "cameras:sheet_explain": campus(post=MAINTAINING, let_in=ABSENT),
    "cameras:sheet_sign": form(MAINTAINING, campus, let_in=ABSENT),
    "cameras:sheet_seen": campus(post={R.UNIT_HEAD, R.SUPERIOR}, let_in=ABSENT),
    **dict.fromkeys(
        (
            *("cameras:reports", "cameras:report_clocks", "cameras:report_monthly"),
            *("cameras:report_warranty", "cameras:report_last_days", "cameras:report_history"),
        ),
        Row(SEEING),
    ),
    "cameras:device_card": own(SEEING),
    # A long paper is there only for the person who asked for it.
    **dict.fromkeys(
        ("cameras:printing", "cameras:printed"),
        Row(SIGNED_IN, elsewhere=404, let_in=frozenset({404})),
    ),
    **dict.fromkeys(("cameras:paper_forms", "cameras:holidays"), form(PLACING, campus)),
    # --- shift notes
    "control_room:notes": Row(NOTE_READERS),
    "control_room:note": own(NOTE_READERS),
    "control_room:note_new": form(NOTE_WRITERS, Row),
    **dict.fromkeys(
        ("control_room:note_take_over", "control_room:note_line", "control_room:note_done"),
        own(post=NOTE_WRITERS),
    ),
    # --- footage requests
    **dict.fromkeys(
        ("footage_requests:board", "footage_requests:list"),
        Row(CASE_READERS),
    ),
    **dict.fromkeys(
        ("footage_requests:statistics", "footage_requests:rules"),
        Row(CASE_READERS),
    ),
    "footage_requests:webhooks": campus(LOG_READERS),
    "footage_requests:webhook_new": form(PLACING, campus),
    **dict.fromkeys(
        (
            *("footage_requests:webhook_rotate", "footage_requests:webhook_switch"),
            "footage_requests:webhook_again",
        ),
        campus(post=PLACING),
    ),
    "footage_requests:save_filter": Row(post=CASE_READERS),
    # A kept view is its owner's alone: nobody in this small world has one.
    "footage_requests:delete_filter": Row(
        post=CASE_READERS, elsewhere=404, let_in=frozenset({404})
    ),
    "footage_requests:new": form(FILING, Row),
    "footage_requests:blank_form": Row(FILING),
    **dict.fromkeys(
        ("footage_requests:rule_new", "footage_requests:rule"),
        form({R.UNIT_HEAD, R.LEGAL}, campus),
    ),
    "footage_requests:case": form(CASE_READERS),
    "footage_requests:form_paper": own(CASE_READERS),
    "footage_requests:paper": own(CASE_READERS, let_in=ABSENT),
    "footage_requests:reveal": own(post=FILING),
    **dict.fromkeys(
        (
            *("footage_requests:edit", "footage_requests:attach", "footage_requests:register"),
            *("footage_requests:complete", "footage_requests:withdraw"),
            *("footage_requests:ebys", "footage_requests:writing", "footage_requests:fee_paid"),
        ),
        form(FILING),
    ),
    **dict.fromkeys(
        (
            *("footage_requests:submit", "footage_requests:ask_missing"),
            *("footage_requests:ask_opinion", "footage_requests:extend_deadline"),
            *("footage_requests:merge", "footage_requests:fee", "footage_requests:fee_waive"),
        ),
        form(MAINTAINING),
    ),
    "footage_requests:cameras": own(MAINTAINING),
    **dict.fromkeys(
        (
            *("footage_requests:name_cameras", "footage_requests:propose_cameras"),
            *("footage_requests:check_cameras", "footage_requests:exclude_rest"),
            "footage_requests:decide_item",
        ),
        own(post=MAINTAINING),
    ),
    "footage_requests:give_opinion": form({R.LEGAL, R.PRIVACY}),
    # Whoever may be on duty opens it for oral requests only, and this one is written.
    "footage_requests:decide": form({R.SUPERIOR}),
    "footage_requests:undertaking": form(CASE_READERS, Row),
    "footage_requests:undertaking_paper": Row(CASE_READERS),
    **dict.fromkeys(
        ("footage_requests:undertakings", "footage_requests:access_report"), campus(WATCHING)
    ),
    "footage_requests:undertaking_print": campus(WATCHING),
    "footage_requests:undertaking_scan": campus(WATCHING),
    "footage_requests:undertaking_file": form({R.UNIT_HEAD}, campus),
    "footage_requests:undertaking_text": form({R.UNIT_HEAD, R.LEGAL}, campus),
    "footage_requests:interest": form(CASE_READERS),
    "footage_requests:interest_back": form({R.UNIT_HEAD, R.SUPERIOR}),
    "footage_requests:holds": Row(CASE_READERS),
    "footage_requests:hold_week": campus(MAINTAINING | {R.SUPERIOR, R.AUDITOR}, let_in=ABSENT),
    **dict.fromkeys(
        (
            *("footage_requests:hold_confirm", "footage_requests:hold_again"),
            *("footage_requests:hold_extend", "footage_requests:hold_release"),
        ),
        own(post=MAINTAINING),
    ),
    # --- from the approval to the destruction; the package of this small world waits for verification
    "footage_requests:exhibit": form(MAINTAINING),
    "footage_requests:mask_progress": own(CASE_READERS),
    **dict.fromkeys(
        ("footage_requests:viewing", "footage_requests:viewing_video"),
        Row(CASE_READERS, elsewhere=404, let_in=frozenset({404})),
    ),
    **dict.fromkeys(
        ("footage_requests:viewing_beat", "footage_requests:viewing_close"),
        Row(post=CASE_READERS, elsewhere=404, let_in=frozenset({404})),
    ),
    # A package of one exhibit has nothing to be put side by side.
    "footage_requests:together_open": own(MAINTAINING, MAINTAINING, let_in=ABSENT),
    "footage_requests:together": Row(CASE_READERS, elsewhere=404, let_in=frozenset({404})),
    "footage_requests:together_close": Row(
        post=CASE_READERS, elsewhere=404, let_in=frozenset({404})
    ),
    "footage_requests:viewing_masks": Row(
        post={R.OPERATOR}, elsewhere=404, let_in=frozenset({404})
    ),
    "footage_requests:fixed_masks": own(SEEING, {*MAINTAINING, R.PRIVACY}),
    "footage_requests:fixed_mask_end": own(
        post={R.SUPERIOR, R.PRIVACY}, refused=frozenset({403, 404})
    ),
    "footage_requests:package_verify": form(MAINTAINING),
    **dict.fromkeys(
        ("footage_requests:package_reject", "footage_requests:package_seal"),
        own(post=MAINTAINING),
    ),
    **dict.fromkeys(
        (
            *("footage_requests:package_offer", "footage_requests:export_start"),
            *("footage_requests:export_cancel", "footage_requests:export_retry"),
        ),
        own(post={R.OPERATOR}),
    ),
    # What cannot be fetched is left out by the exporter alone: nobody in this small world.
    "footage_requests:export_without": own(post={R.OPERATOR}, let_in=THROUGH | {403}),
    "footage_requests:package_review": own(post={R.SUPERIOR}),
    "footage_requests:package_progress": own(CASE_READERS),
    **dict.fromkeys(
        (
            *("footage_requests:copy_new", "footage_requests:link_new"),
            "footage_requests:link_revoke",
        ),
        form(DELIVERING),
    ),
    # The passphrase is for whoever made the copy: nobody in this small world.
    "footage_requests:copy_passphrase": form(DELIVERING, let_in=THROUGH | {403}),
    "footage_requests:copy_file": own(DELIVERING, let_in=ABSENT),
    "footage_requests:stock": form(DELIVERING, Row),
    "footage_requests:checks": form(DELIVERING | {R.AUDITOR}, Row),
    "footage_requests:check": own(DELIVERING | {R.AUDITOR}),
    "footage_requests:check_print": own(post=DELIVERING | {R.AUDITOR}),
    "footage_requests:record_new": form(MAINTAINING),
    "footage_requests:record_paper": own(post=CASE_READERS),
    "footage_requests:record_signed": form(FILING),
    # The record of this small world is not one whose medium could come back.
    "footage_requests:record_return": form(DELIVERING, let_in=ABSENT),
    "footage_requests:record_again": form(DELIVERING, let_in=ABSENT),
    "footage_requests:medium_destruction": form(MAINTAINING),
    "footage_requests:letters": own(FILING),
    **dict.fromkeys(("footage_requests:close", "footage_requests:archive"), form(MAINTAINING)),
    "footage_requests:destruction_new": form(MAINTAINING),
    "footage_requests:destruction_step": form(MAINTAINING | {R.PRIVACY}),
    "footage_requests:destruction_paper": own(post=CASE_READERS),
    # A recipient has no account: link and code decide, and these are wrong.
    "footage_requests:collect": Row(ANYBODY, ANYBODY, let_in=frozenset({200, 403})),
    "footage_requests:collect_file": Row(ANYBODY, let_in=frozenset({404})),
    # --- adding recorders; a survey is its asker's: nobody in this small world has one
    "cameras:add": form(MAINTAINING, Row),
    "cameras:discover": Row(post=MAINTAINING),
    "cameras:survey": Row(MAINTAINING, elsewhere=404, let_in=frozenset({404})),
    "cameras:survey_again": Row(post=MAINTAINING, elsewhere=404, let_in=frozenset({404})),
    "cameras:survey_accept": Row(post=MAINTAINING, elsewhere=404, let_in=frozenset({404})),
    # --- logins of devices
    "vault:login": form(MAINTAINING, own, refused=frozenset({403, 404})),
    "vault:retry": form(MAINTAINING, own, refused=frozenset({403, 404})),
    # --- inventory: lists and pages
    **dict.fromkeys(
        (
            *("inventory:devices", "inventory:positions", "inventory:buildings"),
            *("inventory:networks", "inventory:groups", "inventory:contracts"),
            *("inventory:contractors", "inventory:models", "inventory:counts", "inventory:plans"),
            # Networks, contracts and firms serve the whole campus: everybody who sees the inventory sees them.
            *("inventory:network", "inventory:contract", "inventory:contractor"),
        ),
        Row(SEEING),
    ),
    **dict.fromkeys(
        (
            *("inventory:device", "inventory:position", "inventory:building", "inventory:count"),
            "inventory:floor_plan",
        ),
        own(SEEING),
    ),
    "inventory:attachment": own(SEEING, let_in=ABSENT),
    "inventory:plan_picture": own(SEEING, let_in=ABSENT),
    # --- inventory: forms about one thing
    "inventory:floor_arrange": own(MAINTAINING),
    "inventory:position_take_off": own(post=MAINTAINING),
    **dict.fromkeys(
        (
            *("inventory:floor_plan_new", "inventory:floor_plan_facts", "inventory:position_place"),
            "inventory:floor_plan_away",
        ),
        form(MAINTAINING),
    ),
    **dict.fromkeys(
        (
            *("inventory:device_edit", "inventory:device_step", "inventory:device_address"),
            *("inventory:device_channels", "inventory:device_attach", "inventory:channel_edit"),
            *("inventory:channel_assign", "inventory:channel_release", "inventory:disk_edit"),
            *("inventory:disk_remove", "inventory:position_attach", "inventory:attachment_remove"),
            *("inventory:count_new", "inventory:count_line", "inventory:count_surplus"),
            "inventory:count_close",
        ),
        form(REGISTERING),
    ),
    **dict.fromkeys(
        (
            *("inventory:position_edit", "inventory:position_step", "inventory:install"),
            *("inventory:replace", "inventory:uninstall", "inventory:assign"),
        ),
        form(MAINTAINING),
    ),
    **dict.fromkeys(("inventory:schedule", "inventory:schedule_end"), form({R.UNIT_HEAD})),
    **dict.fromkeys(
        ("inventory:building_edit", "inventory:floor_edit", "inventory:site_edit"), form(PLACING)
    ),
    # --- inventory: new things, and things of the whole campus
    "inventory:device_new": form(REGISTERING, Row),
    "inventory:position_new": form(MAINTAINING, Row),
    **dict.fromkeys(
        ("inventory:channel_new", "inventory:disk_new"), form(SEEING, Row, let_in=frozenset({404}))
    ),
    **dict.fromkeys(
        (
            *("inventory:contract_new", "inventory:contract_edit", "inventory:contract_devices"),
            *("inventory:contractor_new", "inventory:contractor_edit"),
            *("inventory:model_new", "inventory:model_edit"),
        ),
        form(REGISTERING, campus),
    ),
    "inventory:contract_drop": form(REGISTERING, campus, let_in=ABSENT),
    **dict.fromkeys(
        (
            *("inventory:building_new", "inventory:floor_new", "inventory:site_new"),
            *("inventory:network_new", "inventory:network_edit"),
        ),
        form(PLACING, campus),
    ),
    **dict.fromkeys(("inventory:group_new", "inventory:group_edit"), form({R.UNIT_HEAD}, campus)),
    # An upload is its owner's: nobody in this small world has one.
    "inventory:import": form(REGISTERING, campus),
    "inventory:import_result": own(SEEING, let_in=frozenset({404})),
    "inventory:import_confirm": own(post=SEEING, let_in=frozenset({404})),
    "inventory:import_cancel": own(post=SEEING, let_in=frozenset({404})),
    # --- the API
    **dict.fromkeys(
        (
            *("api:sites-list", "api:buildings-list", "api:floors-list", "api:positions-list"),
            *("api:devices-list", "api:channels-list", "api:installations-list"),
            *("api:channel-assignments-list", "api:coverage-list", "api:position-days-list"),
            *("api:clock-measurements-list", "api:findings-list", "api:runs-list"),
            *("api:floor-plans-list", "api:plan-places-list"),
            "api:was-recording",
        ),
        API_LIST,
    ),
    **dict.fromkeys(
        (
            *("api:sites-detail", "api:buildings-detail", "api:floors-detail"),
            *(
                "api:positions-detail",
                "api:positions-neighbours",
                "api:devices-detail",
                "api:channels-detail",
            ),
            *("api:installations-detail", "api:channel-assignments-detail"),
            *("api:coverage-detail", "api:position-days-detail", "api:clock-measurements-detail"),
            *("api:findings-detail", "api:runs-detail"),
            *("api:floor-plans-detail", "api:plan-places-detail"),
        ),
        API_ROW,
    ),
    "api:findings-acknowledge": API_STEP,
    "api:daily-sheets-list": campus(SEEING, other_methods=frozenset({403, 405})),
    "api:daily-sheets-detail": campus(
        SEEING, let_in=ABSENT, other_methods=frozenset({403, 404, 405})
    ),
    "api:shift-notes-list": Row(NOTE_READERS, other_methods=frozenset({403, 405})),
    "api:shift-notes-detail": Row(
        NOTE_READERS, elsewhere=404, other_methods=frozenset({403, 404, 405})
    ),
    # The portal is a program with a token: no browser gets in.
    **dict.fromkeys(
        (
            *("api:portal-requests-list", "api:portal-requests-detail", "api:portal-choices"),
            *("api:portal-requests-complete", "api:portal-requests-withdraw"),
            "api:portal-requests-papers",
        ),
        API_STEP,
    ),
    "api:runs-cancel": API_STEP,
    "api:public-counters": Row(ANYBODY),
    "api:schema": Row(SIGNED_IN, other_methods=frozenset({403, 405})),
    "api:docs": Row(SIGNED_IN),
    "api:unknown": Row(ANYBODY, ANYBODY, let_in=frozenset({404}), other_methods=frozenset({404})),
}

SIGN_IN = "/accounts/sign-in/"


def expected(name: str, who: str, method: str) -> frozenset[int | str]:
    """The answers that the table allows: statuses, or "sign in"."""
    row = TABLE[name]
    let_through = {"GET": row.get, "HEAD": row.get, "POST": row.post}.get(method)
    not_signed_in: set[int | str] = {401, "sign in"} if name.startswith("api:") else {"sign in"}
    if let_through is None:
        # Who may not be here at all may be told so before the method is looked at.
        return frozenset(row.other_methods | {403, 404, 405} | not_signed_in)
    if who == ANONYMOUS and ANONYMOUS not in let_through:
        return frozenset(not_signed_in)
    if who == ELSEWHERE and NOBODY not in let_through:
        return frozenset(row.let_in if row.elsewhere is None else {row.elsewhere})
    if who == READS_HERE and R.AUDITOR not in let_through:
        # Sees the thing, so that it need not be hidden, and may not touch it.
        return frozenset(row.let_in if row.elsewhere is None else row.refused | row.let_in & {404})
    return frozenset(row.let_in if who in let_through or who == READS_HERE else row.refused)


def told(response: HttpResponse, name: str) -> int | str:
    """The status; a redirect to the sign-in page has a name of its own."""
    to_sign_in = response.headers.get("Location", "").startswith(SIGN_IN)
    if to_sign_in and name not in {"accounts:sign_out", "accounts:sign_in"}:
        return "sign in"
    return int(response.status_code)


def ask(world: World, server: ClientHandler, who: str, method: str, address: str) -> Any:
    """One call."""
    client = world.client(who)
    client.handler = server
    return client.generic(method, address)


def ask_and_undo(*call: Any) -> Any:
    """One call whose effects are undone."""
    with transaction.atomic():
        response = ask(*call)
        transaction.set_rollback(True)
    return response


def asked_with(method: str) -> list[str]:
    """Who tries a method. One that no page knows is refused before anybody's roles are looked at."""
    return EVERYBODY if method in {"GET", "POST"} else [ANONYMOUS, NOBODY, Role.UNIT_HEAD.value]


def groups() -> list[str]:
    return sorted({name.partition(":")[0] if ":" in name else "" for name in addresses()})


def read_once() -> Callable[[ModelBackend, int], Person]:
    """Each person with his roles is read once: that sessions end with roles is proven in tests/accounts."""
    known: dict[int, Person] = {}

    def person(_backend: ModelBackend, pk: int) -> Person:
        if pk not in known:
            known[pk] = Person.objects.get(pk=pk)
            known[pk].roles()
        return copy(known[pk])

    return person


@pytest.fixture(autouse=True)
def _only_answers_are_looked_at(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages, papers and drawings are empty, refusals are not logged: thousands are asked for."""
    settings.TEMPLATES = EMPTY_PAGES
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    monkeypatch.setattr(ModelBackend, "get_user", read_once())
    monkeypatch.setattr("core.paper_pdf.pdf_of", lambda html, fetcher: b"%PDF-")
    monkeypatch.setattr("cameras.views.components.sheet", dict)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
@pytest.mark.parametrize("group", groups())
def test_every_address_answers_everybody_as_the_table_says(group: str) -> None:
    """F1."""
    world, server = World(), ClientHandler(enforce_csrf_checks=False)
    wrong = []
    for name, route in sorted(addresses().items()):
        if (name.partition(":")[0] if ":" in name else "") != group or name not in TABLE:
            continue
        address = world.address(name, route)
        for method in METHODS:
            for who in asked_with(method):
                wanted = expected(name, who, method)
                # Whoever is refused changes nothing, and if he is not, this test has failed.
                call = ask_and_undo if wanted & THROUGH else ask
                answer = told(call(world, server, who, method, address), name)
                if answer not in wanted:
                    wrong.append(
                        f"{method} {name} as {who}: {answer}, not {sorted(map(str, wanted))}"
                    )

    assert not wrong, "\n".join(wrong)


def test_no_address_is_without_a_row() -> None:
    """F1: whoever adds an address says who may use it."""
    assert sorted(set(addresses()) - set(TABLE)) == []
