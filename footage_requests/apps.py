"""The app's start: what it tells the others about itself."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FootageRequestsConfig(AppConfig):
    name = "footage_requests"
    verbose_name = _("footage requests")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import sentences
        from cameras.drawing import windows
        from vault import crypto

        from . import log_words, permissions, today
        from .casework import identity, position_panel
        from .exhibits import fixed_masks
        from .footage import rechecking, store
        from .holds import hold_today
        from .models import (
            EvidenceFile,
            FootageRequest,
            Hold,
            LookupKey,
            RecipientCopy,
            WebhookEndpoint,
        )
        from .portal import endpoints, webhooks, whose
        from .portal import today as portal_today
        from .release import release_panel, release_today, release_work
        from .secrecy import access_today  # models come now
        from .sentences import PARTS, SENTENCES

        sentences.register(SENTENCES)
        sentences.register_parts(PARTS)
        sentences.register_reason(log_words.reason_of)
        sentences.register_names(Hold._meta.label_lower, log_words.hold_names)
        windows.allow_requests(permissions.can_file)
        today.register()
        access_today.register()
        hold_today.register()
        portal_today.register()
        position_panel.register()
        fixed_masks.register()
        release_panel.register()
        release_today.register()
        rechecking.register()
        webhooks.listen()

        crypto.register(
            crypto.SealedColumn(
                FootageRequest, "identity_sealed", lambda row, _field: identity.place_of(row)
            )
        )
        crypto.register(
            crypto.SealedColumn(
                RecipientCopy, "passphrase_sealed", lambda row, _field: release_work.place_of(row)
            )
        )
        crypto.register(
            crypto.SealedColumn(LookupKey, "sealed", lambda row, _field: whose.place_of(row))
        )
        for field in ("secret_sealed", "old_secret_sealed"):
            crypto.register(crypto.SealedColumn(WebhookEndpoint, field, endpoints.place_of))
        crypto.register(
            crypto.SealedColumn(
                EvidenceFile, "wrapped_key", lambda row, _field: store.place_of(row.uuid)
            )
        )
