"""Addresses of the pages about device logins."""

from django.urls import path

from . import views

app_name = "vault"

urlpatterns = [
    path("devices/<int:pk>/", views.login, name="login"),
    path("devices/<int:pk>/retry/", views.retry, name="retry"),
]
