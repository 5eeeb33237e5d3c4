"""Django's entry of the app inventory."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Inventory")

    def ready(self) -> None:
        """Tells accounts the names of places, and pages about devices who is called when one breaks."""
        from accounts import places  # models can be imported only when the apps are loaded
        from audit import sentences
        from core import panels

        from . import today
        from .permissions import can_see_inventory
        from .places import named_places
        from .sentences import SENTENCES, reason_of
        from .views.contracts import who_to_call

        sentences.register(SENTENCES)
        sentences.register_reason(reason_of)
        places.register(named_places)
        today.register()
        for page in ("inventory-device", "cameras-device"):
            panels.register(page, 5, "inventory/_contracts_of.html", who_to_call, can_see_inventory)
