"""What may be given out or shown at all: asked by every way in which footage leaves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.tsi import day_text

from ..errors import Refused
from ..models import Decision, FootageRequest, Package


def refuse_unpaid(request: FootageRequest) -> None:
    """No access before its fee is paid (4982, 10). Raises Refused while one is neither paid nor waived."""
    fee = request.fees.owed()
    if fee is None:
        return
    raise Refused(
        _(
            "The access fee of %(amount)s TL (last day %(day)s) has not been paid: nothing is given out or shown "
            "before that. Enter the payment, or waive the fee."
        )
        % {"amount": fee.amount_words, "day": day_text(fee.due_on)}
    )


def refuse_viewing_only(package: Package) -> None:
    """Where the superior allowed a look and no copy, nothing is written or handed over."""
    if package.decision.kind == Decision.Kind.VIEWING:
        raise Refused(
            _("Approved for viewing only: seal it, show it in the player and record the viewing.")
        )
