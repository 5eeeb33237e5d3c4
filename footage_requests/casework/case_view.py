"""What the page of a case shows: cameras with what was found, people, next steps, history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.canon import reference
from audit.models import Entry
from audit.sentences import reason, sentence
from core import tsi
from core.steps import not_now

from .. import permissions, said
from ..decisions.decision_view import clipped
from ..footage.clock_windows import window_words
from ..models import Decision, FootageRequest, Hold, Package, RequestItem
from . import choosing, fees, writing

if TYPE_CHECKING:
    from accounts.models import Person

S = FootageRequest.Status
MOST_ENTRIES = 100
# From the superior's olur to the answer; EBYS keeps asking for them after the case is closed.
LETTERS = frozenset({S.AWAITING_DECISION, S.APPROVED, S.REFUSED, S.NO_RECORDING, S.CLOSED})


@dataclass(frozen=True)
class Stretch:
    """A piece of a window strip, in per cent of its width."""

    kind: str
    x: str
    width: str
    title: str


def cameras_of(items: Iterable[RequestItem], holds: Iterable[Hold]) -> list[dict[str, Any]]:
    """The cameras of a case, included ones first, each with its strip, gaps, clock and hold in words."""
    held: dict[int, list[Hold]] = {}
    for hold in holds:
        held.setdefault(hold.item_id, []).append(hold)
    order = {True: 0, None: 1, False: 2}
    rows = sorted(items, key=lambda item: (order[item.is_included], item.position.name))
    return [_camera(item, held.get(item.pk, [])) for item in rows]


def _camera(item: RequestItem, holds: list[Hold]) -> dict[str, Any]:
    checked = item.checked or {}
    answer = str(checked.get("answer", ""))
    return {
        "row": item,
        "answer": answer,
        "strip": strip_of(item) if answer in {"YES", "PARTLY", "NO"} else None,
        "gaps": gap_words(item),
        "unsure": unsure_words(item),
        "oldest": oldest_words(item),
        "night": [] if answer == "YES" else said.read_all(checked.get("night", ())),
        "clock": said.read(checked.get("clock", "")),
        "windows": windows_of(item),
        "faults": said.read_all(checked.get("faults", ())),
        "reason": str(checked.get("reason", "")),
        "holds": holds,
        "is_held": bool(holds) and all(hold.is_whole for hold in holds),
    }


def oldest_words(item: RequestItem) -> str:
    """Since when the recorder has footage at all (true time), where something of the window is not recorded (B6)."""
    checked = item.checked or {}
    oldest = checked.get("oldest_ms")
    if not oldest or checked.get("answer") == "YES":
        return ""
    words = {"at": tsi.stamp(tsi.from_ms(oldest))}
    if oldest <= tsi.to_ms(item.starts_at):
        return _("oldest recording on the recorder: %(at)s") % words
    return _("oldest recording on the recorder: %(at)s; what is older may be gone") % words


def windows_of(item: RequestItem) -> list[str]:
    """In which time the recorder was asked, each sentence once; answers from before say nothing of it."""
    channels = (item.checked or {}).get("channels", ())
    windows = [channel["window"] for channel in channels if "window" in channel]
    return list(dict.fromkeys(text for window in windows for text in window_words(window)))


def _gaps(item: RequestItem) -> list[tuple[int, int]]:
    start, end = tsi.to_ms(item.starts_at), tsi.to_ms(item.ends_at)
    if (item.checked or {}).get("answer") == "NO":
        return [(start, end)]
    return clipped((item.checked or {}).get("gaps", ()), start, end)


def _unsure(item: RequestItem) -> list[tuple[int, int]]:
    """What the recorder can neither call recorded nor lost."""
    start, end = tsi.to_ms(item.starts_at), tsi.to_ms(item.ends_at)
    return clipped((item.checked or {}).get("unsure", ()), start, end)


def strip_of(item: RequestItem) -> list[Stretch]:
    """What was recorded of the window, what not, and what is not known, left to right."""
    start, end = tsi.to_ms(item.starts_at), tsi.to_ms(item.ends_at)
    others = [(*span, "NOT_RECORDED") for span in _gaps(item)]
    others += [(*span, "UNKNOWN") for span in _unsure(item)]
    pieces, at = [], start
    for first, last, kind in sorted(others):
        if first > at:
            pieces.append(("RECORDED", at, first))
        pieces.append((kind, first, last))
        at = last
    if at < end:
        pieces.append(("RECORDED", at, end))
    whole = end - start
    return [
        Stretch(
            kind,
            f"{100 * (first - start) / whole:.3f}",
            f"{100 * (last - first) / whole:.3f}",
            _span(kind, first, last),
        )
        for kind, first, last in pieces
    ]


def _span(kind: str, first: int, last: int) -> str:
    words = {
        "RECORDED": _("recorded"),
        "NOT_RECORDED": _("not recorded"),
        "UNKNOWN": _("not known"),
    }[kind]
    times = f"{tsi.clock_time(tsi.from_ms(first))}–{tsi.clock_time(tsi.from_ms(last))}"
    return f"{times} {words}"


def gap_words(item: RequestItem) -> list[str]:
    """ "13:52:10–13:54:02 (1 min)": each stretch of the window that was not recorded."""
    return [_stretch(*span) for span in _gaps(item)]


def unsure_words(item: RequestItem) -> list[str]:
    """The same for what the recorder can neither call recorded nor lost."""
    return [_stretch(*span) for span in _unsure(item)]


def _stretch(first: int, last: int) -> str:
    return (
        f"{tsi.clock_time(tsi.from_ms(first))}–{tsi.clock_time(tsi.from_ms(last))}"
        f" ({tsi.duration((last - first) // 1000)})"
    )


def people_of(
    request: FootageRequest, decision: Decision | None, package: Package | None
) -> list[tuple[str, str]]:
    """Who played which part, so that everybody sees who may still play which."""
    people = [(_("entered by"), request.filer.full_name)]
    if decision is not None:
        people.append((_("decided by"), decision.decided_by.full_name))
    if package is not None:
        for title, person in (
            (_("exported by"), package.exporter),
            (_("verified by"), package.verifier),
            (_("handed over by"), package.deliverer),
        ):
            if person is not None:
                people.append((title, person.full_name))
    return people


@dataclass(frozen=True)
class Action:
    """A thing that may be done with a case: in which states, and by whom.

    `name` is the address. The first one that a person may do is the case's main action.
    """

    name: str
    title: Promise
    states: Collection[str]
    may: Callable[[Person, FootageRequest], bool]
    icon: str = ""
    is_danger: bool = False
    fits: Callable[[FootageRequest], bool] = lambda row: True
    unfit: Promise | str = ""
    """Why it is not possible where it does not fit; empty where it is not offered, and possible all the same."""


ACTIONS = (
    Action("register", gettext_lazy("Register"), {S.DRAFT}, permissions.can_file),
    Action("decide", gettext_lazy("Decide"), {S.AWAITING_DECISION}, permissions.can_open_decision),
    Action("give_opinion", gettext_lazy("Give the opinion"), {S.OPINION},
           permissions.can_give_opinion),
    Action("complete", gettext_lazy("It has come"), {S.INFO_MISSING}, permissions.can_file),
    Action("cameras", gettext_lazy("Choose cameras"), FootageRequest.EDITABLE,
           permissions.can_assess, "device-cctv"),
    Action("submit", gettext_lazy("Submit for decision"), {S.REGISTERED, S.IN_REVIEW},
           permissions.can_assess),
    Action("ask_missing", gettext_lazy("Ask for what is missing"), {S.REGISTERED, S.IN_REVIEW},
           permissions.can_assess, fits=lambda row: row.missing_asked_at is None,
           unfit=gettext_lazy("The requester was asked once already; it is not asked a second time.")),
    Action("ask_opinion", gettext_lazy("Ask for an opinion"), {S.REGISTERED, S.IN_REVIEW},
           permissions.can_assess),
    Action("writing", gettext_lazy("The writing has come"), FootageRequest.OPEN,
           permissions.can_file, fits=writing.is_awaited,
           unfit=gettext_lazy("No writing is awaited for this request.")),
    Action("fee_paid", gettext_lazy("The fee was paid"),
           {*FootageRequest.BEFORE_DECISION, S.APPROVED, S.WITHDRAWN}, permissions.can_file,
           fits=fees.is_awaited,
           unfit=gettext_lazy("No fee of this request waits for its payment.")),
    Action("edit", gettext_lazy("Edit"), FootageRequest.EDITABLE, permissions.can_file),
    Action("ebys", gettext_lazy("Enter the EBYS number"), FootageRequest.OPEN, permissions.can_file,
           fits=lambda row: not row.ebys_number),
    Action("letters", gettext_lazy("Letters for EBYS"), LETTERS,
           permissions.can_file),
    Action("attach", gettext_lazy("Add a paper"), FootageRequest.OPEN, permissions.can_file),
    Action("extend_deadline", gettext_lazy("Extend the deadline"), FootageRequest.OPEN,
           permissions.can_assess,
           fits=lambda row: bool(row.kind.extended_days) and row.extended_until is None,
           unfit=gettext_lazy("The deadline of this request cannot be extended.")),
    Action("fee", gettext_lazy("Notify a fee"), FootageRequest.BEFORE_DECISION,
           permissions.can_assess, fits=fees.may_be_asked,
           unfit=gettext_lazy("No fee can be notified for this request now.")),
    Action("fee_waive", gettext_lazy("Waive the fee"), {*FootageRequest.BEFORE_DECISION, S.APPROVED},
           permissions.can_assess, fits=lambda row: row.stopped_until is not None,
           unfit=gettext_lazy("No fee of this request waits for its payment.")),
    Action("merge", gettext_lazy("Merge into another request"),
           FootageRequest.STEPS["merge"].comes_from, permissions.can_assess),
    Action("withdraw", gettext_lazy("Withdraw"), FootageRequest.STEPS["withdraw"].comes_from,
           permissions.can_file, is_danger=True),
)  # fmt: skip


def actions_for(
    person: Person, row: FootageRequest, *, is_ready: bool = False
) -> list[dict[str, Any]]:
    """What this person may do with the case in its state, the main action first: submitting, when
    nothing is in the way (`is_ready`).
    """
    possible = sorted(ACTIONS, key=lambda action: not (is_ready and action.name == "submit"))
    return [
        {
            "title": action.title,
            "url": reverse(f"footage_requests:{action.name}", args=[row.pk]),
            "icon": action.icon,
            "is_danger": action.is_danger,
        }
        for action in possible
        if row.status in action.states and action.fits(row) and action.may(person, row)
    ]


def why_not(name: str, row: FootageRequest) -> list[str]:
    """What makes the action of that name impossible now, whoever asks; nothing when it is possible."""
    action = next(each for each in ACTIONS if each.name == name)
    if row.status not in action.states:
        return [not_now(row, action.title)]
    return [] if action.fits(row) or not action.unfit else [str(action.unfit)]


def may_act(person: Person) -> bool:
    """Whether the person's roles let him play a part in some case: whom a case may point to is asked."""
    roles = permissions.DECIDING | permissions.EXPORTING | permissions.VERIFYING
    return person.has_role(*roles, *permissions.DELIVERING)


def history_of(row: FootageRequest, holds: Iterable[Hold] = ()) -> list[dict[str, Any]]:
    """What the audit log has of the case in plain sentences, newest first: of the request itself, and every
    state of its holds, packages and destructions.
    """
    parts = [row, *holds, *row.packages.all()]
    if len(parts) > 1:
        parts += row.destructions.all()
    about: dict[str, set[str]] = {}
    for part in parts:
        kind, identity, _name = reference(part)
        about.setdefault(kind, set()).add(identity)
    chosen = Q()
    for kind, identities in about.items():
        chosen |= Q(object_type=kind, object_id__in=identities)
    entries = list(Entry.objects.filter(chosen).order_by("-pk")[:MOST_ENTRIES])
    spoken = {str(hold.uuid): str(hold.channel) for hold in holds}
    for entry in entries:
        entry.object_name = spoken.get(entry.object_id, entry.object_name)
    return [
        {"at": entry.taken_at, "text": sentence(entry), "because": reason(entry)}
        for entry in entries
    ]


def why_ended(row: FootageRequest) -> str:
    """The reason with which a case was withdrawn, lapsed or was merged; empty for others."""
    if row.status not in {S.WITHDRAWN, S.MERGED}:
        return ""
    kind, identity, _name = reference(row)
    entries = Entry.objects.filter(
        object_type=kind,
        object_id=identity,
        action__in=["footagerequest.withdraw", "footagerequest.merge"],
    )
    latest = entries.order_by("-pk").first()
    return reason(latest) if latest else ""


def obstacles_for(person: Person, row: FootageRequest) -> list[str]:
    """What is still in the way of the decision, for those who can clear it."""
    if row.status not in {S.REGISTERED, S.IN_REVIEW} or not permissions.can_assess(person, row):
        return []
    return choosing.obstacles(row)
