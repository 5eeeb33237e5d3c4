"""How what happens to device logins and keys reads in the log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "credential.store": _("%(actor)s set the login of %(object)s"),
    "credential.park": _("%(object)s refused its login: it is held back"),
    "credential.unpark": _("%(actor)s has the login of %(object)s tried once more"),
    "vault.rewrap": _("Sealed values were sealed anew with the key %(object)s"),
}

PARTS = {"vault": _("the vault")}
