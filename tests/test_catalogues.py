"""Every text that people read has a finished Turkish translation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.utils import dates, translation

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale" / "tr" / "LC_MESSAGES" / "django.po"
LEFT_OUT = shutil.ignore_patterns(
    ".*",
    "node_modules",
    "var",
    "tests",
    "docs",
    "benchmarks",
    "simulator",
    "vendor",
    "__pycache__",
    "*.mo",
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z0-9]+|%%|%[sd]")


@pytest.fixture(scope="module")
def turkish() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def live(catalogue: polib.POFile) -> list[polib.POEntry]:
    return [entry for entry in catalogue if not entry.obsolete]


def test_no_turkish_text_is_missing_or_guessed(turkish):
    unfinished = [entry.msgid for entry in live(turkish) if entry.fuzzy or not entry.translated()]

    assert unfinished == []


def test_translations_use_the_same_placeholders(turkish):
    wrong = []
    for entry in live(turkish):
        sources = {entry.msgid, entry.msgid_plural or entry.msgid}
        allowed = {name for text in sources for name in PLACEHOLDER.findall(text) if name}
        for text in (entry.msgstr, *entry.msgstr_plural.values()):
            names = {name for name in PLACEHOLDER.findall(text) if name}
            # One form of a plural may leave a figure out, no form may invent one.
            if not names <= allowed or (not entry.msgid_plural and names != allowed):
                wrong.append(entry.msgid)
    assert wrong == []


def test_no_text_takes_the_name_of_a_month_or_weekday(turkish):
    """The catalogue comes before Django's: a heading "May" would rename a month in every date."""
    tables = (dates.MONTHS, dates.MONTHS_3, dates.WEEKDAYS, dates.WEEKDAYS_ABBR)
    with translation.override(None):
        names = {str(name) for table in tables for name in table.values()}

    assert names & {entry.msgid for entry in live(turkish) if entry.msgctxt is None} == set()


def test_texts_are_marked_by_names_that_the_collector_knows() -> None:
    """Under another name a text is collected by nobody, and is read in English for ever."""
    alias = re.compile(r"\b\w*gettext\w* as (\w+)")
    apps = [folder for folder in ROOT.iterdir() if (folder / "apps.py").exists()]
    found = {
        str(source): other
        for folder in [*apps, ROOT / "cctv_ops"]
        for source in folder.rglob("*.py")
        for other in alias.findall(source.read_text())
        if other != "_"
    }

    assert found == {}


def test_the_catalogue_knows_every_text_of_the_sources(
    turkish: polib.POFile, tmp_path: Path
) -> None:
    copy = tmp_path / "source"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    command = [sys.executable, "-m", "django", "makemessages", "-l", "tr", "--no-location"]
    # Without our settings: they would ask for a whole installation.
    plain = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    done = subprocess.run(command, cwd=copy, env=plain, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr

    found = polib.pofile(str(copy / "locale" / "tr" / "LC_MESSAGES" / "django.po"))
    known = {(entry.msgctxt, entry.msgid) for entry in live(turkish)}
    new = [entry.msgid for entry in live(found) if (entry.msgctxt, entry.msgid) not in known]
    gone = known - {(entry.msgctxt, entry.msgid) for entry in live(found)}
    assert (new, sorted(str(text) for _context, text in gone)) == ([], [])
