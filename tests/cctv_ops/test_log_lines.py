"""No line of the log has half of a link's secret in it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

pytestmark = pytest.mark.django_db
TOKEN = "q3ZkP0xLw8fTn5RsVb2yAa-Jc7"


def formatter() -> logging.Formatter:
    """The formatter by which the console's lines are written."""
    logging_of: dict[str, Any] = settings.LOGGING
    told = dict(logging_of["formatters"][logging_of["handlers"]["console"]["formatter"]])
    made = import_string(told.pop("()"))(told["format"])
    assert isinstance(made, logging.Formatter)
    return made


def test_the_address_of_a_link_is_not_written_down(client, caplog):
    """B16: a wrong code, a file without a ticket, and a download that breaks."""
    page = reverse("footage_requests:collect", args=[TOKEN])
    client.post(page, {"code": "1"})
    client.get(reverse("footage_requests:collect_file", args=[TOKEN]))
    logging.getLogger("gunicorn.error").propagate = True
    logging.getLogger("gunicorn.error").error("Error handling request %s?again=1", page)

    told = [each for each in caplog.records if TOKEN in each.getMessage()]
    assert {each.levelname for each in told} == {"WARNING", "ERROR"}
    lines = [formatter().format(each) for each in told]
    assert not [line for line in lines if TOKEN in line or "/collect/…/" not in line]


def test_gunicorn_writes_its_errors_through_the_same_lines():
    logging_of: dict[str, Any] = settings.LOGGING
    assert logging_of["loggers"]["gunicorn.error"]["handlers"] == ["console"]
