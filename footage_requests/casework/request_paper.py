"""Kamera Görüntüsü Talep Formu (form 6.1): with what is known of a case, or blank to be written by hand."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core import tsi
from core.papers import Paper

from ..models import FootageRequest, Hold
from . import asked_window, identity, questions

FORM = "REQUEST_FORM"
DOTS = ""
Fact = tuple[str, str]


def request_paper(request: FootageRequest, link: str) -> Paper:
    """The form of one case; the identity number stands on it masked."""
    groups = [
        (_("Request"), _numbers(request)),
        (_("Requester"), _requester(request)),
        (_("Ground"), _ground(request)),
        (_("Event"), _event(request)),
    ]
    return _paper(groups, _unit(request), number=request.number, link=link)


def blank_paper() -> Paper:
    """The form without a case: empty lines, and the choices to tick."""
    empty = FootageRequest()
    groups = [
        (_("Request"), [(_("Request no."), DOTS), (_("EBYS no. and date"), DOTS)]),
        (_("Requester"), [(label, DOTS) for label, _value in _requester_labels(empty)]),
        (
            _("Ground"),
            [(_("Legal basis"), DOTS), (_("Investigation, docket or assignment no."), DOTS)],
        ),
        (_("Event"), [(label, DOTS) for label, _value in _event_labels(empty, "")]),
    ]
    return _paper(groups, [], number="", link="")


def _paper(
    groups: list[tuple[str, list[Fact]]], unit: list[Fact], *, number: str, link: str
) -> Paper:
    data = {
        "form": FORM,
        "number": number,
        "groups": [
            {"title": title, "facts": [[label, value] for label, value in facts]}
            for title, facts in groups
        ],
        "unit": [[label, value] for label, value in unit],
    }
    return Paper(
        form=FORM,
        title=_("Footage request form"),
        template="papers/request_form.html",
        data=data,
        about=tsi.today(),
        link=link,
        shown={"is_blank": not number, "wants": _wants()},
    )


def _wants() -> list[str]:
    return [str(label) for _value, label in FootageRequest.Wants.choices]


def _numbers(request: FootageRequest) -> list[Fact]:
    ebys = " / ".join(
        part
        for part in (
            request.ebys_number,
            tsi.day_text(request.ebys_date) if request.ebys_date else "",
        )
        if part
    )
    return [
        (_("Request no."), request.number),
        (_("EBYS no. and date"), ebys),
        (_("Arrived"), tsi.stamp(request.arrived_at)),
    ]


def _requester(request: FootageRequest) -> list[Fact]:
    return [(_("Kind of requester"), request.kind.name), *_requester_labels(request)[1:]]


def _requester_labels(request: FootageRequest) -> list[Fact]:
    return [
        (_("Kind of requester"), ""),
        (_("Name or organisation"), _words(request.requester_name, request.organisation)),
        (_("Identity no."), identity.masked(request)),
        (_("Title, staff number"), request.requester_title),
        (_("Represented by"), request.represented_by),
        (_("Address"), request.address),
        (_("Phone, e-mail"), _words(request.phone, request.email)),
    ]


def _ground(request: FootageRequest) -> list[Fact]:
    return [
        (_("Legal basis"), request.basis.name if request.basis else ""),
        (request.kind.reference_name or _("Reference no."), request.reference_no),
    ]


def _event(request: FootageRequest) -> list[Fact]:
    return _event_labels(request, asked_window.in_words(request.starts_at, request.ends_at))


def _event_labels(request: FootageRequest, window: str) -> list[Fact]:
    place = _words(request.building.name if request.building else "", request.place)
    return [
        (_("What happened"), request.event),
        (_("Place"), place),
        (_("Day and time (TSİ)"), window),
        (_("Described person or vehicle"), request.described),
        (_("Asked for"), str(request.get_wants_display()) if request.pk else ""),
        (_("Purpose"), request.purpose),
        *(questions.answered(request) if request.pk else []),
    ]


def _unit(request: FootageRequest) -> list[Fact]:
    """What the unit found out so far."""
    items = list(request.items.filter(is_included=True).select_related("position"))
    answers = {"YES": _("recorded"), "PARTLY": _("partly recorded"), "NO": _("not recorded")}
    facts = [
        (
            f"{item.position.name} ({item.position.code})",
            _words(
                answers.get((item.checked or {}).get("answer", ""), _("not known yet")),
                _("overwritten after %(time)s") % {"time": tsi.stamp(item.lost_at)}
                if item.lost_at
                else "",
            ),
        )
        for item in items
    ]
    facts.append((_("Footage held"), _held(request)))
    facts.append((_("Technician's view"), "………………………………………………………………"))
    return facts


def _held(request: FootageRequest) -> str:
    kept = list(request.holds.filter(status__in=Hold.KEPT))
    if kept and all(hold.is_whole for hold in kept):
        return _("yes")
    return _("in part") if any(hold.held_at for hold in kept) else _("no")


def _words(*words: Any) -> str:
    return ", ".join(str(word) for word in words if word)
