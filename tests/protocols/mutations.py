"""Replies of the simulator, spoilt one at a time in every way that comes to mind; the same each time.

`mutants(body)` gives (how, spoilt body, may say less): the last is True where a reader that trusts
the rest may rightly report less, but never more, than the whole reply said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

_NUMBER = re.compile(rb"(?<![\w:.-])\d+(?![\w:.-])")
_LONG = b"9" * 400
# Whole rows of lists: without one, a reply is a different one and no longer a broken one.
_ROWS = {
    "Result",
    "searchMatchItem",
    "day",
    "Service",
    "RecordingInformation",
    "RecordingItem",
    "Track",
    "Profiles",
    "InputProxyChannel",
    "hdd",
}


@dataclass(frozen=True)
class Mutant:
    """`how` names it in a failure; `is_broken` where it cannot pass for another honest reply."""

    how: str
    body: bytes
    is_broken: bool


def mutants(body: bytes) -> Iterator[Mutant]:
    """Every mutant of one reply."""
    for cut in range(0, len(body), 50):
        yield Mutant(f"cut at {cut}", body[:cut], True)
    for number, match in enumerate(_NUMBER.finditer(body)):
        if number < 40:
            spoilt = body[: match.start()] + _LONG + body[match.end() :]
            yield Mutant(f"number {number} huge", spoilt, False)
            spoilt = body[: match.start()] + b"-1" + body[match.end() :]
            yield Mutant(f"number {number} negative", spoilt, False)
    yield Mutant("twice", body + body, False)
    yield Mutant("utf-16", body.decode("utf-8", "replace").encode("utf-16"), False)
    yield Mutant("nul inside", body[: len(body) // 2] + b"\0" + body[len(body) // 2 :], True)
    yield Mutant("legacy bytes", body.replace(b"1", b"\xfd\xf0", 1), False)
    yield from _xml(body) if body.lstrip().startswith(b"<") else _lines(body)


def _xml(body: bytes) -> Iterator[Mutant]:
    root = etree.fromstring(body)
    names = [etree.QName(element).localname for element in root.iter("*")]
    for number, name in enumerate(names):
        for how, change in (("without", _drop), ("blank", _blank), ("deep", _deepen)):
            if number == 0 and change is _drop:
                continue
            copy = deepcopy(root)
            change(list(copy.iter("*"))[number])
            yield Mutant(f"{how} {name} {number}", etree.tostring(copy), name not in _ROWS)
    for number in range(len(list(root.iter("{*}SimpleItem")))):
        for attribute in ("Name", "Value"):
            copy = deepcopy(root)
            del list(copy.iter("{*}SimpleItem"))[number].attrib[attribute]
            yield Mutant(f"item {number} without {attribute}", etree.tostring(copy), True)
    for space in set(root.nsmap.values()):
        spoilt = body.replace((space or "").encode(), b"urn:other")
        yield Mutant(f"namespace {space}", spoilt, False)
    yield Mutant("upper case", body.upper(), False)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _blank(element: etree._Element) -> None:
    for child in list(element):
        element.remove(child)
    element.text = ""


def _deepen(element: etree._Element) -> None:
    inner = element
    for _ in range(300):
        inner = etree.SubElement(inner, "x")


def _lines(body: bytes) -> Iterator[Mutant]:
    lines = body.splitlines(keepends=True)
    for number, line in enumerate(lines[:120]):
        key, equals, _ = line.partition(b"=")
        before, after = b"".join(lines[:number]), b"".join(lines[number + 1 :])
        yield Mutant(f"without {line!r}", before + after, True)
        yield Mutant(f"blank {line!r}", before + key + equals + b"\r\n" + after, True)
        yield Mutant(f"twice {line!r}", before + line + line + after, False)
