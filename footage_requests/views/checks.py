"""The page that checks a package, a medium or one file that somebody brought back."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.papers import pdf_response

from .. import permissions
from ..models import FootageRequest, Package, PackageCheck
from ..release import check_work
from ..release.check_papers import check_paper
from ..release.check_words import sentence
from .shared import for_people, told

MOST_FILES = 50
_LONGEST_NAME = 120


class ToScratch(FileUploadHandler):
    """Writes what is sent straight into the job's folder: footage lies nowhere else, not even while it arrives."""

    chunk_size = 1024 * 1024

    def __init__(self, request: HttpRequest, name: str) -> None:
        super().__init__(request)
        self.folder = check_work.folder_of(name)
        self.is_too_large = False
        self._left = settings.CHECK_MAX_GB * 1024**3
        self._names: set[str] = set()
        self._out: IO[bytes] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if len(self._names) >= MOST_FILES:
            self._stop()
        name = plain_name(self.file_name or "", self._names)
        self._names.add(name)
        self.file_name = name
        path = self.folder / name
        self._out = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            self._stop()
        if self._out is not None:
            self._out.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        if self._out is not None:
            self._out.close()
        return UploadedFile(None, self.file_name, self.content_type, file_size)

    def upload_interrupted(self) -> None:
        if self._out is not None:
            self._out.close()

    def _stop(self) -> None:
        self.is_too_large = True
        raise StopUpload(connection_reset=False)


def plain_name(name: str, taken: set[str]) -> str:
    """The last part of a name, without what could lead out of a folder; twice the same gets a number."""
    last = Path(name.replace("\\", "/")).name.lstrip(".")[-_LONGEST_NAME:] or "file"
    found, number = last, 1
    while found in taken:
        number += 1
        found = f"{number}-{last}"
    return found


@csrf_exempt
def check_list(request: HttpRequest) -> HttpResponseBase:
    """The token is asked for inside: it must not be read before the files have their place."""
    name = str(uuid.uuid4())
    if request.method == "POST" and "multipart" in request.headers.get("Content-Type", ""):
        if not (request.user.is_authenticated and permissions.can_check_packages(request.user)):
            # Nothing of a stranger's upload is written anywhere.
            request.upload_handlers = []
        else:
            handler = ToScratch(request, name)
            request.upload_handlers = [handler]
    response: HttpResponseBase = _check_list(request, name)
    return response


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_check_packages)
@sensitive_post_parameters("passphrase")
def _check_list(request: PersonRequest, name: str) -> HttpResponse:
    if request.method == "POST":
        try:
            check = _asked(request, name)
        except ValidationError as error:
            check_work.forget(name)
            messages.error(request, told(error))
        else:
            return redirect("footage_requests:check", check.uuid)
    rows = PackageCheck.objects.visible_to(request.user).select_related("by", "package", "job")
    context = {
        "checks": rows[:50],
        "releases": Package.objects.visible_to(request.user)
        .filter(inner_file__isnull=False, inner_file__destroyed_at=None)
        .select_related("request")[:200],
        "most_gb": settings.CHECK_MAX_GB,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/checks.html", context, status=status)


def _asked(request: PersonRequest, name: str) -> PackageCheck:
    number = request.POST.get("release", "")
    if number:
        packages = Package.objects.visible_to(request.user).select_related("inner_file")
        package = get_object_or_404(packages, pk=number if number.isdecimal() else 0)
        return check_work.ask_about_release(package, by=request.user)
    names = [file.name or "" for file in request.FILES.getlist("files")]
    handlers = [one for one in request.upload_handlers if isinstance(one, ToScratch)]
    if any(one.is_too_large for one in handlers):
        raise ValidationError(
            _("Too large: at most %(gb)s GB and %(files)s files.")
            % {"gb": settings.CHECK_MAX_GB, "files": MOST_FILES}
        )
    return check_work.ask_about(
        names, name, by=request.user, passphrase=request.POST.get("passphrase", "")
    )


def _check_or_404(request: PersonRequest, uid: uuid.UUID) -> PackageCheck:
    rows = PackageCheck.objects.visible_to(request.user).select_related("by", "package", "job")
    row: PackageCheck = get_object_or_404(rows, uuid=uid)
    return row


def _shown(request: PersonRequest, row: PackageCheck) -> dict[str, Any]:
    case = None
    if row.package is not None:
        cases = FootageRequest.objects.visible_to(request.user)
        case = cases.filter(pk=row.package.request_id).first()
    lines = [(state, sentence(code, words)) for state, code, words in row.lines]
    return {"check": row, "lines": lines, "case": case}


@require_safe
@for_people(permissions.can_check_packages)
def check(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """One check: its progress, then its answer in plain words."""
    context = _shown(request, _check_or_404(request, uid))
    is_part = request.GET.get("poll") == "1"
    name = "requests/_check.html" if is_part else "requests/check.html"
    return render(request, name, context)


@require_POST
@for_people(permissions.can_check_packages)
def check_print(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """The answer on paper."""
    row = _check_or_404(request, uid)
    shown = _shown(request, row)
    return pdf_response(check_paper(row, shown["lines"], shown["case"]), f"check-{row.pk}")
