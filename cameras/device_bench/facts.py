"""What the bench found as one JSON document per verb. docs/bench.md explains every field.

All texts that a device gave are cleaned here; instants are ISO 8601 in Türkiye time with milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_noop

from cameras.clocks.verdicts import classify
from cameras.days.coverage import SEAM_MS, Interval, merge, total
from cameras.device_bench import bench
from cameras.device_bench.recordings import RecordingsFound
from cameras.protocols.base import DeviceError, IndexAnswer
from cameras.protocols.clips import ClipReport
from cameras.protocols.discovery import Found
from cameras.wording.reasons import word_for
from core import tsi
from core.text import clean_label

Facts = dict[str, Any]

CLIP_IN_DEVICE_TIME = gettext_noop(
    "THE DEVICE'S CLOCK IS NOT KNOWN. The span was read in the device's own time, as if its clock were "
    "right: the clip may show another time than the one asked for. Nothing was added around the span."
)


def iso(milliseconds: int | None) -> str | None:
    """Türkiye time with milliseconds and its zone; None for what no calendar holds."""
    if milliseconds is None:
        return None
    try:
        return tsi.from_ms(milliseconds).astimezone(tsi.TSI).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError):
        return None


def heading(verb: str, target: bench.Target, protocol: str = "") -> Facts:
    """The first lines of every document: what was asked of whom."""
    endpoint = target.endpoint
    return {
        "verb": verb,
        "address": endpoint.host,
        "port": endpoint.port,
        "tls": endpoint.tls,
        "protocol": protocol,
    }


def refusal(verb: str, target: bench.Target, error: DeviceError) -> Facts:
    """Nothing was given."""
    return heading(verb, target) | {
        "answered": False,
        "reason": str(error.reason),
        "words": word_for(error.reason),
        "detail": clean_label(error.detail, 300),
        "failures": [],
    }


def failures(half: bench.Half) -> list[Facts]:
    return [
        {"what": one.what, "reason": one.reason, "detail": clean_label(one.detail, 300)}
        for one in half.failures
    ]


def spans(intervals: Iterable[Interval]) -> list[Facts]:
    return [{"start": iso(s), "end": iso(e), "seconds": (e - s) / 1000} for s, e in intervals]


def clock(target: bench.Target, found: bench.ClockFound) -> Facts:
    measured, ours = found.clock, target.server
    if measured is None:
        return {}
    verdict = classify(measured)
    return heading("clock", target, found.protocol) | {
        "answered": True,
        "measured_at": iso(measured.at_ms),
        "offset_ms": measured.offset_ms,
        "utc_offset_ms": measured.utc_offset_ms,
        "local_offset_ms": measured.local_offset_ms,
        "uncertainty_ms": measured.uncertainty_ms,
        "method": measured.method,
        "round_trip_ms": measured.round_trip_ms,
        "reads": measured.reads,
        "verdict": verdict.verdict,
        "critical": verdict.is_critical,
        "zone": clean_label(measured.zone),
        "daylight_saving": measured.daylight_saving,
        "server_clock_proven": bool(ours and ours.verified),
        "server_clock_offset_ms": ours.offset_ms if ours else None,
        "failures": failures(found),
    }


def recordings(
    target: bench.Target, day: str, number: int, asked: Interval, found: RecordingsFound
) -> Facts:
    answer, covered = found.answer, found.day
    return heading("recordings", target, found.protocol) | {
        "answered": True,
        "channel": number,
        "channel_name": clean_label(found.channel.name if found.channel else ""),
        "day": day,
        "asked": {"start": iso(asked[0]), "end": iso(asked[1])},
        "time": "true" if found.is_true_time else "device",
        "time_base": str(answer.time_base) if answer else "",
        "offset_ms": found.offset_ms,
        "uncertainty_ms": found.clock.uncertainty_ms if found.clock else None,
        "source": str(answer.source) if answer else "",
        "complete": found.is_complete,
        "notes": [clean_label(note) for note in found.notes],
        "pages": answer.pages if answer else 0,
        "expected_ms": covered.expected_ms,
        "gaps_known": found.are_gaps_known,
        # From first to last recording nothing follows about what lies between them.
        "recorded_ms": covered.recorded_ms if found.are_gaps_known else None,
        "seams_ms": covered.seams_ms if found.are_gaps_known else None,
        "disputed_ms": covered.disputed_ms,
        "gap_count": covered.gap_count if found.are_gaps_known else None,
        "longest_gap_ms": covered.longest_gap_ms if found.are_gaps_known else None,
        "intervals": spans(merge(covered.intervals, tolerance_ms=SEAM_MS)),
        "gaps": [
            {**span, "cause": str(gap.cause)}
            for gap in covered.gaps
            for span in spans([(gap.start_ms, gap.end_ms)])
        ],
        "disputed": spans(covered.disputed),
        "second_source": _second(found.second),
        "earliest": iso(found.earliest_ms),
        "failures": failures(found),
    }


def _second(answer: IndexAnswer | None) -> Facts | None:
    if answer is None:
        return None
    told = total(merge((one.start_ms, one.end_ms) for one in answer.segments))
    return {
        "source": str(answer.source),
        "time_base": str(answer.time_base),
        "complete": answer.complete,
        "told_ms": told,
        "notes": [clean_label(note) for note in answer.notes],
    }


def snapshot(
    target: bench.Target, number: int, taken_at: str, file: str | None, taken: bench.StillTaken
) -> Facts:
    picture, still = taken.picture, taken.still
    data = picture.data if picture else b""
    return heading("snapshot", target, taken.protocol) | {
        "answered": True,
        "channel": number,
        "taken_at": taken_at,
        "bytes": len(data),
        "sha256": bench.sha256(data),
        "content_type": clean_label(picture.content_type if picture else ""),
        "width": still.width if still else None,
        "height": still.height if still else None,
        "file": file,
        "failures": failures(taken),
    }


def clip(
    target: bench.Target,
    number: int,
    asked: Interval,
    fetched: bench.ClipFetched,
    report: ClipReport,
) -> Facts:
    shift = fetched.offset_ms or 0
    is_true_time = fetched.offset_ms is not None
    return heading("clip", target, fetched.protocol) | {
        "answered": True,
        "warning": "" if is_true_time else CLIP_IN_DEVICE_TIME,
        "channel": number,
        "rtsp_port": fetched.rtsp_port,
        "asked": {"start": iso(asked[0]), "end": iso(asked[1])},
        "delivered": {
            "start": iso(report.delivered_start_ms - shift),
            "end": iso(report.delivered_end_ms - shift),
        },
        "time": "true" if is_true_time else "device",
        "time_base": str(report.time_base),
        "offset_ms": fetched.offset_ms,
        "uncertainty_ms": fetched.clock.uncertainty_ms if fetched.clock else None,
        "stamp_source": report.stamp_source,
        "range_reply": clean_label(report.range_reply),
        "ended_by": report.ended_by,
        # Whether the asked time was delivered, nobody knows without the clock.
        "complete": report.is_complete and is_true_time,
        "delivered_whole": report.is_complete,
        "gap_count": report.gap_count,
        "gap_ms": report.gap_ms,
        "gaps": spans([(s - shift, e - shift) for s, e in report.gaps]),
        "codec": report.codec,
        "width": report.width,
        "height": report.height,
        "frames": report.frames,
        "frames_damaged": report.frames_damaged,
        "packets_lost": report.packets_lost,
        "bytes": report.bytes,
        "sha256": report.sha256,
        "bitstream_sha256": report.bitstream_sha256,
        "file": str(report.path),
        "failures": failures(fetched),
    }


def found_devices(found: Iterable[Found], known: set[str]) -> Facts:
    rows = [
        {name: _cleaned(value) for name, value in asdict(item).items()}
        | {"in_inventory": item.address in known}
        for item in found
    ]
    return {"verb": "discover", "answered": bool(rows), "found": rows}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_label(value, 300)
    if isinstance(value, tuple | list):
        return [_cleaned(one) for one in value]
    return value
