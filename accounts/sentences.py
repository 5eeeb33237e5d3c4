"""How what people and programs do with accounts reads in the log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "session.sign_in": _("%(actor)s signed in"),
    "session.refuse": _("A sign-in was refused: %(object)s"),
    "session.sign_out": _("%(actor)s signed out"),
    "session.idle_end": _(
        "The session of %(object)s ended: nothing was done for a quarter of an hour"
    ),
    "person.create": _("%(actor)s entered %(object)s"),
    "person.activate": _("%(actor)s switched the sign-in of %(object)s on"),
    "person.deactivate": _("%(actor)s switched the sign-in of %(object)s off"),
    "person.change_password": _("%(actor)s changed the password of %(object)s"),
    "role.grant": _("%(actor)s granted %(object)s a role"),
    "role.end": _("%(actor)s ended a role of %(object)s"),
    "token.create": _("%(actor)s made the API token %(object)s"),
    "token.revoke": _("%(actor)s revoked the API token %(object)s"),
}

PARTS = {"sign-in": _("the sign-in page"), "command": _("a command on the server")}
