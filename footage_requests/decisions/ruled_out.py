"""Which decisions the kind of requester rules out, and why: the screen does not offer them, the service refuses them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..models import Decision, FootageRequest, RequesterKind

Kind = Decision.Kind


def ruled_out(request: FootageRequest) -> dict[Kind, str]:
    """Decisions that no content of this request makes possible, each with its reason."""
    kind = request.kind
    if kind.starts_preservation_only:
        why = _("A call only starts preservation: nothing is released before the writing.")
        return dict.fromkeys(Decision.RELEASING, why)
    if kind.gives == RequesterKind.Gives.NOTHING:
        return dict.fromkeys(
            Decision.RELEASING, _("Footage is never given to this kind of requester.")
        )
    if kind.lapses_after_working_days:
        why = _(
            "Nothing has come in writing yet: it may be watched under supervision, a copy waits for the letter."
        )
        return dict.fromkeys((Kind.COPY, Kind.PART), why)
    return {}
