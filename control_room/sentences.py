"""How what happens in the control room reads in the log."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Any] = {
    "shiftnote.leave": _("%(actor)s left the shift note “%(object)s”"),
    "shiftnote.add_line": _("%(actor)s added a line to the shift note “%(object)s”"),
    "shiftnote.take_over": _("%(actor)s took over the shift note “%(object)s”"),
    "shiftnote.finish": _("%(actor)s closed the shift note “%(object)s”"),
    "shiftnote.export": _("%(actor)s exported a list of shift notes"),
}
