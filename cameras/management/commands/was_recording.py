"""Was it recording? `manage.py was_recording POSITION_OR_CAMERA DAY [--at HH:MM] [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cameras.days.answers import WasRecording, find_positions, was_recording
from cameras.wording.reasons import word_for
from core.tsi import TSI, duration, from_ms, stamp


class Command(BaseCommand):
    help = "Says for a position (or camera) and day whether it was recorded, from which evidence, asked when."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", help="code of a position, or serial or MAC of a camera")
        parser.add_argument("day", type=date.fromisoformat, help="YYYY-MM-DD, Türkiye time")
        parser.add_argument("--at", type=time.fromisoformat, help="HH:MM, Türkiye time")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        positions = find_positions(options["subject"])
        if not positions:
            raise CommandError(f"No position or camera {options['subject']}.")
        day, at = options["day"], None
        if options["at"] is not None:
            at = datetime.combine(day, options["at"], TSI)
        answers = [was_recording(position, day, at) for position in positions]
        if options["json"]:
            self.stdout.write(json.dumps([answer.as_json() for answer in answers], indent=2))
            return
        for answer in answers:
            self._tell(answer)

    def _tell(self, answer: WasRecording) -> None:
        because = f" ({word_for(answer.reason)})" if answer.reason else ""
        self.stdout.write(
            f"{answer.position.code} {answer.position.name}, {answer.day}: {answer.result}{because}"
        )
        if answer.at:
            self.stdout.write(f"  at {stamp(answer.at)}: {answer.at_moment}")
        if not answer.evidence:
            self.stdout.write("  no evidence: no recorder was asked about this day")
        for item in answer.evidence:
            row = item.proof
            self.stdout.write(f"  {item.channel}: {row.result}, asked {stamp(row.asked_at)}")
            self.stdout.write(f"    source {word_for(row.source) or '-'}, {row.time_base or '-'}")
            if row.offset_ms is not None:
                self.stdout.write(
                    f"    clock {row.offset_ms / 1000:+.1f} s"
                    f" ± {(row.offset_uncertainty_ms or 0) / 1000:.1f} s ({word_for(row.offset_method)})"
                )
            percent = "-" if row.percent is None else f"{row.percent:.2f} %"
            self.stdout.write(
                f"    recorded {percent}, {row.gap_count} gaps,"
                f" longest {duration(row.longest_gap_ms // 1000)}"
            )
            for start, end, cause in row.gaps[:20]:
                self.stdout.write(
                    f"      {stamp(from_ms(start))} - {stamp(from_ms(end))}  {word_for(cause)}"
                )
            for start, end in (row.doubts or [])[:20]:
                self.stdout.write(
                    f"      {stamp(from_ms(start))} - {stamp(from_ms(end))}  in doubt"
                )
            if row.gap_count > 20:
                self.stdout.write(f"      and {row.gap_count - 20} more")
