"""The audit app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        """Words for what the log writes about itself."""
        from . import sentences  # models can be imported only when the apps are loaded

        sentences.register(
            {"clock.regression": _("This server's clock went back: entries may stand out of order")}
        )
        sentences.register_parts(
            {"sealer": _("the sealer of the log"), "system": _("part of the system")}
        )
