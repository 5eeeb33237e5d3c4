"""The undertaking as a paper: as it was signed here, or to be signed by hand."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Person
from core.papers import Paper
from core.tsi import day_text, stamp, today

from ..models import Undertaking, UndertakingText

FORM = "UNDERTAKING"


def signed_paper(row: Undertaking) -> Paper:
    """What was signed, when and how, with the hash of the text."""
    is_paper = row.how == Undertaking.How.PAPER
    signed = [
        (_("Signed on"), day_text(row.signed_on)),
        (_("How"), row.get_how_display()),
        (_("Entered"), f"{row.entered_by.full_name}, {stamp(row.entered_at)}"),
    ]
    return _paper(row.person, row.text, signed, is_blank=is_paper)


def blank_paper(person: Person, text: UndertakingText) -> Paper:
    """The text in force with the person's name, to be signed by hand and scanned."""
    return _paper(person, text, [], is_blank=True)


def _paper(
    person: Person, text: UndertakingText, signed: list[tuple[str, str]], *, is_blank: bool
) -> Paper:
    with translation.override("tr"):
        roles = [str(grant.get_role_display()) for grant in person.grants_on(today())]
    facts = [
        (_("Full name"), person.full_name),
        (_("Staff number"), person.staff_number),
        (_("Duty"), ", ".join(dict.fromkeys(roles)) or "–"),
        (_("Text"), _("version %(version)d") % {"version": text.version}),
        *signed,
    ]
    data = {
        "form": FORM,
        "text": text.text_tr,
        "text_sha256": text.sha256,
        "facts": [[label, value] for label, value in facts],
    }
    return Paper(
        form=FORM,
        title=_("Confidentiality undertaking"),
        template="papers/undertaking.html",
        data=data,
        about=today(),
        shown={"is_blank": is_blank},
    )
