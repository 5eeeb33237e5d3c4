"""Doors to the login of a device: set it, or free a refused one for another try. Nobody reads it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from inventory.models import Device

from . import permissions
from .errors import VaultError
from .forms import LoginForm, UnparkForm
from .logins import store, unpark
from .models import Credential


def panel(request: PersonRequest, device: Device) -> dict[str, Any]:
    """For the device's page: that a login exists, its user name and state, never the password."""
    row = Credential.objects.visible_to(request.user).filter(device=device).first()
    return {
        "device": device,
        "credential": row,
        "may_set": permissions.can_set_credential(request.user, device),
    }


@sensitive_post_parameters("password")
@sensitive_variables()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: PersonRequest, pk: int) -> HttpResponse:
    """Sets the login of a device."""
    device = _device(request, pk)
    row = Credential.objects.filter(device=device).first()
    initial = {"username": row.username} if row else None
    form = LoginForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            store(
                device,
                data["username"],
                data["password"],
                by=request.user,
                because=data["because"],
            )
        except VaultError as error:
            form.add_error("password", str(error))
        else:
            messages.success(request, _("The login is stored."))
            return redirect("inventory:device", pk)
    lead = _(
        "Sealed at once and shown to nobody. The next visit signs in with it; the login before it is gone for good."
    )
    return _page(request, device, form, _("Set the login"), lead=lead)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: PersonRequest, pk: int) -> HttpResponse:
    """Frees a login that the device refused, for one more try."""
    device = _device(request, pk)
    form = UnparkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if unpark(device, by=request.user, because=form.cleaned_data["because"]):
            messages.success(request, _("The login will be tried again."))
        else:
            messages.info(request, _("The login is not held back."))
        return redirect("inventory:device", pk)
    lead = _("If the password is still wrong, the device may lock its account.")
    return _page(request, device, form, _("Try the login again"), lead=lead)


def _device(request: PersonRequest, pk: int) -> Device:
    device: Device = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
    if not permissions.can_set_credential(request.user, device):
        raise PermissionDenied
    return device


def _page(
    request: PersonRequest, device: Device, form: Any, title: str, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "title": str(device),
        "pretitle": title,
        "back": reverse("inventory:device", args=[device.pk]),
        **more,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inventory/form.html", context, status=status)
