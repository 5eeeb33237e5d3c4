"""The map of addresses. tests/test_access.py fails on an address without a row in its table."""

from django.urls import include, path

from .health import alive, ready
from .search import search
from .today import today

urlpatterns = [
    path("", today, name="today"),
    path("search/", search, name="search"),
    path("health/alive/", alive, name="alive"),
    path("health/ready/", ready, name="ready"),
    path("accounts/", include("accounts.urls")),
    path("audit/", include("audit.urls")),
    path("inventory/", include("inventory.urls")),
    path("vault/", include("vault.urls")),
    path("requests/", include("footage_requests.urls")),
    path("control-room/", include("control_room.urls")),
    path("api/v1/", include("cctv_ops.api")),
    path("", include("cameras.urls")),
]

handler400 = "cctv_ops.errors.malformed"
handler403 = "cctv_ops.errors.forbidden"
handler404 = "cctv_ops.errors.not_found"
handler500 = "cctv_ops.errors.broken"
