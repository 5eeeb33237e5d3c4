"""Addresses of the list of holds and of what is done with one."""

from django.urls import path

from .views import holds

urlpatterns = [
    path("holds/", holds.hold_list, name="holds"),
    path("hold-weeks/<int:pk>/", holds.hold_week, name="hold_week"),
    path("holds/<int:pk>/confirm/", holds.confirm, name="hold_confirm"),
    path("holds/<int:pk>/again/", holds.try_again, name="hold_again"),
    path("holds/<int:pk>/extend/", holds.extend, name="hold_extend"),
    path("holds/<int:pk>/release/", holds.release, name="hold_release"),
]
