"""Addresses of the control room's pages."""

from django.urls import path

from . import views

app_name = "control_room"

urlpatterns = [
    path("notes/", views.notes, name="notes"),
    path("notes/new/", views.leave, name="note_new"),
    path("notes/<int:pk>/", views.note, name="note"),
    path("notes/<int:pk>/take-over/", views.take_over, name="note_take_over"),
    path("notes/<int:pk>/line/", views.add_line, name="note_line"),
    path("notes/<int:pk>/done/", views.finish, name="note_done"),
]
