"""Who may open cases and footage: whoever has a confidentiality undertaking on file that still holds.

Duty 6 of the unit. Entering a request stays open to everybody who may file one: footage is to be kept
within a minute of a request's arrival, and a paper must not stand in the way of that.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import audit
from accounts.models import Person, RoleGrant
from core.text import safe_file_name
from core.tsi import day_of, day_text, today

from ..casework.attachments import judge
from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import Undertaking, UndertakingText
from ..permissions import READING_CASES
from .undertaking_text import FIRST_EN, FIRST_TR

if TYPE_CHECKING:
    from vault.sealed_files import SealedReader

WARN_DAYS = 30
_OLDEST_PAPER = dt.timedelta(days=366)


class Standing(models.TextChoices):
    """How somebody stands with the undertaking."""

    HOLDS = "HOLDS", gettext_lazy("signed")
    ENDS_SOON = "ENDS_SOON", gettext_lazy("to be renewed soon")
    ENDED = "ENDED", gettext_lazy("has ended")
    OLD_TEXT = "OLD_TEXT", gettext_lazy("the text has changed")
    NEVER = "NEVER", gettext_lazy("never signed")


@dataclass(frozen=True)
class State:
    """How one person stands; `until` is the last day on which the signature holds."""

    standing: Standing
    signature: Undertaking | None = None
    until: dt.date | None = None

    @property
    def holds(self) -> bool:
        return self.standing in {Standing.HOLDS, Standing.ENDS_SOON}

    @property
    def as_words(self) -> str:
        """For the page: what is the matter."""
        words = {
            Standing.NEVER: _("You have not signed the confidentiality undertaking yet."),
            Standing.OLD_TEXT: _("The text of the undertaking has changed since you signed it."),
            Standing.ENDED: _("Your undertaking ended on %(day)s and must be renewed."),
            Standing.ENDS_SOON: _("Your undertaking holds until %(day)s; you can renew it now."),
            Standing.HOLDS: _("Your undertaking holds until %(day)s."),
        }
        return words[self.standing] % {"day": day_text(self.until) if self.until else ""}


def current_text() -> UndertakingText:
    """The version in force. An installation without any gets the first one, so that none is ever open."""
    newest = UndertakingText.objects.first()
    if newest is None:
        newest, _made = UndertakingText.objects.get_or_create(
            version=1, defaults={"text_tr": FIRST_TR, "text_en": FIRST_EN}
        )
    found: UndertakingText = newest
    return found


def state_of(person: Person, text: UndertakingText | None = None) -> State:
    """How the person stands today. One query for whoever signed the newest text, or when it is given."""
    newest = models.Subquery(UndertakingText.objects.values("pk")[:1])
    signature = (
        Undertaking.objects.filter(person=person.pk)
        .annotate(newest_text=newest)
        .select_related("text")
        .order_by("-signed_on", "-pk")
        .first()
    )
    if text is None and signature is not None and signature.text_id == signature.newest_text:
        text = signature.text
    return _judged(signature, text or current_text())


def states_of(people: list[Person]) -> dict[int, State]:
    """How all of them stand, in two queries."""
    text = current_text()
    newest: dict[int, Undertaking] = {}
    rows = Undertaking.objects.filter(person__in=people).select_related("text", "scan")
    for row in rows.order_by("signed_on", "pk"):
        newest[row.person_id] = row
    return {person.pk: _judged(newest.get(person.pk), text) for person in people}


def _judged(signature: Undertaking | None, text: UndertakingText) -> State:
    if signature is None:
        return State(Standing.NEVER)
    brief = judge_brief(
        signature.signed_on, signature.text.sha256, (text.sha256, text.valid_months)
    )
    return State(brief.standing, signature, brief.until)


def judge_brief(signed_on: dt.date | None, signed_sha256: str, text: tuple[str, int]) -> State:
    """How somebody stands who signed that text on that day; `text` in force: its hash and its months."""
    if signed_on is None:
        return State(Standing.NEVER)
    sha256, months = text
    until = _months_after(signed_on, months) - dt.timedelta(days=1)
    if signed_sha256 != sha256:
        return State(Standing.OLD_TEXT, until=until)
    if until < today():
        return State(Standing.ENDED, until=until)
    soon = until - today() < dt.timedelta(days=WARN_DAYS)
    return State(Standing.ENDS_SOON if soon else Standing.HOLDS, until=until)


def newest_signatures(people: models.QuerySet[Person]) -> models.QuerySet[Any]:
    """Of each person the day of the newest signature and the hash of the text that was signed."""
    newest = Undertaking.objects.filter(person=models.OuterRef("pk")).order_by("-signed_on", "-pk")
    return people.order_by("pk").values_list(
        "pk",
        models.Subquery(newest.values("signed_on")[:1]),
        models.Subquery(newest.values("text__sha256")[:1]),
    )


def _months_after(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def those_who_need_one() -> list[Person]:
    """Active people who hold a role that reads cases today."""
    return list(who_need_one())


def who_need_one() -> models.QuerySet[Person]:
    """`those_who_need_one`, still to be asked."""
    grants = RoleGrant.objects.on(today()).filter(role__in=list(READING_CASES))
    return Person.objects.filter(is_active=True, pk__in=grants.values("person"))


def sign(person: Person, *, seen_sha256: str) -> Undertaking:
    """The person signs the text in force, which the page has just shown. The door has confirmed who it is.

    Raises Refused when another text came into force meanwhile.
    """
    text = current_text()
    if text.sha256 != seen_sha256:
        raise Refused(_("The text has changed meanwhile. Read it again before you sign."))
    with transaction.atomic():
        row = Undertaking.objects.create(
            person=person,
            text=text,
            how=Undertaking.How.PASSWORD,
            signed_on=today(),
            entered_by=person,
        )
        _written_down(row, person)
    return row


def file_paper(
    person: Person, name: str, data: bytes, *, signed_on: dt.date, by: Person
) -> Undertaking:
    """Files the scan of a paper that the person signed by hand. Raises ValidationError, NoSpace."""
    if by.pk == person.pk:
        raise NotThisPerson(_("Sign your own undertaking here; a scan is filed by somebody else."))
    if signed_on > today() or today() - signed_on > _OLDEST_PAPER:
        raise Refused(_("The day of the signature lies in the future, or more than a year back."))
    text = current_text()
    same = UndertakingText.objects.filter(sha256=text.sha256).order_by("version")[0]
    if same.version > 1 and signed_on < day_of(same.made_at):
        raise Refused(_("The paper was signed before the present text came into force."))
    judged = judge(data)
    store.ensure_space(len(data))
    stem = safe_file_name(name.rsplit(".", 1)[0], longest=80)
    with store.StoreWriter(judged.content_type) as writer:
        writer.write(data)
        with transaction.atomic():
            row = Undertaking.objects.create(
                person=person,
                text=text,
                how=Undertaking.How.PAPER,
                signed_on=signed_on,
                entered_by=by,
                scan=writer.save(),
                scan_name=f"{stem}.{judged.ending}",
            )
            _written_down(row, by)
    return row


def _written_down(row: Undertaking, by: Person) -> None:
    audit.record(
        "undertaking.sign",
        actor=by,
        target=row.person,
        how=row.how,
        version=row.text.version,
        text_sha256=row.text.sha256,
        signed_on=row.signed_on.isoformat(),
        scan=row.scan.sha256 if row.scan else "",
    )


def open_scan(row: Undertaking, *, by: Person) -> SealedReader:
    """The scanned paper, for the person who is written down. Raises Refused without one."""
    if row.scan is None or row.scan.destroyed_at is not None:
        raise Refused(_("There is no scan of this undertaking."))
    with transaction.atomic():
        audit.record("undertaking.open_scan", actor=by, target=row.person)
    return store.open_sealed(row.scan)


def change_text(*, text_tr: str, text_en: str, valid_months: int, by: Person) -> UndertakingText:
    """A new version, in force at once; nothing when nothing changed. A changed Turkish text must be signed
    by everybody again, another number of months only counts anew.
    """
    with transaction.atomic():
        before = UndertakingText.objects.select_for_update().first() or current_text()
        after = UndertakingText(
            version=before.version + 1,
            text_tr=text_tr.strip(),
            text_en=text_en.strip(),
            valid_months=valid_months,
            made_by=by,
        )
        facts = ("text_tr", "text_en", "valid_months")
        if all(getattr(before, name) == getattr(after, name) for name in facts):
            return before
        after.full_clean(exclude=["sha256"])
        after.save()
        audit.record(
            "undertakingtext.change",
            actor=by,
            target=after,
            before={"sha256": before.sha256, "valid_months": before.valid_months},
            after={"sha256": after.sha256, "valid_months": after.valid_months},
        )
    return after
