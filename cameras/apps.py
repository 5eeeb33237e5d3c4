"""Django's entry of the app cameras."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CamerasConfig(AppConfig):
    name = "cameras"
    verbose_name = _("Cameras")

    def ready(self) -> None:
        from . import device_panels, paper_kinds, sheet_today, today  # models are loaded only now

        today.register()
        sheet_today.register()
        device_panels.register()
        paper_kinds.register()
