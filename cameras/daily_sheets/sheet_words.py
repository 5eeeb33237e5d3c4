"""A daily sheet's codes as the words of the paper form, ready for pages and for print."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cameras.clocks.verdicts import CRITICAL_MS, WARN_MS
from cameras.daily_sheets.sheet_scenes import (
    CHANGED,
    NOT_CHECKED,
    mask_mark,
    mask_word,
    tally,
    view_word,
)
from cameras.daily_sheets.sheets import SheetView
from cameras.drawing.strips import length
from cameras.models import DailySheet, Result
from cameras.wording.reasons import not_checked, word_for
from core import tsi

CELLS_PER_LINE = 8
MANY_EXCEPTIONS = 7


def recording_word(result: str) -> str:
    """The column "Recording" of the form: yes, partly, no, could not be checked."""
    return {
        Result.RECORDED: pgettext("recording", "Present"),
        Result.PARTLY: pgettext("recording", "Partial"),
        Result.NOT_RECORDED: pgettext("recording", "None"),
        Result.UNKNOWN: pgettext("recording", "Could not check"),
        Result.EXEMPT: pgettext("recording", "Exempt"),
    }[Result(result)]


def picture_word(answer: str) -> str:
    """The column "Picture": usable, unusable, could not be taken, not checked."""
    return {
        "YES": pgettext("picture", "Usable"),
        "NO": pgettext("picture", "Unusable"),
        "UNKNOWN": pgettext("picture", "Could not check"),
    }.get(answer, not_checked())


def disks_word(code: str) -> str:
    return {
        "SOUND": pgettext("disks", "Sound"),
        "FAULTY": pgettext("disks", "Faulty"),
    }.get(code, not_checked())


def clock_word(offset_ms: int | None) -> str:
    """ "+3.2 s", "−3,600.4 s": device minus true, plus is ahead; tenths are all that the eye can use."""
    if offset_ms is None:
        return not_checked()
    tenths = round(offset_ms / 100)
    sign = "+" if tenths > 0 else "−" if tenths < 0 else ""
    number = number_format(abs(tenths) / 10, 1, force_grouping=True)
    return _("%(seconds)s s") % {"seconds": f"{sign}{number}"}


def clock_grade(verdict: str, offset_ms: int | None) -> str:
    """The column "Result" of the clock report: OK, WARNING, CRITICAL, HOUR or UNKNOWN (duty 3)."""
    if verdict in {"", "UNKNOWN", NOT_CHECKED} or offset_ms is None:
        return "UNKNOWN"
    if verdict == "SUMMER_TIME":
        return "HOUR"
    if abs(offset_ms) > CRITICAL_MS or verdict in {"ZONE", "RESET", "UNSTABLE"}:
        return "CRITICAL"
    return "WARNING" if abs(offset_ms) > WARN_MS or verdict != "OK" else "OK"


def clock_grade_word(grade: str) -> str:
    return {
        "OK": pgettext("clock", "Conforms"),
        "WARNING": pgettext("clock", "Warning"),
        "CRITICAL": pgettext("clock", "Critical"),
        "HOUR": pgettext("clock", "≈1 hour: summer time or time zone"),
    }.get(grade, pgettext("clock", "Could not check"))


def day_word(text: str | None) -> str:
    """ "2026-11-22" as 22.11.2026."""
    return tsi.day_text(dt.date.fromisoformat(text)) if text else not_checked()


def when_word(text: str | None) -> str:
    """A stored instant with seconds, in Türkiye time."""
    return tsi.stamp(dt.datetime.fromisoformat(text)) if text else ""


def findings_word(numbers: list[int]) -> str:
    return ", ".join(f"B-{number}" for number in numbers)


def camera_note(row: dict[str, Any]) -> str:
    """What there is to say about a camera: why or how much is missing, and whether its view changed."""
    notes = []
    if row["reason"]:
        notes.append(word_for(row["reason"]))
    elif row["result"] == Result.PARTLY:
        lost = max(0, row["expected_ms"] - row["recorded_ms"])
        notes.append(
            _("%(lost)s missing, the longest gap %(longest)s")
            % {"lost": length(lost), "longest": length(row["longest_gap_ms"])}
        )
    if row["view"] == CHANGED:
        notes.append(_("compare the last picture with the reference picture"))
    return "; ".join(notes)


def recorder_note(row: dict[str, Any]) -> str:
    """What is wrong with a recorder itself."""
    notes = []
    if row["clock_verdict"] not in {"OK", NOT_CHECKED}:
        notes.append(
            _("clock %(offset)s: %(verdict)s")
            % {
                "offset": clock_word(row["clock_offset_ms"]),
                "verdict": word_for(row["clock_verdict"]),
            }
        )
    if row["disks"] == "FAULTY":
        notes.append(_("a disk reports a fault"))
    return "; ".join(notes)


def shown(sheet: DailySheet, view: SheetView) -> dict[str, Any]:
    """Everything that the page and the paper print about a sheet."""
    recorders = {row["id"]: _recorder(row, view) for row in view.recorders}
    cameras = [_camera(row, recorders, view) for row in view.cameras]
    found = [row for row in (*recorders.values(), *cameras) if row["is_exception"]]
    groups = _exception_groups(found, recorders)
    exceptions = [row for group in groups for row in group["rows"]]
    for number, row in enumerate(exceptions, 1):
        row["number"] = number
    totals = view.content["totals"]
    recorded = totals[Result.RECORDED] + totals[Result.PARTLY]
    return {
        "sheet": sheet,
        "day": tsi.day_text(sheet.day),
        "exceptions": exceptions,
        "is_dense": len(exceptions) >= MANY_EXCEPTIONS,
        "exception_groups": groups,
        "unexplained": len(view.unexplained),
        "groups": _groups(cameras, recorders),
        "tallies": tally(row for row in cameras if _is_healthy(row)),
        "exempt": [row for row in cameras if row["result"] == Result.EXEMPT],
        "totals": totals,
        "recording": recorded,
        "explanations": [
            {**row, "number": number, "written": when_word(row["written_at"])}
            for number, row in enumerate(view.content["explanations"], 1)
        ],
        "sha256": view.sha256,
        "run": view.content["run"],
        "checked_at": when_word((view.content["run"] or {}).get("finished_at")),
    }


def _recorder(row: dict[str, Any], view: SheetView) -> dict[str, Any]:
    return {
        **row,
        "clock": clock_word(row["clock_offset_ms"]),
        "clock_grade": clock_grade_word(clock_grade(row["clock_verdict"], row["clock_offset_ms"])),
        "disk": disks_word(row["disks"]),
        "fault_no": findings_word(row["findings"]),
        "note": recorder_note(row),
        "explanation": view.explained.get(row["key"]),
        "is_recorder": True,
        "group": row["id"],
    }


def _camera(
    row: dict[str, Any], recorders: dict[int, dict[str, Any]], view: SheetView
) -> dict[str, Any]:
    recorder = recorders.get(row["recorder"], {})
    return {
        **row,
        "recorder_name": recorder.get("name", ""),
        "recording": recording_word(row["result"]),
        "picture_word": picture_word(row["picture"]),
        "view_word": view_word(row["view"]),
        "mask_word": mask_word(row["mask"]),
        "mask_mark": mask_mark(row["mask"]),
        "clock": recorder.get("clock") or not_checked(),
        "disk": recorder.get("disk") or not_checked(),
        "oldest_word": day_word(row["oldest"]),
        "fault_no": findings_word(row["findings"]),
        "note": camera_note(row),
        "explanation": view.explained.get(row["key"]),
        "is_recorder": False,
        "group": row["recorder"] or 0,
    }


def _exception_groups(
    exceptions: list[dict[str, Any]], recorders: dict[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Exceptions under their recorder, because one cause often explains them all."""
    by_recorder: dict[int, list[dict[str, Any]]] = {}
    for row in exceptions:
        by_recorder.setdefault(row["group"], []).append(row)
    return [
        {
            "id": pk,
            "name": recorders[pk]["name"] if pk in recorders else "",
            "recorder": recorders.get(pk),
            "cameras": [row for row in rows if not row["is_recorder"]],
            "rows": rows,
            "unexplained": sum(1 for row in rows if not row["explanation"]),
        }
        for pk, rows in by_recorder.items()
    ]


def _is_healthy(row: dict[str, Any]) -> bool:
    return not row["is_exception"] and row["result"] != Result.EXEMPT


def _groups(
    cameras: list[dict[str, Any]], recorders: dict[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The cameras in order by recorder, in lines of the grid; recorders by name."""
    by_recorder: dict[int, list[dict[str, Any]]] = {pk: [] for pk in recorders}
    for row in cameras:
        if _is_healthy(row):
            by_recorder.setdefault(row["group"], []).append(row)
    groups = []
    for pk, rows in by_recorder.items():
        lines: list[list[Any]] = [
            list(rows[at : at + CELLS_PER_LINE]) for at in range(0, len(rows), CELLS_PER_LINE)
        ]
        if lines:
            lines[-1] += [None] * (CELLS_PER_LINE - len(lines[-1]))
        groups.append({"recorder": recorders.get(pk), "cameras": rows, "lines": lines})
    return groups
