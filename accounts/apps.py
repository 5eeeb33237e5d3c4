"""Django's entry of the app accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        """Tells the audit log who may read it, and how it reads."""
        from audit import access, sentences  # models can be imported only when the apps are loaded

        from . import permissions, today
        from .models import Role
        from .sentences import PARTS, SENTENCES

        sentences.register(SENTENCES)
        sentences.register_parts(PARTS)
        sentences.register_parts({role.value: role.label for role in Role})
        access.allow_reading(permissions.can_read_log)
        today.register()
