"""Was it recording, from which evidence, and when was that asked?"""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cameras.days.answers import find_positions, was_recording
from core.tsi import TSI
from inventory.models import ChannelAssignment
from tests.cameras.campus import LONG_AGO, Scripted, hours, last_night, whole, yesterday
from tests.inventory import rows


def position_of(recorder, number=1):
    return recorder.channels.get(number=number).assignments.get().position


def at(hour: int) -> datetime:
    return datetime.combine(yesterday(), time(hour), TSI)


def test_it_says_yes_and_no_for_a_moment(campus, night):
    """REC-19."""
    recorder = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 3), (4, 24))}))
    night()
    position = position_of(recorder)

    answers = [was_recording(position, yesterday(), at(hour)).at_moment for hour in (2, 3, 4)]

    assert answers == ["YES", "NO", "YES"]


def test_a_day_that_was_never_asked_is_unknown_and_not_no(campus):
    """REC-18."""
    position = position_of(campus.recorder(Scripted(recorded={1: whole(yesterday())})))

    answer = was_recording(position, yesterday(), at(12))

    assert (answer.result, answer.reason, answer.at_moment) == ("UNKNOWN", "NOT_ASKED", "UNKNOWN")


def test_two_recorders_of_one_position_are_taken_together(campus, night):
    """A position's coverage is the union of its channels."""
    one = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 14))}))
    two = campus.recorder(Scripted(recorded={1: hours(yesterday(), (13, 24))}))
    position = position_of(one)
    ChannelAssignment.objects.filter(channel__recorder=two).delete()
    ChannelAssignment.objects.create(
        channel=two.channels.get(), position=position, starts_at=LONG_AGO
    )

    night()

    answer = was_recording(position, yesterday(), at(20))
    assert (answer.result, answer.at_moment, len(answer.evidence)) == ("RECORDED", "YES", 2)


def test_one_silent_recorder_of_two_leaves_its_minutes_unknown(campus, night):
    """REC-18: what nobody could tell is not "no"."""
    one = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 14))}))
    two = campus.recorder(Scripted(recorded={1: whole(yesterday())}, has_clock=False))
    position = position_of(one)
    ChannelAssignment.objects.filter(channel__recorder=two).delete()
    ChannelAssignment.objects.create(
        channel=two.channels.get(), position=position, starts_at=LONG_AGO
    )

    night()

    answer = was_recording(position, yesterday(), at(20))
    assert (answer.result, answer.reason, answer.at_moment) == (
        "UNKNOWN",
        "CLOCK_UNKNOWN",
        "UNKNOWN",
    )


def test_a_position_is_found_by_its_camera_too(campus):
    camera = campus.camera()
    position = camera.installations.get().position

    assert find_positions(position.code.lower()) == [position]
    assert find_positions(camera.serial) == [position]
    assert find_positions("nothing") == []


def test_the_command_prints_the_evidence(campus, night):
    recorder = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 3), (4, 24))}))
    run = night()
    code, out, printed = position_of(recorder).code, StringIO(), StringIO()

    call_command("was_recording", code, str(yesterday()), "--at", "03:30", stdout=printed)
    call_command("was_recording", code, str(yesterday()), "--json", stdout=out)

    [answer] = json.loads(out.getvalue())
    [evidence] = answer["evidence"]
    assert (answer["result"], evidence["source"]) == ("PARTLY", "ISAPI_SEARCH")
    assert (evidence["intact"], evidence["run_root"]) == (True, run.coverage_root)
    assert "NO" in printed.getvalue()


def test_the_command_refuses_an_unknown_place(campus):
    with pytest.raises(CommandError, match="No position or camera"):
        call_command("was_recording", "nowhere", str(yesterday()))


def test_a_night_can_be_checked_without_a_broker(campus, monkeypatch):
    """First start and tests: the same work, in this process. The device is not there."""
    rows.device()

    out = StringIO()
    call_command("check_night", stdout=out)

    assert f"night:{yesterday()}" in out.getvalue()


def test_a_day_that_is_not_over_is_refused(campus):
    with pytest.raises(CommandError, match="after its day is over"):
        call_command("check_night", "--day", str(yesterday() + timedelta(days=1)))


def test_the_watch_exits_with_an_error_when_the_night_did_not_run(campus, settings, capsys):
    """NGT-5: on a path of its own, without worker or scheduler."""
    settings.WATCH_AT = (0, 0)

    with pytest.raises(SystemExit) as ended:
        call_command("night_watch", "--no-mail")

    assert ended.value.code == 1


def test_the_watch_is_content_with_a_finished_night(campus, night, settings):
    """NGT-5."""
    settings.WATCH_AT = (0, 0)
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    night()
    out = StringIO()

    call_command("night_watch", stdout=out)

    assert "FINISHED" in out.getvalue()


def test_a_planned_night_is_the_same_for_command_and_scheduler(campus):
    """E7."""
    call_command("check_night", stdout=StringIO())

    assert last_night().is_over
