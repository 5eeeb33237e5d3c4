"""What the bench prints for a person: (left, right) lines out of the same facts that --json gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cameras.reasons import word_for
from cameras.strips import length, offset_words
from core import tsi
from core.text import clean_label

Lines = Iterator[tuple[str, Any]]


def iso(milliseconds: int | None) -> str | None:
    """Türkiye time with milliseconds and its zone."""
    if milliseconds is None:
        return None
    return tsi.from_ms(milliseconds).astimezone(tsi.TSI).isoformat(timespec="milliseconds")


def probe_table(facts: dict[str, Any]) -> Lines:
    yield "address", f"{facts['host']}:{facts['port']}"
    yield "speaks", f"{facts['protocol'] or '-'} (login: {facts['auth'] or '-'})"
    for name, value in (facts["identity"] or {}).items():
        yield name, clean_label(", ".join(value) if isinstance(value, tuple | list) else str(value))
    for name, value in facts["protocols"].items():
        yield f"protocol {name}", value
    for name, value in facts["capabilities"].items():
        yield f"can {name}", value
    for channel in facts["channels"]:
        online = {True: "online", False: "offline", None: ""}[channel["online"]]
        yield (
            f"channel {channel['number']}",
            clean_label(f"{channel['name']} {channel['address']} {online}"),
        )
    for disk in facts["disks"]:
        yield f"disk {disk['slot']}", clean_label(disk["word"])
    if facts["clock"]:
        yield "clock shows", iso(facts["clock"]["utc_ms"] or facts["clock"]["local_ms"]) or "-"
    yield "index writes times in", facts["index_time_base"] or "-"
    yield "quirks", ", ".join(facts["quirks"]) or "-"


def clock_table(facts: dict[str, Any]) -> Lines:
    yield "offset", offset_words(facts["offset_ms"], facts["uncertainty_ms"])
    yield "verdict", word_for(facts["verdict"])
    yield (
        "measured",
        f"{facts['measured_at']} ({word_for(facts['method'])}, {facts['reads']} reads)",
    )
    yield "round trip", f"{facts['round_trip_ms']} ms"
    yield "time zone", f"{facts['zone'] or '-'}, summer time {facts['daylight_saving']}"
    proven = "proven against NTP" if facts["server_clock_proven"] else "unverified"
    yield "against", f"this server's clock, {proven}"


def recordings_table(facts: dict[str, Any]) -> Lines:
    yield "day", f"{facts['day']} (Türkiye time), channel {facts['channel']}"
    whole = "complete" if facts["complete"] else "INCOMPLETE"
    yield "source", f"{word_for(facts['source'])}, {whole}, {facts['pages']} pages"
    clock = "true time" if facts["time"] == "true" else "DEVICE time: its clock is not known"
    yield (
        "times are",
        f"{clock}, offset {offset_words(facts['offset_ms'], facts['uncertainty_ms'])}",
    )
    yield "recorded", f"{length(facts['recorded_ms'])} of {length(facts['expected_ms'])}"
    yield "longest gap", length(facts["longest_gap_ms"])
    yield "oldest recording", facts["earliest"] or "not told"
    for name in ("intervals", "gaps", "disputed"):
        for span in facts[name]:
            yield (
                name.rstrip("s"),
                f"{span['start']}  {span['end']}  {length(int(span['seconds'] * 1000))}",
            )
    yield from _notes(facts)


def clip_table(facts: dict[str, Any]) -> Lines:
    for name in ("asked", "delivered"):
        yield name, f"{facts[name]['start']} to {facts[name]['end']}"
    clock = "true time" if facts["time"] == "true" else "DEVICE time: its clock is not known"
    yield (
        "times are",
        f"{clock}, offset {offset_words(facts['offset_ms'], facts['uncertainty_ms'])}",
    )
    yield "complete", "yes" if facts["complete"] else f"NO: {facts['gap_count']} gaps"
    for span in facts["gaps"]:
        yield "gap", f"{span['start']}  {span['end']}"
    for name in ("codec", "width", "height", "frames", "packets_lost", "ended_by", "bytes", "file"):
        yield name, facts[name]
    for name in ("sha256", "bitstream_sha256"):
        yield name, facts[name]
    yield from _notes(facts)


def discover_table(facts: dict[str, Any]) -> Lines:
    for item in facts["found"]:
        known = "known" if item["in_inventory"] else "NEW"
        yield (
            f"{item['address']}:{item['port']}",
            clean_label(f"{known}  {item['name']} {item['hardware']}"),
        )
    if not facts["found"]:
        yield "", "Nothing answered."


def plain_table(facts: dict[str, Any]) -> Lines:
    for name, value in facts.items():
        if name != "failures":
            yield name, "-" if value is None else value
    yield from _notes(facts)


def _notes(facts: dict[str, Any]) -> Lines:
    for note in facts.get("notes", []):
        yield "note", note
    for failure in facts["failures"]:
        yield f"failed: {failure['what']}", clean_label(failure["reason"], 300)
