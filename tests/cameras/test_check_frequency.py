"""How often a kind of check is asked is set by a person of the whole campus, and audited."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import Entry
from cameras.models import CheckFrequency
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("check_frequency", *arguments, stdout=out)
    return out.getvalue()


def test_without_a_row_everything_is_asked_every_night():
    assert said().count("every 1 day(s)") == 5


def test_a_unit_head_sets_it_and_the_log_says_what_it_was():
    """REC-15, NGT-1."""
    head = rows.person("UNIT_HEAD")

    text = said("CLOCK", "7", f"--by={head.staff_number}", "--reason=calm clocks")
    said("CLOCK", "2", f"--by={head.staff_number}", "--reason=not so calm")

    assert "CLOCK      every 7 day(s)" in text
    assert CheckFrequency.objects.get().every_days == 2
    entry = Entry.objects.filter(action="frequency.change").latest("pk")
    assert (entry.actor_id, entry.because) == (str(head.pk), "not so calm")
    assert '"before":{"every_days":7}' in entry.canon


@pytest.mark.parametrize(
    ("role", "arguments"),
    [
        ("OPERATOR", ["CLOCK", "7", "--reason=x"]),
        ("UNIT_HEAD", ["CLOCK", "0", "--reason=x"]),
        ("UNIT_HEAD", ["CLOCK", "--reason=x"]),
        ("UNIT_HEAD", ["RECORDING", "7", "--reason=x"]),
        ("UNIT_HEAD", ["CLOCK", "7"]),
    ],
)
def test_wrong_people_and_values_are_refused(role: str, arguments: list[str]) -> None:
    person = rows.person(role)

    with pytest.raises(CommandError):
        said(*arguments, f"--by={person.staff_number}")

    assert not CheckFrequency.objects.exists()
