"""The papers of cameras that a worker may print: built again with the rights of the person who asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cameras import permissions
from cameras.daily_sheets.sheet_papers import sheet_paper
from cameras.models import DailySheet
from cameras.paper_tasks import print_paper as print_paper  # registered with the worker
from cameras.reports.papers import paper_of, report_for
from core import paper_jobs
from core.papers import Paper


def register() -> None:
    """Called once when Django is ready."""
    paper_jobs.register("daily-sheet", _sheet)
    paper_jobs.register("report", _report)


def _sheet(person: Any, parameters: Mapping[str, str]) -> Paper:
    rows = DailySheet.objects.visible_to(person).select_related("signed_by", "seen_by", "signed")
    sheet = rows.filter(day=dt.date.fromisoformat(parameters["day"])).first()
    if sheet is None:
        raise LookupError(parameters["day"])
    return sheet_paper(sheet, parameters.get("link", ""))


def _report(person: Any, parameters: Mapping[str, str]) -> Paper:
    if not permissions.can_see_reports(person):
        raise LookupError(parameters["name"])
    report = report_for(person, parameters["name"], parameters)
    return paper_of(report, parameters.get("link", ""))
