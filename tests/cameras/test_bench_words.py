"""The bench speaks to the technician in the language of the terminal, and to programs in one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from cameras import protocols
from cameras.device_bench import tables as bench_tables
from cameras.management.commands.device import terminal_language
from cameras.wording.trap_words import trap_words

WORKS = {"answer": "yes", "reason": "", "detail": ""}
FACTS = {
    "verb": "probe",
    "address": "192.0.2.7",
    "port": 80,
    "tls": False,
    "protocol": "isapi",
    "auth": "digest-md5",
    "reason": "",
    "rtsp_port": 554,
    "identity": {"maker": "Acme", "macs": ["02:00:00:00:00:01"]},
    "protocols": {"isapi": WORKS},
    "capabilities": {
        "clock": WORKS,
        "disks": {"answer": "unknown", "reason": "BUSY", "detail": ""},
        "playback": {"answer": "no", "reason": "NOT_SUPPORTED", "detail": ""},
    },
    "channels": [{"number": 1, "name": "Gate", "address": "192.0.2.8", "online": False}],
    "disks": [{"slot": "1", "word": "ok"}],
    "clock": None,
    "index": None,
    "time_base": "DEVICE_LOCAL",
    "quirks": ["isapi-no-calendar", "http-login-on-media"],
}


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "tr_TR.UTF-8"}, "tr"),
        ({"LANG": "en_GB.UTF-8"}, None),
        ({"LANG": "tr_TR.UTF-8", "LC_ALL": "C"}, None),
        ({"LANG": "C", "LC_MESSAGES": "tr_TR"}, "tr"),
        ({}, None),
    ],
)
def test_the_terminal_says_which_language_is_read_there(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str | None
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language


def test_a_table_is_there_in_both_languages() -> None:
    tables = {}
    for language in (None, "tr"):
        with translation.override(language):
            tables[language] = {str(k): str(v) for k, v in bench_tables.probe_table(FACTS)}
    english, turkish = tables[None], tables["tr"]
    assert english["can disks"].startswith("unknown: the device is busy")
    assert turkish["diskler"].startswith("bilinmiyor: cihaz meşgul")
    assert english["channel 1"] == "Gate 192.0.2.8 offline"
    assert turkish["kanal 1"] == "Gate 192.0.2.8 çevrimdışı"
    assert list(turkish.values())[1] == "isapi, giriş digest-md5"


def test_a_trap_is_told_in_words_with_its_code() -> None:
    with translation.override(None):
        quirks = [str(right) for left, right in bench_tables.probe_table(FACTS) if left == "quirk"]
    assert quirks == [
        "it has no calendar of recorded days [isapi-no-calendar]",
        "http-login-on-media",
    ]


def test_every_trap_that_the_readers_note_has_its_words() -> None:
    """Codes in the sources of the protocols, so that a new one is not forgotten."""
    folder = Path(protocols.__path__[0])
    sources = "\n".join(file.read_text() for file in folder.rglob("*.py"))
    noted = set(re.findall(r'(?:notes\.add|is_incomplete)\("([\w-]+)"\)', sources))
    noted |= set(re.findall(r'^[A-Z_0-9]+ = "([a-z0-9]+(?:-[a-z0-9]+)+)"$', sources, re.MULTILINE))
    assert len(noted) > 20
    assert [code for code in sorted(noted - {"cctv-ops"}) if trap_words(code) is None] == []
