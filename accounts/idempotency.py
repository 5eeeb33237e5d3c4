"""The same call of a program twice is one call: `Idempotency-Key` on what changes something.

The key's row and the change are one transaction, so there is no "half answered": of two calls at once the
second waits for the first and gets its answer, and what was refused or killed leaves no row and may be
tried again. Answers are kept for KEPT; a key belongs to the person for whom the token acts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from .api import caller
from .models import ApiAnswer, Person

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_SALT = "accounts.idempotency"
KEPT = dt.timedelta(hours=48)
_KEY = re.compile(r"[\x21-\x7e]{8,100}")
_WORDS = (
    "Names this call: sent again with the same key and body, it gets the same answer and changes "
    "nothing. 8 to 100 printable ASCII characters, kept for 48 hours. Another body under the same "
    "key is a 409."
)

Handler = Callable[..., Response]


class KeyReused(APIException):
    """The key stands for another call already. Means 409."""

    status_code = 409
    default_code = "key_reused"
    default_detail = gettext_lazy("This Idempotency-Key was used for another call already.")


class StillRunning(APIException):
    """The first call with this key has not ended. Means 409: ask again."""

    status_code = 409
    default_code = "still_running"
    default_detail = gettext_lazy("The same call is being carried out. Ask again in a moment.")


def parameter(*, required: bool) -> OpenApiParameter:
    """The header for the description of an operation."""
    return OpenApiParameter(
        HEADER,
        {"type": "string", "pattern": r"^[!-~]{8,100}$"},
        OpenApiParameter.HEADER,
        required=required,
        description=_WORDS,
    )


def idempotent(
    *, required: bool = False, headers: Iterable[str] = ()
) -> Callable[[Handler], Handler]:
    """Decorates a method of a view that changes something; behind MayCall.

    `headers` name those that are part of what the call says, besides address and body.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = _key_of(request, required=required)
            if key is None:
                return handler(self, request, *args, **kwargs)
            call = _fingerprint(request, headers)
            with transaction.atomic():
                row, is_new = _claim(caller(request), key, call)
                if not is_new:
                    return _again(row)
                response = handler(self, request, *args, **kwargs)
                row.status = response.status_code
                row.body = JSONRenderer().render(response.data).decode()
                row.save(update_fields=["status", "body"])
            return response

        return answer

    return decorate


def forget_answers(now: dt.datetime | None = None) -> int:
    """Drops answers that are older than KEPT; how many."""
    before = (now or timezone.now()) - KEPT
    return ApiAnswer.objects.filter(at__lt=before).delete()[0]


def _key_of(request: Request, *, required: bool) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise ValidationError({HEADER: [_("This call needs the header Idempotency-Key.")]})
        return None
    if not _KEY.fullmatch(key):
        raise ValidationError({HEADER: [_("Write 8 to 100 printable ASCII characters.")]})
    return key


def _claim(person: Person, key: str, call: str) -> tuple[ApiAnswer, bool]:
    """The row of this key, and whether it is this call that made it."""
    row = ApiAnswer(person=person, key_sha256=_sha256(key.encode()), call_sha256=call)
    try:
        with transaction.atomic():
            # While another transaction holds the same key, the database waits for its end here.
            row.save(force_insert=True)
    except IntegrityError:
        known = ApiAnswer.objects.filter(person=person, key_sha256=row.key_sha256).first()
        if known is None:
            # Forgotten between the two questions: the next repeat is a new call.
            raise StillRunning from None
        if known.call_sha256 != call:
            raise KeyReused from None
        return known, False
    except OperationalError:
        raise StillRunning from None
    return row, True


def _again(row: ApiAnswer) -> Response:
    return Response(json.loads(row.body), status=row.status, headers={REPLAYED: "true"})


def _fingerprint(request: Request, headers: Iterable[str]) -> str:
    """What the call says: the address, the named headers, and the body whatever its spelling.

    Keyed: a body may hold an identity number, and ten digits can be guessed from a plain hash.
    """
    files = {
        name: [_sha256_of_file(file) for file in request.FILES.getlist(name)]
        for name in request.FILES
    }
    data = request.data
    fields = {name: data.getlist(name) for name in data} if hasattr(data, "getlist") else data
    said = {
        "method": request.method,
        "path": request.get_full_path(),
        "headers": {name: request.headers.get(name, "") for name in headers},
        "body": {name: value for name, value in fields.items() if name not in files}
        if isinstance(fields, dict)
        else fields,
        "files": files,
    }
    text = json.dumps(said, sort_keys=True, default=str)
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha256_of_file(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
