"""Django's entry of the app accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        # Imported here: models can be loaded only when all apps are.
        from audit.access import allow_reading

        from .permissions import can_read_log

        allow_reading(can_read_log)
