"""Pages of shift notes: the list, one note, leaving one, and its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from cameras.views import lists
from cameras.views.shared import for_people, page_of
from core.steps import InvalidTransition
from inventory.permissions import can_see_inventory
from inventory.sheets.writing import download

from . import notes as service
from . import permissions
from .filters import NoteFilters
from .forms import FinishForm, LeaveForm, LineForm
from .models import ShiftNote

ORDERS: lists.Orders = {"left": ["left_at"], "until": ["needed_until"]}
PEOPLE = ("left_by", "taken_by", "closed_by")
THINGS = ("building", "position__floor__building", "recorder")


@require_safe
@for_people(permissions.can_see_notes)
def notes(request: PersonRequest) -> HttpResponse:
    """Open notes, or with `?open=false` those that are done; filters as in the API, `?format=` for a file."""
    before = lists.remembered(request, "notes")
    if before:
        return redirect(f"{request.path}?{before}")
    asked = request.GET.copy()
    asked.setdefault("open", "true")
    seen = ShiftNote.objects.visible_to(request.user).select_related(*PEOPLE, *THINGS)
    rows = NoteFilters(asked, queryset=seen, request=request).qs
    shown = lists.in_order(request, rows.order_by("-left_at", "-pk"), ORDERS)
    if lists.wants_file(request):
        return _file(request, shown)
    page = page_of(request, shown)
    _dress(page)
    context = {
        "page": page,
        "closed": asked["open"] == "false",
        "query": asked.get("search", ""),
        "sort": asked.get("sort", ""),
        "sorts": [
            ("", _("newest first")),
            ("left", _("oldest first")),
            ("until", _("most pressing first")),
        ],
        "filtered": any(asked.get(name) for name in ("search", "sort")),
        "may_leave": permissions.can_leave_note(request.user),
    }
    return render(request, "control_room/notes.html", context)


def _dress(rows: Any) -> None:
    """Puts beside each note what it is about and whether it is overdue."""
    names, now = service.names_of(rows), timezone.now()
    for row in rows:
        row.about_words, row.overdue = names[row.pk], row.is_overdue(now)


def _file(request: PersonRequest, rows: QuerySet[Any]) -> HttpResponse:
    headers = [
        _("Number"), _("State"), _("Note"), _("About"), _("Left by"), _("Left at"),
        _("Needed until"), _("Taken over by"), _("Taken over at"), _("Added lines"),
        _("Closed by"), _("Closed at"), _("What came of it"),
    ]  # fmt: skip
    lines = list(_lines(rows.prefetch_related("lines__written_by")))
    wanted = request.GET["format"]
    with transaction.atomic():
        query = request.GET.urlencode()[:500]
        audit.record(
            "shiftnote.export", actor=request.user, format=wanted, rows=len(lines), query=query
        )
    return download(wanted, _("Shift notes"), headers, lines)


def _lines(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    for part in lists.by_parts(rows):
        _dress(part)
        for row in part:
            added = "\n".join(f"{line.written_by}: {line.text}" for line in row.lines.all())
            yield [
                row.pk, row.get_status_display(), row.text, row.about_words,
                row.left_by.full_name, row.left_at, row.needed_until,
                row.taken_by.full_name if row.taken_by else "", row.taken_at, added,
                row.closed_by.full_name if row.closed_by else "", row.closed_at, row.outcome,
            ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_leave_note)
def leave(request: PersonRequest) -> HttpResponse:
    """A new note; `?about=position:12` says from whose page one comes."""
    about = service.by_code(request.user, request.GET.get("about", "")[:40])
    form = LeaveForm(request.user, request.POST or None, about)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        service.leave(
            data["text"],
            by=request.user,
            about=data["thing"],
            needed_until=data["needed_until"],
            once=data["once"],
        )
        messages.success(request, _("The note stands on Bugün until somebody closes it."))
        return redirect("control_room:notes")
    status = 422 if request.method == "POST" else 200
    return render(request, "control_room/note_new.html", {"form": form}, status=status)


def _note(request: PersonRequest, pk: int) -> ShiftNote:
    seen = ShiftNote.objects.visible_to(request.user).select_related(*PEOPLE, *THINGS)
    row: ShiftNote = get_object_or_404(seen, pk=pk)
    return row


def _answerable(request: PersonRequest, pk: int) -> ShiftNote:
    row = _note(request, pk)
    if not permissions.can_answer(request.user, row):
        raise PermissionDenied
    return row


def _shown(request: PersonRequest, row: ShiftNote, status: int = 200, **forms: Any) -> HttpResponse:
    is_open = row.status != row.Status.DONE
    may_answer = permissions.can_answer(request.user, row)
    context = {
        "note": row,
        "about": service.name_of_thing(row.about),
        "overdue": row.is_overdue(timezone.now()),
        "lines": row.lines.select_related("written_by"),
        "may_open": can_see_inventory(request.user),
        "may_take": row.allows("take_over") and permissions.can_take_over(request.user, row),
        "finish": forms.get("finish") or (FinishForm() if is_open and may_answer else None),
        "line": forms.get("line") or (LineForm() if may_answer else None),
    }
    return render(request, "control_room/note.html", context, status=status)


@require_safe
@for_people(permissions.can_see_notes)
def note(request: PersonRequest, pk: int) -> HttpResponse:
    """One note with everything that was added to it."""
    return _shown(request, _note(request, pk))


@require_POST
@for_people(permissions.can_see_notes)
def take_over(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody else than who left it sees to it now."""
    row = _answerable(request, pk)
    if not permissions.can_take_over(request.user, row):
        messages.error(request, _("You left this note yourself: somebody else takes it over."))
    else:
        try:
            row.take_over(by=request.user)
        except InvalidTransition:
            messages.info(request, _("Somebody was faster: look who has it now."))
        else:
            messages.success(request, _("You have taken it over. Close it when it is done."))
    return redirect("control_room:note", pk)


@require_POST
@for_people(permissions.can_see_notes)
def add_line(request: PersonRequest, pk: int) -> HttpResponse:
    """A further line; what stands there already is never changed."""
    row = _answerable(request, pk)
    form = LineForm(request.POST)
    if not form.is_valid():
        return _shown(request, row, 422, line=form)
    service.add_line(
        row, form.cleaned_data["text"], by=request.user, once=form.cleaned_data["once"]
    )
    messages.success(request, _("The line was added."))
    return redirect("control_room:note", pk)


@require_POST
@for_people(permissions.can_see_notes)
def finish(request: PersonRequest, pk: int) -> HttpResponse:
    """Closes the note with a sentence."""
    row = _answerable(request, pk)
    form = FinishForm(request.POST)
    if not form.is_valid():
        return _shown(request, row, 422, finish=form)
    try:
        row.finish(form.cleaned_data["outcome"], by=request.user)
    except InvalidTransition:
        messages.info(
            request, _("Somebody had closed it already. Add a line where something is missing.")
        )
    else:
        messages.success(request, _("Noted and closed."))
    return redirect("control_room:note", pk)
