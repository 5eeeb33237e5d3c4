"""Django's entry of the app inventory."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Inventory")

    def ready(self) -> None:
        """Tells accounts the names of the places for which roles are granted."""
        from accounts import places  # models can be imported only when the apps are loaded

        from .places import named_places

        places.register(named_places)
