"""Doors to sign-in, the own profile, and people with their roles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import audit

from . import people, permissions, places
from .forms import ChangePasswordForm, GrantForm, PersonForm, ProfileForm, ReasonForm, SignInForm
from .models import Person, RoleGrant
from .requests import PersonRequest


class SignIn(auth_views.LoginView):
    """Signs in; Django gives the session a new key. Both outcomes are audited."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            audit.record("session.sign_in", actor=form.get_user(), target=form.get_user())
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        tried = str(form.data.get("username", ""))[:64]
        person = Person.objects.filter(staff_number=tried).first()
        with transaction.atomic():
            # What was typed may be a password in the wrong field: only a known number is written.
            audit.record("session.refuse", actor="sign-in", target=person, known=person is not None)
        return super().form_invalid(form)


class SignInAgain(SignIn):
    """The password asked for over a page whose session has ended, so that nothing typed there is lost.

    GET says whether somebody is signed in (200 or 401), POST signs in. Both answer with the token that the
    page's forms need from then on, and with whose session it is.
    """

    redirect_authenticated_user = False
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        return self._told(200 if request.user.is_authenticated else 401)

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        return self._told(200)

    def form_invalid(self, form: Any) -> HttpResponse:
        super().form_invalid(form)
        error = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return self._told(422, error=error)

    def _told(self, status: int, **facts: str) -> JsonResponse:
        facts |= {"csrf": get_token(self.request), "person": str(self.request.user.pk or "")}
        response = JsonResponse(facts, status=status)
        response["Cache-Control"] = "no-store"
        return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    if isinstance(request.user, Person):
        with transaction.atomic():
            audit.record("session.sign_out", actor=request.user, target=request.user)
    return auth_views.LogoutView.as_view()(request)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Sets language or theme from a button of any page, and goes back there."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = redirect(back)
    language = request.POST.get("language")
    if isinstance(request.user, Person):
        chosen = {"language": request.user.language, "theme": request.user.theme}
        chosen |= {name: request.POST[name] for name in chosen if name in request.POST}
        form = ProfileForm(chosen, instance=request.user)
        if form.is_valid():
            form.save()
    elif language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", httponly=True)
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    """Language, theme, and the roles that one holds."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    context = {"form": form, "grants": _named_grants(request.user)}
    return render(request, "accounts/profile.html", context)


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: PersonRequest) -> HttpResponse:
    """Changes the own password: every other session of the person ends, this one goes on."""
    form = ChangePasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        people.change_password(request.user, form.cleaned_data["new_password1"], by=request.user)
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed."))
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form})


@login_required
@require_safe
def people_list(request: PersonRequest) -> HttpResponse:
    """Everybody with the roles they hold."""
    _allow(permissions.can_see_people(request.user))
    rows = Person.objects.visible_to(request.user).prefetch_related("grants")
    return render(
        request,
        "accounts/people.html",
        {"people": rows, "can_create": permissions.can_create_person(request.user)},
    )


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person_create(request: PersonRequest) -> HttpResponse:
    """Enters a person with a first password."""
    _allow(permissions.can_create_person(request.user))
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        person = people.create(
            data["staff_number"],
            data["full_name"],
            data["password1"],
            by=request.user,
            email=data["email"],
            language=data["language"],
        )
        return redirect("accounts:person", person.pk)
    return render(request, "accounts/person_create.html", {"form": form})


@login_required
@require_safe
def person_page(request: PersonRequest, pk: int) -> HttpResponse:
    """One person with all grants, past and present."""
    _allow(permissions.can_see_people(request.user))
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    return _person_page(request, person, GrantForm())


@login_required
@require_POST
def role_grant(request: PersonRequest, pk: int) -> HttpResponse:
    """Grants a role."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    _allow(permissions.can_grant_role(request.user, person))
    form = GrantForm(request.POST, instance=RoleGrant(person=person))
    if not form.is_valid():
        return _person_page(request, person, form, status=422)
    data = form.cleaned_data
    try:
        people.grant_role(person, data.pop("role"), by=request.user, **data)
    except ValidationError as error:
        form.add_error(None, error)
        return _person_page(request, person, form, status=422)
    messages.success(request, _("The role is granted."))
    return redirect("accounts:person", person.pk)


@login_required
@require_POST
def role_end(request: PersonRequest, pk: int) -> HttpResponse:
    """Ends a grant from today on."""
    grant = get_object_or_404(RoleGrant.objects.visible_to(request.user), pk=pk)
    _allow(permissions.can_grant_role(request.user, grant.person))
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write why the role ends."))
        return redirect("accounts:person", grant.person_id)
    try:
        people.end_grant(grant, by=request.user, because=form.cleaned_data["because"])
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("accounts:person", grant.person_id)


@login_required
@require_POST
def person_switch(request: PersonRequest, pk: int) -> HttpResponse:
    """Switches a person's sign-in off or on."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    _allow(permissions.can_deactivate(request.user, person))
    form = ReasonForm(request.POST)
    if form.is_valid():
        wanted = request.POST.get("active") == "1"
        people.set_active(person, wanted, by=request.user, because=form.cleaned_data["because"])
    else:
        messages.error(request, _("Write a reason."))
    return redirect("accounts:person", person.pk)


def _person_page(
    request: PersonRequest, person: Person, form: GrantForm, status: int = 200
) -> HttpResponse:
    context = {
        "person": person,
        "grants": _named_grants(person),
        "form": form,
        "can_grant": permissions.can_grant_role(request.user, person),
        "can_deactivate": permissions.can_deactivate(request.user, person),
    }
    return render(request, "accounts/person.html", context, status=status)


def _named_grants(person: Person) -> list[dict[str, Any]]:
    """Grants, newest first, each with the name of its place (blank: everywhere)."""
    rows = list(person.grants.select_related("acting_for").order_by("-starts_on", "-pk"))
    names = places.names() if any(row.place for row in rows) else {}
    return [
        {"row": row, "place": row.place and names.get(row.place, str(row.scope_id))} for row in rows
    ]


def _allow(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied
