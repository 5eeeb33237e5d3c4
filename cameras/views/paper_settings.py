"""What the unit head sets about papers: their head, revisions of forms, and the calendar of holidays."""

from __future__ import annotations

import datetime as dt

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

import audit
from accounts.requests import PersonRequest
from cameras import permissions
from core.models import Holiday, Letterhead, PaperRevision
from core.paper_rows import PaperForm, revise
from core.tsi import today

from .shared import for_people

FIRST_DAY = dt.date(2000, 1, 1)


def _dressed(widget: django_forms.Widget) -> django_forms.Widget:
    widget.attrs.setdefault("class", "form-control")
    return widget


DAY = django_forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")


class HeadForm(django_forms.ModelForm):
    class Meta:
        model = Letterhead
        fields = ("university", "department")
        widgets = {
            name: _dressed(django_forms.TextInput()) for name in ("university", "department")
        }


class RevisionForm(django_forms.Form):
    """The next revision of one form."""

    form = django_forms.ChoiceField(
        label=gettext_lazy("form"),
        choices=PaperForm.choices,
        widget=django_forms.Select(attrs={"class": "form-select"}),
    )
    document_no = django_forms.CharField(
        label=gettext_lazy("document no."), max_length=40, widget=_dressed(django_forms.TextInput())
    )
    revised_on = django_forms.DateField(label=gettext_lazy("revised on"), widget=DAY)
    because = django_forms.CharField(
        label=gettext_lazy("what changed"),
        max_length=200,
        widget=_dressed(django_forms.TextInput()),
    )

    def clean_revised_on(self) -> dt.date:
        """Not before the revision in force: revisions follow one another."""
        day: dt.date = self.cleaned_data["revised_on"]
        latest = PaperRevision.objects.filter(form=self.cleaned_data.get("form", "")).first()
        if latest is not None and day < latest.revised_on:
            raise django_forms.ValidationError(
                _("The revision in force is of %(day)s.")
                % {"day": latest.revised_on.strftime("%d.%m.%Y")}
            )
        return day


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_papers)
def forms(request: PersonRequest) -> HttpResponse:
    """The head of all papers and the revisions of forms; a revision is added, never changed."""
    what = request.POST.get("what", "")
    head = HeadForm(request.POST if what == "head" else None, instance=Letterhead.current())
    revision = RevisionForm(
        request.POST if what == "revision" else None, initial={"revised_on": today()}
    )
    if what == "head" and head.is_valid():
        with transaction.atomic():
            row = head.save()
            audit.record(
                "paper.head", actor=request.user, target=row, after=dict(head.cleaned_data)
            )
        messages.success(request, _("The head of papers is saved."))
        return redirect("cameras:paper_forms")
    if what == "revision" and revision.is_valid():
        told = revision.cleaned_data
        revise(**told, by=request.user)
        messages.success(request, _("The revision is added; older papers keep theirs."))
        return redirect("cameras:paper_forms")
    context = {
        "head": head,
        "revision": revision,
        "rows": PaperRevision.objects.visible_to(request.user),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "reports/forms.html", context, status=status)


class HolidayForm(django_forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ("day", "name", "is_half", "every_year")
        widgets = {
            "day": DAY,
            "name": _dressed(django_forms.TextInput()),
            **{
                name: django_forms.CheckboxInput(attrs={"class": "form-check-input d-block"})
                for name in ("is_half", "every_year")
            },
        }


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_papers)
def holidays(request: PersonRequest) -> HttpResponse:
    """The calendar: rows are added and taken out; each change is audited."""
    rows = Holiday.objects.visible_to(request.user)
    dropped = request.POST.get("drop", "")
    if dropped.isdecimal() and len(dropped) < 18:
        return _drop(request, rows.filter(pk=int(dropped)).first())
    form = HolidayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            row = form.save()
            audit.record("holiday.add", actor=request.user, target=row)
        messages.success(request, _("The day is in the calendar."))
        return redirect("cameras:holidays")
    begin = dt.date(today().year, 1, 1)
    context = {
        "form": form,
        "yearly": rows.filter(every_year=True),
        "dated": rows.filter(every_year=False, day__gte=begin),
    }
    return render(request, "reports/holidays.html", context, status=422 if form.errors else 200)


def _drop(request: PersonRequest, row: Holiday | None) -> HttpResponse:
    if row is not None:
        with transaction.atomic():
            audit.record("holiday.remove", actor=request.user, target=row)
            row.delete()
        messages.success(request, _("The day was taken out of the calendar."))
    return redirect("cameras:holidays")
