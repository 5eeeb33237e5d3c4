"""The log reads as sentences: every action that anything writes has one, and what programs wrote as codes has words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

import audit
from audit import sentences
from cameras.models import Run
from core import tsi
from core.steps import SteppedModel
from footage_requests import said
from footage_requests.models import Fee
from footage_requests.views.rules import RULES
from inventory.models import Device, Position
from inventory.views.rows import EDITABLES
from tests.inventory import rows

APPS = (
    *("accounts", "audit", "cameras", "cctv_ops", "control_room", "core"),
    *("footage_requests", "inventory", "vault"),
)
TREES = {
    path.relative_to(settings.BASE_DIR).as_posix(): ast.parse(path.read_text())
    for app in APPS
    for path in sorted(Path(settings.BASE_DIR, app).rglob("*.py"))
    if "migrations" not in path.parts
}
# Actions that are put together: where they are written, and what they can be.
EDITED = {editable.model for editable in EDITABLES.values()}
PUT_TOGETHER = {
    "core/steps.py": {
        f"{model._meta.model_name}.{verb}"
        for model in apps.get_models()
        if issubclass(model, SteppedModel)
        for verb in model.STEPS
    },
    "inventory/views/rows.py": {
        f"{model._meta.model_name}.{verb}" for model in EDITED for verb in ("create", "change")
    },
    "inventory/importing/writing.py": {
        f"{model._meta.model_name}.{verb}"
        for model in (Device, Position)
        for verb in ("create", "change")
    },
    "footage_requests/views/rules.py": {
        f"{rule.model._meta.model_name}.{verb}"
        for rule in RULES.values()
        for verb in ("create", "change")
    },
    "footage_requests/casework/fees.py": {
        f"footagerequest.{outcome.lower()}_fee"
        for outcome in (Fee.Outcome.PAID, Fee.Outcome.WAIVED)
    },
    "footage_requests/casework/choosing.py": {
        f"footagerequest.{verb}_camera" for verb in ("include", "exclude")
    },
    "cameras/management/commands/device.py": {
        f"bench.{verb}" for verb in ("probe", "clock", "recordings", "snapshot", "clip", "discover")
    },
}


def doors() -> set[str]:
    """The functions that are told an action: those that write entries, and those that hand it on to them."""
    found = {"record", "Draft"}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(
                each.arg == "action" for each in (*node.args.args, *node.args.kwonlyargs)
            ):
                found.add(node.name)
    return found


def told() -> Iterator[tuple[str, ast.expr]]:
    """Every expression that may be an action, with its file."""
    names = doors()
    for place, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in names:
                given = [
                    *node.args,
                    *(each.value for each in node.keywords if each.arg == "action"),
                ]
                yield from ((place, each) for each in given)
            elif isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id.lower() in {"action", "verb"}
                for target in node.targets
            ):
                yield place, node.value


def _name(called: ast.expr) -> str:
    return getattr(called, "attr", getattr(called, "id", ""))


def _texts(given: ast.expr) -> Iterator[str]:
    """The constants that the expression may be; a choice between two counts as both."""
    if isinstance(given, ast.IfExp):
        yield from _texts(given.body)
        yield from _texts(given.orelse)
    elif isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value


def is_action(text: str) -> bool:
    """Whether the log would take it as an action."""
    return audit.recording._ACTION.fullmatch(text) is not None


def test_every_action_has_a_sentence() -> None:
    written = {text for _place, given in told() for text in _texts(given) if is_action(text)}
    possible = written.union(*PUT_TOGETHER.values())

    assert len(written) > 100
    assert sorted(possible - set(sentences._sentences)) == []


def test_actions_are_put_together_only_where_this_table_says_so() -> None:
    places = {
        place
        for place, given in told()
        if isinstance(given, ast.JoinedStr) and "." in ast.unparse(given)
    }

    assert places - set(PUT_TOGETHER) == set()


@pytest.mark.django_db
def test_names_stand_in_the_sentence_and_an_absent_object_leaves_no_colon() -> None:
    person, camera = rows.person("OPERATOR"), rows.device(model="IPC")
    with transaction.atomic():
        scrapped = audit.record("device.scrap", actor=person, target=camera)
        refused = audit.record("session.refuse", actor="sign-in", known=False)

    with translation.override("tr"):
        assert "OPERATOR" not in sentences.roles(scrapped)
    with translation.override("en"):
        assert sentences.roles(refused) == "part of the system"
        assert sentences.sentence(scrapped) == f"{person.full_name} scrapped {camera}"
        assert sentences.sentence(refused) == "A sign-in was refused"


@pytest.mark.django_db
def test_a_run_is_named_by_what_it_was_and_its_day() -> None:
    day = tsi.today()
    run = Run.objects.create(slot=f"night:{day}", day=day, kind=Run.Kind.NIGHT)
    with transaction.atomic():
        entry = audit.record("run.start", actor="night", target=run)
    sealed = entry.object_name
    sentences.rename([entry])

    assert sealed == run.slot
    with translation.override("en"):
        assert run.slot not in sentences.sentence(entry)
        assert tsi.day_text(day) in sentences.sentence(entry)


@pytest.mark.django_db
def test_a_reason_that_a_program_gave_is_read_in_the_language_of_the_reader() -> None:
    because = said.because("NO_LETTER_BY", day=tsi.day_text(timezone.localdate()))
    with transaction.atomic():
        by_program = audit.record("footagerequest.withdraw", actor="deadlines", because=because)
        by_person = audit.record("footagerequest.withdraw", actor="x", because="Eşyasını buldu")
        broken = audit.record("footagerequest.withdraw", actor="x", because='said:{"say":"LENGTH"}')
        parked = audit.record("credential.park", actor="vault", because="CREDENTIAL_REFUSED")

    told_in = {}
    for language in ("en", "tr"):
        with translation.override(language):
            told_in[language] = sentences.reason(by_program)
            assert sentences.reason(by_person) == "Eşyasını buldu"
            assert sentences.reason(broken) == broken.because
            assert "CREDENTIAL" not in sentences.reason(parked)

    assert told_in["en"].startswith("No letter came by")
    assert told_in["tr"] != told_in["en"]
