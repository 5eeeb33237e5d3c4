"""What the bench prints for a person: (left, right) lines out of the same facts that --json gives.

In the language that is active; codes, names of devices and what they said of themselves stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras.device_bench.facts import iso
from cameras.drawing.strips import length, offset_words
from cameras.wording.reasons import word_for
from cameras.wording.trap_words import trap_words
from core.text import clean_label

Lines = Iterator[tuple[str, Any]]

_BASES = {
    "DEVICE_UTC": gettext_lazy("the device's own UTC"),
    "DEVICE_LOCAL": gettext_lazy("the device's wall clock"),
    "": "-",
}
_LABELS = {
    "maker": gettext_lazy("maker"),
    "model": gettext_lazy("model"),
    "serial": gettext_lazy("serial"),
    "firmware": gettext_lazy("firmware"),
    "hardware": gettext_lazy("hardware"),
    "macs": gettext_lazy("macs"),
    "name": gettext_lazy("name"),
    "kind": gettext_lazy("kind"),
    "identity": gettext_lazy("identity"),
    "clock": gettext_lazy("clock"),
    "channels": gettext_lazy("channels"),
    "recordings": gettext_lazy("recordings"),
    "snapshot": gettext_lazy("snapshot"),
    "live": gettext_lazy("live"),
    "playback": gettext_lazy("playback"),
    "disks": gettext_lazy("disks"),
    "masks": gettext_lazy("privacy masks"),
    "gaps": gettext_lazy("gaps"),
    "login": gettext_lazy("login"),
    "codec": gettext_lazy("codec"),
    "width": gettext_lazy("width"),
    "height": gettext_lazy("height"),
    "frames": gettext_lazy("frames"),
    "packets_lost": gettext_lazy("packets lost"),
    "ended_by": gettext_lazy("ended by"),
    "bytes": gettext_lazy("bytes"),
    "file": gettext_lazy("file"),
    "channel": gettext_lazy("channel"),
    "taken_at": gettext_lazy("taken at"),
    "content_type": gettext_lazy("content type"),
}


def _label(name: str) -> str:
    return str(_LABELS.get(name, name))


def _whole(is_complete: bool) -> str:
    return _("complete") if is_complete else _("INCOMPLETE")


def probe_table(facts: dict[str, Any]) -> Lines:
    yield _("address"), f"{facts['address']}:{facts['port']}{' (TLS)' if facts['tls'] else ''}"
    if not facts["protocol"]:
        for name, told in facts["protocols"].items():
            if told["reason"] != "NOT_ASKED":
                yield _("protocol %(name)s") % {"name": name}, _told(told)
        return
    if facts["reason"]:
        yield _failed("login"), _why(facts)
    manner = {"protocol": facts["protocol"] or "-", "login": facts["auth"] or "-"}
    yield _("speaks"), _("%(protocol)s, login %(login)s") % manner
    yield _("RTSP port"), facts["rtsp_port"] or "-"
    for name, value in (facts["identity"] or {}).items():
        shown = ", ".join(value) if isinstance(value, tuple | list) else value
        if shown:
            yield _label(name), clean_label(str(shown))
    for name, told in facts["protocols"].items():
        yield _("protocol %(name)s") % {"name": name}, _told(told)
    for name, told in facts["capabilities"].items():
        yield _("can %(name)s") % {"name": _label(name)}, _told(told)
    yield from _parts(facts)
    yield from _probed_clock(facts)
    yield _("index writes times in"), _BASES.get(facts["time_base"], facts["time_base"])
    yield from _probed_index(facts)
    for quirk in facts["quirks"]:
        yield _("quirk"), _trap(quirk)


def _parts(facts: dict[str, Any]) -> Lines:
    for channel in facts["channels"]:
        online = {True: _("online"), False: _("offline"), None: ""}[channel["online"]]
        words = f"{channel['name']} {channel['address']} {online}"
        yield _("channel %(number)s") % {"number": channel["number"]}, clean_label(words)
    for disk in facts["disks"]:
        yield _("disk %(slot)s") % {"slot": disk["slot"]}, clean_label(disk["word"])


def _probed_index(facts: dict[str, Any]) -> Lines:
    if facts["index"]:
        index = facts["index"]
        words = _("%(source)s, %(count)s segments, %(whole)s") % {
            "source": word_for(index["source"]),
            "count": index["segments_of_last_hour"],
            "whole": _whole(index["complete"]),
        }
        yield _("index of the last hour"), words
        yield _("oldest recording"), iso(index["earliest_ms"]) or _("not told")


def _probed_clock(facts: dict[str, Any]) -> Lines:
    told = facts["clock"]
    if told is None:
        return
    shown = told["local_ms"] if told["utc_ms"] is None else told["utc_ms"]
    yield _("clock shows"), iso(shown) or "-"
    yield _("clock is"), offset_words(told["offset_ms"], told["uncertainty_ms"])
    yield _("time zone"), told["zone"] or "-"


def _told(told: dict[str, str]) -> str:
    if told["answer"] == "yes":
        return _("yes")
    if told["answer"] == "no":
        return _("no: %(why)s") % {"why": told["detail"] or _why(told)}
    return _("unknown: %(why)s") % {"why": _why(told)}


def _failed(what: str) -> str:
    return _("failed: %(what)s") % {"what": _label(what)}


def _why(told: dict[str, str]) -> str:
    """The words for a reason, with the detail behind them."""
    detail = f" ({told['detail']})" if told["detail"] else ""
    return f"{word_for(told['reason'])}{detail}"


def clock_table(facts: dict[str, Any]) -> Lines:
    yield _("offset"), offset_words(facts["offset_ms"], facts["uncertainty_ms"])
    yield _("verdict"), word_for(facts["verdict"])
    words = {
        "when": facts["measured_at"],
        "method": word_for(facts["method"]),
        "reads": facts["reads"],
    }
    yield _("measured"), _("%(when)s (%(method)s, %(reads)s reads)") % words
    yield _("round trip"), f"{facts['round_trip_ms']} ms"
    summer = {
        True: _("summer time on"),
        False: _("summer time off"),
        None: _("summer time not told"),
    }
    yield _("time zone"), f"{facts['zone'] or '-'}, {summer[facts['daylight_saving']]}"
    yield _("against"), _against(facts)
    yield from _notes(facts)


def _against(facts: dict[str, Any]) -> str:
    if not facts["server_clock_proven"]:
        return _("this server's clock, unverified")
    ahead = f"{round(facts['server_clock_offset_ms']):+d}"
    return _("true time, proven by NTP (this server is %(ahead)s ms off; taken off)") % {
        "ahead": ahead
    }


def recordings_table(facts: dict[str, Any]) -> Lines:
    name = f" ({facts['channel_name']})" if facts["channel_name"] else ""
    words = {"day": facts["day"], "channel": f"{facts['channel']}{name}"}
    yield _("day"), _("%(day)s (Türkiye time), channel %(channel)s") % words
    yield (
        _("source"),
        _("%(source)s, %(whole)s, %(count)s pages")
        % {
            "source": word_for(facts["source"]),
            "whole": _whole(facts["complete"]),
            "count": facts["pages"],
        },
    )
    yield _("times are"), _time_words(facts)
    yield from _recorded(facts)
    yield _("oldest recording"), facts["earliest"] or _("not told")
    titles = {"intervals": _("interval"), "gaps": _("gap"), "disputed": _("disputed")}
    for key, title in titles.items():
        for span in facts[key]:
            cause = f"  {word_for(span['cause'])}" if "cause" in span else ""
            lasted = length(round(span["seconds"] * 1000))
            yield title, f"{span['start']}  {span['end']}  {lasted}{cause}"
    second = facts["second_source"]
    if second:
        yield _("second source"), f"{word_for(second['source'])}, {_whole(second['complete'])}"
    yield from _notes(facts)


def _recorded(facts: dict[str, Any]) -> Lines:
    if not facts["gaps_known"]:
        words = _("NOT KNOWN: it tells only its first and last recording, and no gaps")
        yield _("recorded"), words
        return
    yield (
        _("recorded"),
        _("%(recorded)s of %(expected)s")
        % {
            "recorded": length(facts["recorded_ms"]),
            "expected": length(facts["expected_ms"]),
        },
    )
    yield (
        _("gaps"),
        _("%(count)s, the longest %(length)s")
        % {
            "count": facts["gap_count"],
            "length": length(facts["longest_gap_ms"]),
        },
    )
    yield _("seams"), length(facts["seams_ms"])


def _time_words(facts: dict[str, Any]) -> str:
    if facts["time"] != "true":
        base = _BASES.get(facts["time_base"], facts["time_base"])
        words = _("DEVICE time (%(base)s): its clock is not known, so these are NOT true times")
        return words % {"base": base}
    offset = offset_words(facts["offset_ms"], facts["uncertainty_ms"])
    return _("true time; the device's clock: %(offset)s") % {"offset": offset}


def clip_table(facts: dict[str, Any]) -> Lines:
    if facts["warning"]:
        yield _("WARNING"), _(facts["warning"])
    for name, title in (("asked", _("asked")), ("delivered", _("delivered"))):
        span = {"start": facts[name]["start"], "end": facts[name]["end"]}
        yield title, _("%(start)s to %(end)s") % span
    yield _("times are"), _time_words(facts)
    yield _("complete"), _clip_whole(facts)
    for span in facts["gaps"]:
        yield _("gap"), f"{span['start']}  {span['end']}"
    for name in ("codec", "width", "height", "frames", "packets_lost", "ended_by", "bytes", "file"):
        yield _label(name), facts[name]
    for name in ("sha256", "bitstream_sha256"):
        yield name, facts[name]
    yield from _notes(facts)


def _clip_whole(facts: dict[str, Any]) -> str:
    if facts["delivered_whole"] and not facts["complete"]:
        return _("NOT KNOWN: the asked device time is whole, its true time is unknown")
    return (
        _("yes") if facts["complete"] else _("NO: %(count)s gaps") % {"count": facts["gap_count"]}
    )


def discover_table(facts: dict[str, Any]) -> Lines:
    for item in facts["found"]:
        known = _("known") if item["in_inventory"] else _("NEW")
        yield (
            f"{item['address']}:{item['port']}",
            clean_label(f"{known}  {item['name']} {item['hardware']}"),
        )
    if not facts["found"]:
        yield "", _("Nothing answered.")


def snapshot_table(facts: dict[str, Any]) -> Lines:
    for name in ("channel", "taken_at", "content_type", "bytes", "sha256"):
        yield _label(name), facts[name]
    size = f"{facts['width']} x {facts['height']}" if facts["width"] else _("it cannot be decoded")
    yield _("size"), size
    yield _("file"), facts["file"] or _("- (give --out to keep it)")
    yield from _notes(facts)


def _trap(code: str) -> str:
    """In words, with the code behind them that --json gives."""
    words = trap_words(code)
    return word_for(code) if words is None else f"{words} [{code}]"


def _notes(facts: dict[str, Any]) -> Lines:
    for note in facts.get("notes", []):
        yield _("note"), _trap(note)
    for failure in facts["failures"]:
        yield _failed(failure["what"]), _why(failure)
