"""What the bench prints for a person: (left, right) lines out of the same facts that --json gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cameras.bench_facts import iso
from cameras.reasons import word_for
from cameras.strips import length, offset_words
from core.text import clean_label

Lines = Iterator[tuple[str, Any]]

_BASES = {
    "DEVICE_UTC": "the device's own UTC",
    "DEVICE_LOCAL": "the device's wall clock",
    "": "-",
}


def probe_table(facts: dict[str, Any]) -> Lines:
    yield "address", f"{facts['address']}:{facts['port']}{' (TLS)' if facts['tls'] else ''}"
    if not facts["protocol"]:
        for name, told in facts["protocols"].items():
            if told["reason"] != "NOT_ASKED":
                yield f"protocol {name}", _told(told)
        return
    if facts["reason"]:
        yield "failed: login", _why(facts)
    yield "speaks", f"{facts['protocol'] or '-'}, login {facts['auth'] or '-'}"
    yield "RTSP port", facts["rtsp_port"] or "-"
    for name, value in (facts["identity"] or {}).items():
        shown = ", ".join(value) if isinstance(value, tuple | list) else value
        if shown:
            yield name, clean_label(str(shown))
    for name, told in facts["protocols"].items():
        yield f"protocol {name}", _told(told)
    for name, told in facts["capabilities"].items():
        yield f"can {name}", _told(told)
    yield from _parts(facts)
    yield from _probed_clock(facts)
    yield "index writes times in", _BASES.get(facts["time_base"], facts["time_base"])
    yield from _probed_index(facts)
    yield "quirks", ", ".join(facts["quirks"]) or "-"


def _parts(facts: dict[str, Any]) -> Lines:
    for channel in facts["channels"]:
        online = {True: "online", False: "offline", None: ""}[channel["online"]]
        words = f"{channel['name']} {channel['address']} {online}"
        yield f"channel {channel['number']}", clean_label(words)
    for disk in facts["disks"]:
        yield f"disk {disk['slot']}", clean_label(disk["word"])


def _probed_index(facts: dict[str, Any]) -> Lines:
    if facts["index"]:
        index = facts["index"]
        whole = "complete" if index["complete"] else "INCOMPLETE"
        yield (
            "index of the last hour",
            f"{word_for(index['source'])}, {index['segments_of_last_hour']} segments, {whole}",
        )
        yield "oldest recording", f"{iso(index['earliest_ms']) or 'not told'}"


def _probed_clock(facts: dict[str, Any]) -> Lines:
    told = facts["clock"]
    if told is None:
        return
    shown = told["local_ms"] if told["utc_ms"] is None else told["utc_ms"]
    yield "clock shows", iso(shown) or "-"
    yield "clock is", offset_words(told["offset_ms"], told["uncertainty_ms"])
    yield "time zone", told["zone"] or "-"


def _told(told: dict[str, str]) -> str:
    if told["answer"] == "yes":
        return "yes"
    if told["answer"] == "no" and told["detail"]:
        return f"no: {told['detail']}"
    return f"{told['answer']}: {_why(told)}"


def _why(told: dict[str, str]) -> str:
    """The words for a reason, with the detail behind them."""
    detail = f" ({told['detail']})" if told["detail"] else ""
    return f"{word_for(told['reason'])}{detail}"


def clock_table(facts: dict[str, Any]) -> Lines:
    yield "offset", offset_words(facts["offset_ms"], facts["uncertainty_ms"])
    yield "verdict", word_for(facts["verdict"])
    yield (
        "measured",
        f"{facts['measured_at']} ({word_for(facts['method'])}, {facts['reads']} reads)",
    )
    yield "round trip", f"{facts['round_trip_ms']} ms"
    summer = {True: "on", False: "off", None: "not told"}[facts["daylight_saving"]]
    yield "time zone", f"{facts['zone'] or '-'}, summer time {summer}"
    if facts["server_clock_proven"]:
        ahead = round(facts["server_clock_offset_ms"])
        yield "against", f"true time, proven by NTP (this server is {ahead:+d} ms off; taken off)"
    else:
        yield "against", "this server's clock, unverified"
    yield from _notes(facts)


def recordings_table(facts: dict[str, Any]) -> Lines:
    name = f" ({facts['channel_name']})" if facts["channel_name"] else ""
    yield "day", f"{facts['day']} (Türkiye time), channel {facts['channel']}{name}"
    whole = "complete" if facts["complete"] else "INCOMPLETE"
    yield "source", f"{word_for(facts['source'])}, {whole}, {facts['pages']} pages"
    yield "times are", _time_words(facts)
    if facts["gaps_known"]:
        yield "recorded", f"{length(facts['recorded_ms'])} of {length(facts['expected_ms'])}"
        yield "gaps", f"{facts['gap_count']}, the longest {length(facts['longest_gap_ms'])}"
        yield "seams", length(facts["seams_ms"])
    else:
        yield "recorded", "NOT KNOWN: it tells only its first and last recording, and no gaps"
    yield "oldest recording", facts["earliest"] or "not told"
    for title, key in (("interval", "intervals"), ("gap", "gaps"), ("disputed", "disputed")):
        for span in facts[key]:
            cause = f"  {word_for(span['cause'])}" if "cause" in span else ""
            lasted = length(round(span["seconds"] * 1000))
            yield title, f"{span['start']}  {span['end']}  {lasted}{cause}"
    second = facts["second_source"]
    if second:
        whole = "complete" if second["complete"] else "INCOMPLETE"
        yield "second source", f"{word_for(second['source'])}, {whole}"
    yield from _notes(facts)


def _time_words(facts: dict[str, Any]) -> str:
    if facts["time"] != "true":
        base = _BASES.get(facts["time_base"], facts["time_base"])
        return f"DEVICE time ({base}): its clock is not known, so these are NOT true times"
    offset = offset_words(facts["offset_ms"], facts["uncertainty_ms"])
    return f"true time; the device's clock: {offset}"


def clip_table(facts: dict[str, Any]) -> Lines:
    if facts["warning"]:
        yield "WARNING", facts["warning"]
    for name in ("asked", "delivered"):
        yield name, f"{facts[name]['start']} to {facts[name]['end']}"
    yield "times are", _time_words(facts)
    if facts["delivered_whole"] and not facts["complete"]:
        yield "complete", "NOT KNOWN: the asked device time is whole, its true time is unknown"
    else:
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


def snapshot_table(facts: dict[str, Any]) -> Lines:
    for name in ("channel", "taken_at", "content_type", "bytes", "sha256"):
        yield name.replace("_", " "), facts[name]
    size = f"{facts['width']} x {facts['height']}" if facts["width"] else "it cannot be decoded"
    yield "size", size
    yield "file", facts["file"] or "- (give --out to keep it)"
    yield from _notes(facts)


def _notes(facts: dict[str, Any]) -> Lines:
    for note in facts.get("notes", []):
        yield "note", word_for(note)
    for failure in facts["failures"]:
        yield f"failed: {failure['what']}", _why(failure)
