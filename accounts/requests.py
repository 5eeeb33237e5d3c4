"""The request of somebody who is signed in, for annotations behind `login_required`."""

from __future__ import annotations

from django.http import HttpRequest

from .models import Person


class PersonRequest(HttpRequest):
    """A request whose `user` is a person."""

    user: Person
