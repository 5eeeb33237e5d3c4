"""The core app: what the other apps build on."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Core")

    def ready(self) -> None:
        """Teaches SQLite the orders that it lacks."""
        from django.db.backends.signals import connection_created

        from .sorting import register

        connection_created.connect(register, dispatch_uid="core.sorting")
