"""Addresses from the approval to the destruction, below /requests/."""

from __future__ import annotations

from django.urls import path, re_path

from .views import checks, collect, copies, endings, records, release, returns

_STEPS = "verify|approve|carry-out|cancel"
_KINDS = "copy|viewing|not-collected|no-recording|hold"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

urlpatterns = [
    path("<int:pk>/export/", release.export_start, name="export_start"),
    path("<int:pk>/close/", endings.close, name="close"),
    path("<int:pk>/archive/", endings.archive, name="archive"),
    path("<int:pk>/letters/", records.letters, name="letters"),
    re_path(rf"^(?P<pk>\d+)/records/(?P<kind>{_KINDS})/$", release.record_new, name="record_new"),
    path("packages/<int:pk>/progress/", release.package_progress, name="package_progress"),
    path("packages/<int:pk>/cancel/", release.export_cancel, name="export_cancel"),
    path("packages/<int:pk>/retry/", release.export_retry, name="export_retry"),
    path("packages/<int:pk>/without/", release.export_without, name="export_without"),
    path("packages/<int:pk>/seal/", release.package_seal, name="package_seal"),
    path("packages/<int:pk>/review/", release.package_review, name="package_review"),
    path("packages/<int:pk>/copies/new/", copies.copy_new, name="copy_new"),
    path("packages/<int:pk>/destruction/", endings.destruction_new, name="destruction_new"),
    path("copies/<uuid:uid>/", copies.copy_file, name="copy_file"),
    path("copies/<uuid:uid>/passphrase/", copies.copy_passphrase, name="copy_passphrase"),
    path("copies/<uuid:uid>/link/", copies.link_new, name="link_new"),
    path("links/<uuid:uid>/revoke/", copies.link_revoke, name="link_revoke"),
    path("records/<uuid:uid>/print/", records.record_paper_view, name="record_paper"),
    path("records/<uuid:uid>/signed/", records.record_signed, name="record_signed"),
    path("records/<uuid:uid>/return/", returns.record_return, name="record_return"),
    path("records/<uuid:uid>/again/", returns.record_again, name="record_again"),
    path("records/<uuid:uid>/destruction/", returns.medium_destruction, name="medium_destruction"),
    path(
        "destructions/<uuid:uid>/print/", records.destruction_paper_view, name="destruction_paper"
    ),
    re_path(
        rf"^destructions/(?P<uid>{_UUID})/(?P<step>{_STEPS})/$",
        endings.destruction_step,
        name="destruction_step",
    ),
    path("package-checks/", checks.check_list, name="checks"),
    path("package-checks/<uuid:uid>/", checks.check, name="check"),
    path("package-checks/<uuid:uid>/print/", checks.check_print, name="check_print"),
    path("stock/", endings.stock, name="stock"),
    path("collect/<str:token>/", collect.collect, name="collect"),
    path("collect/<str:token>/file/", collect.collect_file, name="collect_file"),
]
