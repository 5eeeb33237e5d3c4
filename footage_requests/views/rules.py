"""The unit's rules: who may read them is everybody here, who changes them is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from core.tsi import today
from inventory import editing
from inventory.forms.rows import RowForm
from inventory.words import history_of

from .. import permissions
from ..forms import rules as forms
from ..models import KindQuestion, LegalBasis, RefusalCode, RequesterKind, SmallUnitPeriod
from .board import tabs
from .shared import allow, for_people

SHOWN_HISTORY = 20


@dataclass(frozen=True)
class Rules:
    """One sort of rule: its rows, its form, and its words."""

    model: type[models.Model]
    form: type[RowForm]
    title: Promise
    new_title: Promise
    may: Callable[[Any], bool] = permissions.can_edit_rules


RULES = {
    "kinds": Rules(RequesterKind, forms.KindForm, gettext_lazy("Kinds of requesters"),
                   gettext_lazy("New kind of requester")),
    "bases": Rules(LegalBasis, forms.BasisForm, gettext_lazy("Legal bases"),
                   gettext_lazy("New legal basis")),
    "refusals": Rules(RefusalCode, forms.RefusalForm, gettext_lazy("Refusal codes"),
                      gettext_lazy("New refusal code")),
    "questions": Rules(KindQuestion, forms.QuestionForm, gettext_lazy("Questions to requesters"),
                       gettext_lazy("New question")),
    "small-unit": Rules(SmallUnitPeriod, forms.SmallUnitForm, gettext_lazy("Small-unit mode"),
                        gettext_lazy("New small-unit period"), permissions.can_grant_small_unit),
}  # fmt: skip


@require_safe
@for_people(permissions.can_see_requests, is_unsworn=True)
def rules(request: PersonRequest) -> HttpResponse:
    """All rules on one page."""
    context = {
        "kinds": RequesterKind.objects.visible_to(request.user).prefetch_related("bases"),
        "bases": LegalBasis.objects.visible_to(request.user),
        "refusals": RefusalCode.objects.visible_to(request.user),
        "questions": KindQuestion.objects.visible_to(request.user).select_related("kind"),
        "periods": SmallUnitPeriod.objects.visible_to(request.user).select_related("set_by"),
        "holds_now": SmallUnitPeriod.holds_on(today()),
        "may_edit": permissions.can_edit_rules(request.user),
        "may_grant": permissions.can_grant_small_unit(request.user),
        "sees_webhooks": permissions.can_see_webhooks(request.user),
        "tabs": tabs("rules"),
    }
    return render(request, "requests/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_a_rule, is_unsworn=True)
def rule(request: PersonRequest, rules: str, pk: int | None = None) -> HttpResponse:
    """Enters or edits one rule. Who saves second is told what the first one changed."""
    if rules not in RULES:
        raise Http404
    allow(RULES[rules].may(request.user))
    if request.method == "POST":
        with transaction.atomic():
            return _rule(request, rules, pk)
    return _rule(request, rules, pk)


def _rule(request: PersonRequest, name: str, pk: int | None) -> HttpResponse:
    kind = RULES[name]
    row: Any = kind.model()
    if pk is not None:
        rows = kind.model._default_manager.visible_to(request.user)  # type: ignore[attr-defined]
        get_object_or_404(rows, pk=pk)
        stored = kind.model._base_manager.all()
        row = (stored.select_for_update() if request.method == "POST" else stored).get(pk=pk)
    form = kind.form(request.user, request.POST if request.method == "POST" else None, instance=row)
    conflicts: list[editing.Difference] = []
    status = 200
    if request.method == "POST":
        status = 422
        before, conflicts = form.stored, form.conflicts()
        if conflicts:
            form.show_again()
            status = 409
        elif form.is_valid() and _save(request, form, before):
            return redirect(f"{reverse('footage_requests:rules')}#{name}")
    context = {
        "form": form,
        "title": str(kind.new_title if pk is None else kind.title),
        "pretitle": _("Rules"),
        "back": reverse("footage_requests:rules"),
        "conflicts": conflicts,
        "editor": editing.last_editor(row) if conflicts else "",
        "history": history_of(row, SHOWN_HISTORY) if pk else [],
    }
    return render(request, "requests/rule.html", context, status=status)


def _save(request: PersonRequest, form: RowForm, before: editing.State) -> bool:
    is_new = form.instance.pk is None
    if isinstance(form.instance, SmallUnitPeriod):
        form.instance.set_by = request.user
    try:
        with transaction.atomic():
            row = form.save()
            after = editing.state_of(row, form.watched)
            action = f"{row._meta.model_name}.{'create' if is_new else 'change'}"
            editing.record(action, row, by=request.user, before=before, after=after)
    except IntegrityError:
        form.add_error(None, _("Somebody has just entered the same. Look at the list again."))
        return False
    messages.success(request, _("Saved."))
    return True
