"""Django's entry of the app vault."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    name = "vault"
    verbose_name = _("Vault")

    def ready(self) -> None:
        """Adds the login's panel to the inventory's page of a device, and names what is sealed here."""
        from audit import sentences
        from core import panels
        from inventory.permissions import can_see_inventory

        from . import crypto, logins, views  # models can be imported only when the apps are loaded
        from .models import Credential
        from .sentences import PARTS, SENTENCES

        sentences.register(SENTENCES)
        sentences.register_parts(PARTS)
        crypto.register(
            crypto.SealedColumn(Credential, "ciphertext", logins.place_of, logins.sealed_anew)
        )
        panels.register("inventory-device", 10, "vault/_login.html", views.panel, can_see_inventory)
