"""How what happens with checks, findings, pictures and sheets reads in the log."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Any] = {
    # --- checks
    "run.ask": _("%(actor)s asked for a check: %(object)s"),
    "run.start": _("%(actor)s started a check: %(object)s"),
    "run.finish": _("%(actor)s ended a check: %(object)s"),
    "run.cancel": _("%(actor)s cancelled a check: %(object)s"),
    "run.skip": _("%(actor)s left out a check, the one before was still running: %(object)s"),
    "frequency.change": _("%(actor)s changed how often is checked: %(object)s"),
    "finding.acknowledge": _("%(actor)s closed the finding: %(object)s"),
    "survey.start": _("%(actor)s had asked what is there: %(object)s"),
    "survey.accept": _("%(actor)s accepted what was found on %(object)s"),
    # --- pictures
    "picture.view": _("%(actor)s looked at the last picture of %(object)s"),
    "reference.view": _("%(actor)s looked at the reference picture of %(object)s"),
    "reference.set": _("%(actor)s chose the reference picture of %(object)s"),
    "reference.compare": _("%(actor)s compared %(object)s with its reference picture"),
    # --- daily sheets and papers
    "dailysheet.plan": _("%(actor)s made the daily sheet of %(object)s"),
    "dailysheet.open": _("%(actor)s opened the daily sheet of %(object)s for signing"),
    "dailysheet.explain": _("%(actor)s explained exceptions of %(object)s on the daily sheet"),
    "dailysheet.sign": _("%(actor)s signed the daily sheet of %(object)s"),
    "dailysheet.see": _("%(actor)s marked the daily sheet of %(object)s as seen"),
    "dailysheet.miss": _("%(actor)s noted that the daily sheet of %(object)s was not done in time"),
    "dailysheet.file": _("%(actor)s filed the daily sheet of %(object)s"),
    "paper.head": _("%(actor)s changed the head of the papers"),
    "paper.revise": _("%(actor)s entered a revision of the form %(object)s"),
    "holiday.add": _("%(actor)s entered the holiday %(object)s"),
    "holiday.remove": _("%(actor)s took the holiday %(object)s out"),
    "cameras.export": _("%(actor)s exported a list of cameras, recorders or findings"),
    # --- the bench, outside the inventory
    "bench.probe": _("%(actor)s asked %(object)s what it is"),
    "bench.clock": _("%(actor)s read the clock of %(object)s"),
    "bench.recordings": _("%(actor)s asked %(object)s what it recorded"),
    "bench.snapshot": _("%(actor)s took a picture from %(object)s"),
    "bench.clip": _("%(actor)s fetched a clip from %(object)s"),
    "bench.discover": _("%(actor)s looked for devices on the network %(object)s"),
}  # fmt: skip

PARTS = {"night": _("the schedule"), "sheets": _("the daily sheets")}
