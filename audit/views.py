"""The log's page: entries as sentences, newest first, and whether the log is whole."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .access import may_read_log
from .faults import stored_sentence
from .forms import EntryFilter
from .models import Entry, Seal, VerifyOutcome
from .sealing import backlog, leaf_of
from .sentences import actor, reason, rename, roles, sentence

PAGE = 50


@dataclass(frozen=True)
class Line:
    entry: Entry
    sentence: str
    reason: str
    leaf: int | None


def _readers_only(request: HttpRequest) -> None:
    if not may_read_log(request.user):
        raise PermissionDenied


@require_safe
@login_required
def entries(request: HttpRequest) -> HttpResponse:
    """A page of entries; pages continue by id, so that new entries do not shift them."""
    _readers_only(request)
    form = EntryFilter(request.GET)
    # A mistyped filter shows its error and no entries, rather than all of them.
    found = form.narrow(Entry.objects.all()) if form.is_valid() else Entry.objects.none()
    rows = list(found.defer("canon")[: PAGE + 1])
    shown = rows[:PAGE]
    rename(shown)
    leaves = dict(
        Seal.objects.filter(entry_id__in=[entry.pk for entry in shown]).values_list(
            "entry_id", "leaf"
        )
    )
    following = request.GET.copy()
    if len(rows) > PAGE:
        following["before"] = str(shown[-1].pk)
    outcome = VerifyOutcome.objects.first()
    context = {
        "form": form,
        "lines": [
            Line(entry, sentence(entry), reason(entry), leaves.get(entry.pk)) for entry in shown
        ],
        "following": following.urlencode() if len(rows) > PAGE else "",
        "outcome": outcome,
        "faults": [stored_sentence(stored) for stored in outcome.findings] if outcome else [],
        "last_seal": Seal.objects.order_by("-leaf").first(),
        "backlog": backlog(),
    }
    return render(request, "audit/entries.html", context)


@require_safe
@login_required
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry with everything that was sealed."""
    _readers_only(request)
    found = Entry.objects.filter(pk=entry_id).first()
    if found is None:
        raise Http404
    rename([found])
    context = {
        "entry": found,
        "sentence": sentence(found),
        "actor": actor(found),
        "roles": roles(found),
        "reason": reason(found),
        "leaf": leaf_of(found),
        "content": json.dumps(json.loads(found.canon), indent=2, ensure_ascii=False),
    }
    return render(request, "audit/entry.html", context)
