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
        from .models import LastPicture, ReferencePicture, Run
        from .sentences import PARTS, SENTENCES
        from .wording import log_words

        today.register()
        first_steps.register()
        sheet_today.register()
        device_panels.register()
        paper_kinds.register()
        plan_states.register()
        sentences.register(SENTENCES)
        sentences.register_parts(PARTS)
        sentences.register_names(Run._meta.label_lower, log_words.run_names)
        sentences.register_reason(log_words.reason_of)
        for model in (LastPicture, ReferencePicture):
            crypto.register(crypto.SealedColumn(model, "sealed"))
