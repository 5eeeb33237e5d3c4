"""Django's entry of the app control_room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ControlRoomConfig(AppConfig):
    name = "control_room"
    verbose_name = _("Control room")

    def ready(self) -> None:
        from audit import sentences

        from . import today  # models are loaded only now
        from .sentences import SENTENCES

        sentences.register(SENTENCES)
        today.register()
