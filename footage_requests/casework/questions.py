"""What a kind of requester must tell beyond the usual: facts that its rule requires, and questions of the unit.

Both are rows that the unit edits. A fact or an answer that is missing does not keep a request from being
registered: it is asked for, as everything else that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..models import FootageRequest, KindQuestion

if TYPE_CHECKING:
    from ..models import RequesterKind

LONGEST_ANSWER = 300
# Which of the usual facts a kind may require; the reference and the identity have switches of their own.
MAY_BE_REQUIRED = (
    "requester_name",
    "organisation",
    "requester_title",
    "represented_by",
    "address",
    "phone",
    "email",
    "ebys_number",
    "purpose",
    "event",
    "described",
)


def choices() -> list[tuple[str, str]]:
    """The facts that may be required, as people read them."""
    return [(name, label_of(name)) for name in MAY_BE_REQUIRED]


def label_of(name: str) -> str:
    label: Any = FootageRequest._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return str(label)


def of_kind(kind: RequesterKind) -> list[KindQuestion]:
    """The questions in use, in their order."""
    return [row for row in kind.questions.all() if row.is_active] if kind.pk else []


def field_of(question: KindQuestion) -> str:
    """The name of a question's field in the form."""
    return f"question_{question.pk}"


def name_of(question: KindQuestion) -> str:
    """How programs are told of a question: "answers.plate"."""
    return f"answers.{question.code}"


def missing(request: FootageRequest) -> dict[str, str]:
    """What the kind requires of these and the request lacks, as sentences by field."""
    found = {
        name: _("Missing: %(what)s.") % {"what": label_of(name)}
        for name in request.kind.required_facts
        if name in MAY_BE_REQUIRED and not str(getattr(request, name) or "").strip()
    }
    for question in of_kind(request.kind):
        if question.is_required and not request.answers.get(question.code):
            found[name_of(question)] = _("Not answered: %(question)s") % {"question": question.name}
    return found


def check(request: FootageRequest) -> None:
    """Raises ValidationError for answers that are none of the kind's, or no text."""
    answers = request.answers
    known = {row.code for row in request.kind.questions.all()} if answers else set()
    is_fine = isinstance(answers, dict) and all(
        code in known and isinstance(text, str) and len(text) <= LONGEST_ANSWER
        for code, text in answers.items()
    )
    if not is_fine:
        raise ValidationError(
            {"answers": _("An answer belongs to no question of this kind, or is too long.")}
        )


def answered(request: FootageRequest) -> list[tuple[str, str]]:
    """Questions with their answers, also of questions that are no longer asked."""
    if not request.answers:
        return []
    rows = request.kind.questions.all()
    return [(row.name, request.answers[row.code]) for row in rows if row.code in request.answers]
