"""Photos and documents of devices and positions."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest

from .. import attachments, permissions
from ..forms.dress import ConfirmForm, DressedForm
from ..models import Attachment, Device, Position
from .common import allow, for_people
from .devices import moved, visible_device
from .positions import visible_position


class FileForm(DressedForm):
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("JPEG, PNG or PDF, at most 8 MB.")
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=150, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_attach)
def of_device(request: PersonRequest, pk: int) -> HttpResponse:
    """Adds a file to a device."""
    return _add(request, visible_device(request, pk), reverse("inventory:device", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_attach)
def of_position(request: PersonRequest, pk: int) -> HttpResponse:
    """Adds a file to a position."""
    return _add(request, visible_position(request, pk), reverse("inventory:position", args=[pk]))


def _add(request: PersonRequest, target: Device | Position, back: str) -> HttpResponse:
    allow(permissions.can_attach(request.user, target))

    def keep(data: dict[str, Any]) -> None:
        upload = data["file"]
        # One byte more than is taken tells too large from just right.
        content = upload.read(attachments.LARGEST_FILE + 1)
        attachments.add(target, upload.name, data["title"], content, by=request.user)

    form = FileForm(request.POST or None, request.FILES or None)
    return moved(
        request, form, keep, title=str(target), pretitle=_("Add a photo or document"), back=back
    )


def _visible(request: PersonRequest, token: uuid.UUID) -> Attachment:
    rows = Attachment.objects.visible_to(request.user).filter(removed_at=None)
    row: Attachment = get_object_or_404(rows.select_related("device", "position"), uuid=token)
    return row


@require_safe
@for_people()
def attachment(request: PersonRequest, token: uuid.UUID) -> FileResponse:
    """The file, as a download that no browser runs."""
    row = _visible(request, token)
    path = attachments.path_of(row)
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=row.file_name, content_type=row.content_type
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_attach)
def attachment_remove(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Takes a file off the page."""
    row = _visible(request, token)
    allow(permissions.can_attach(request.user, row.device or row.position))
    owner = "device" if row.device_id else "position"
    return moved(
        request,
        ConfirmForm(request.POST if request.method == "POST" else None),
        lambda data: attachments.remove(row, by=request.user),
        title=row.title,
        pretitle=_("Remove"),
        lead=_("“%(title)s” leaves the page of %(row)s.")
        % {"title": row.title, "row": row.device or row.position},
        button=_("Remove"),
        danger=True,
        back=reverse(f"inventory:{owner}", args=[row.device_id or row.position_id]),
    )
