"""Webhooks of the portal: endpoints, their secrets (shown once), and the log of what was sent."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.secret import Secret
from vault.errors import VaultError

from .. import permissions
from ..errors import Refused
from ..forms.webhooks import WebhookForm
from ..models import WebhookDelivery, WebhookEndpoint
from ..portal import endpoints, webhooks
from ..portal.targets import failure_words
from .shared import for_people, page_of, told

SHOWN = 30


@require_safe
@for_people(permissions.can_see_webhooks, is_unsworn=True)
def webhook_list(request: PersonRequest) -> HttpResponse:
    """Endpoints, and deliveries, newest first (`?state=`)."""
    rows = WebhookDelivery.objects.visible_to(request.user)
    state = request.GET.get("state", "")
    if state in WebhookDelivery.State.values:
        rows = rows.filter(state=state)
    page = page_of(
        request, rows.select_related("endpoint", "request").prefetch_related("tries"), SHOWN
    )
    for row in page:
        last = list(row.tries.all())[-1:]
        row.last = last[0] if last else None
        row.words = failure_words(last[0].failure) if last and last[0].failure else ""
    context = {
        "endpoints": WebhookEndpoint.objects.visible_to(request.user)
        .select_related("person")
        .order_by("-is_active", "name"),
        "page": page,
        "state": state,
        "states": WebhookDelivery.State.choices,
        "may_keep": permissions.can_keep_webhooks(request.user),
    }
    return render(request, "requests/webhooks.html", context)


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_keep_webhooks, is_unsworn=True)
def webhook_new(request: PersonRequest) -> HttpResponse:
    """A new endpoint. The answer to the form is the only place where its secret is shown."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row, secret = endpoints.add(
                name=data["name"], url=data["url"], person=data["person"], by=request.user
            )
            return _show(request, row, secret)
        except ValidationError as error:
            form.add_error(None, error)
        except IntegrityError:
            form.add_error(None, _("Somebody has just entered the same. Look at the list again."))
    context = {
        "form": form,
        "title": _("New webhook"),
        "pretitle": _("Webhooks"),
        "back": reverse("footage_requests:webhooks"),
        "button": _("Make the secret"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inventory/form.html", context, status=status)


@never_cache
@sensitive_variables("secret")
@require_POST
@for_people(permissions.can_keep_webhooks, is_unsworn=True)
def webhook_rotate(request: PersonRequest, pk: int) -> HttpResponse:
    """A new secret, shown once; the old one signs beside it for a day."""
    row = _endpoint(request, pk)
    try:
        secret = endpoints.rotate(row, by=request.user)
    except VaultError:
        messages.error(request, _("The present secret cannot be opened: see the vault's keys."))
        return redirect("footage_requests:webhooks")
    except Refused as refused:
        messages.error(request, told(refused))
        return redirect("footage_requests:webhooks")
    return _show(request, row, secret)


@require_POST
@for_people(permissions.can_keep_webhooks, is_unsworn=True)
def webhook_switch(request: PersonRequest, pk: int) -> HttpResponse:
    """Switches an endpoint off, or on again; what waits meanwhile is kept."""
    row = _endpoint(request, pk)
    on = request.POST.get("on") == "1"
    if endpoints.switch(row, on=on, by=request.user):
        messages.success(request, _("Switched on.") if on else _("Switched off."))
    return redirect("footage_requests:webhooks")


@require_POST
@for_people(permissions.can_keep_webhooks, is_unsworn=True)
def webhook_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Sends a message once more, as the same event."""
    row = get_object_or_404(WebhookDelivery.objects.visible_to(request.user), pk=pk)
    if webhooks.send_again(row, by=request.user):
        messages.success(request, _("It is sent again."))
    else:
        messages.info(request, _("It is on its way already."))
    return redirect("footage_requests:webhooks")


def _endpoint(request: PersonRequest, pk: int) -> WebhookEndpoint:
    row: WebhookEndpoint = get_object_or_404(
        WebhookEndpoint.objects.visible_to(request.user), pk=pk
    )
    return row


@sensitive_variables("secret")
def _show(request: PersonRequest, row: WebhookEndpoint, secret: Secret) -> HttpResponse:
    return render(request, "requests/webhook_secret.html", {"row": row, "text": secret.reveal()})
