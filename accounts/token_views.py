"""Doors to API tokens: the list, a new one shown once, and revoking."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import permissions, tokens
from .forms import ReasonForm
from .models import ApiToken
from .requests import PersonRequest
from .token_forms import TokenForm


@login_required
@require_safe
def token_list(request: PersonRequest) -> HttpResponse:
    """Every token with its person, scopes, end and last use; never a secret."""
    if not permissions.can_see_tokens(request.user):
        raise PermissionDenied
    rows = list(ApiToken.objects.visible_to(request.user).select_related("person"))
    for row in rows:
        row.allowed = [tokens.SCOPES.get(scope, scope) for scope in row.scopes]  # type: ignore[attr-defined]
    context = {"tokens": rows, "can_manage": permissions.can_manage_tokens(request.user)}
    return render(request, "accounts/tokens.html", context)


@never_cache
@sensitive_variables("text")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token_create(request: PersonRequest) -> HttpResponse:
    """A new token. The answer to the form is the only place where it is ever shown."""
    if not permissions.can_manage_tokens(request.user):
        raise PermissionDenied
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/token_create.html", {"form": form}, status=status)
    data = form.cleaned_data
    try:
        token, text = tokens.make(
            data["person"],
            data["name"],
            data["scopes"],
            expires_at=form.expires_at,
            networks=data["networks"].replace(",", " ").split(),
            by=request.user,
        )
    except ValidationError as error:
        for message in error.messages:
            form.add_error(None, message)
        return render(request, "accounts/token_create.html", {"form": form}, status=422)
    return render(request, "accounts/token_made.html", {"token": token, "text": text})


@login_required
@require_POST
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """Ends a token at once."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), pk=pk)
    if not permissions.can_manage_tokens(request.user):
        raise PermissionDenied
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a reason."))
    elif tokens.revoke(token, by=request.user, because=form.cleaned_data["because"]):
        messages.success(request, _("The token is revoked."))
    else:
        messages.info(request, _("It was revoked already."))
    return redirect("accounts:tokens")
