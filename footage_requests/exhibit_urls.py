"""Addresses of exhibits, viewings and verification, below /requests/."""

from __future__ import annotations

from django.urls import path

from .views import exhibits, fixed_masks, together

urlpatterns = [
    path("exhibits/<int:pk>/", exhibits.exhibit_open, name="exhibit"),
    path("exhibits/<int:pk>/masking/", exhibits.mask_progress, name="mask_progress"),
    path("packages/<int:pk>/together/", together.together_open, name="together_open"),
    path("viewings/together/", together.together, name="together"),
    path("viewings/together/close/", together.together_close, name="together_close"),
    path("viewings/<uuid:uid>/", exhibits.viewing, name="viewing"),
    path("viewings/<uuid:uid>/video/", exhibits.video, name="viewing_video"),
    path("viewings/<uuid:uid>/beat/", exhibits.beat, name="viewing_beat"),
    path("viewings/<uuid:uid>/close/", exhibits.viewing_close, name="viewing_close"),
    path("viewings/<uuid:uid>/masks/", exhibits.masks, name="viewing_masks"),
    path("packages/<int:pk>/verify/", exhibits.package_verify, name="package_verify"),
    path("packages/<int:pk>/reject/", exhibits.package_reject, name="package_reject"),
    path("positions/<int:pk>/masks/", fixed_masks.fixed_masks, name="fixed_masks"),
    path("masks/<int:pk>/end/", fixed_masks.fixed_mask_end, name="fixed_mask_end"),
    path("packages/<int:pk>/offer/", exhibits.package_offer, name="package_offer"),
]
