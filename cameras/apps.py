"""Django's entry of the app cameras."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CamerasConfig(AppConfig):
    name = "cameras"
    verbose_name = _("Cameras")

    def ready(self) -> None:
        from audit import sentences
        from vault import crypto

        from . import (  # models are loaded only now
            device_panels,
            first_steps,
            paper_kinds,
            today,
        )
        from .daily_sheets import sheet_today
        from .drawing import plan_states
        from .models import LastPicture, ReferencePicture
        from .sentences import PARTS, SENTENCES

        today.register()
        first_steps.register()
        sheet_today.register()
        device_panels.register()
        paper_kinds.register()
        plan_states.register()
        sentences.register(SENTENCES)
        sentences.register_parts(PARTS)
        for model in (LastPicture, ReferencePicture):
            crypto.register(crypto.SealedColumn(model, "sealed"))
