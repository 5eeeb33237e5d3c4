"""The documents are true: links lead somewhere, commands and settings that they name exist, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from cctv_ops import environment

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OURS = {
    *("accounts", "audit", "cameras", "cctv_ops", "control_room"),
    *("core", "footage_requests", "inventory", "vault"),
}
# Capitals with an underscore that are no settings of the environment.
SETTING = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)=")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def told() -> str:
    return "\n".join(path.read_text() for path in DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    local = [
        target for target in targets if "://" not in target and not target.startswith("mailto")
    ]

    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z]\w+)", document.read_text()))

    assert named - set(get_commands()) - {"help"} == set()


def test_every_command_of_ours_is_described() -> None:
    ours = {name for name, app in get_commands().items() if app in OURS}

    assert {name for name in ours if f"manage.py {name}" not in told()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_setting_that_a_document_sets_exists(document: Path) -> None:
    known = {setting.name for setting in environment.SETTINGS} | {"LISTEN"}

    assert set(SETTING.findall(document.read_text())) - known == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_program_in_bin_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"\bbin/(\w+)", re.sub(r"[\w./]+/bin/\w+", "", document.read_text())))

    assert {name for name in named if not (ROOT / "bin" / name).exists()} == set()


def test_pages_that_documents_name_have_an_address() -> None:
    for path in re.findall(r"`(/(?:health|api|accounts|audit)/[\w/]*)`", told()):
        assert resolve(path)


def test_the_changelog_says_what_comes_next_and_nothing_twice() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    said = [line for line in lines if line.startswith("- ")]

    assert "## Unreleased" in lines
    assert len(said) == len(set(said))


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()

    assert [path.name for path in folder.glob("[0-9]*.md") if path.name not in listed] == []


def test_the_glossary_defines_each_word_once() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", (ROOT / "docs" / "glossary.md").read_text(), re.M)

    assert len(rows) == len(set(rows))
    assert settings.BASE_DIR == ROOT
