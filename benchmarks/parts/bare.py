"""The site's addresses and one more: a page that only asks who is signed in. Nothing can be quicker."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


urlpatterns = [path("bare/", bare, name="bare"), path("", include("cctv_ops.urls"))]
