"""Ways in which a day could turn green, or an answer vanish, without anybody having told so."""

from __future__ import annotations

from cameras.days.answers import was_recording
from cameras.days.coverage import Result
from cameras.models import CheckResult, CoverageDay, LastPicture, PositionDay, Run
from cameras.night import finishing, nights
from cameras.protocols.base import BadAnswer, Unreachable
from inventory.models import ChannelAssignment
from tests.cameras.campus import LONG_AGO, Campus, Scripted, hours, whole, yesterday
from tests.cameras.test_judging import START, H, answer, judged


def again(campus: Campus) -> Run:
    run = nights.check_now(by="test")
    campus.work(run)
    finishing.finish_runs()
    return run


def test_a_disputed_minute_does_not_fill_the_short_holes_of_the_whole_day():
    """REC-18: holes shorter than the tolerance between two sources are lost time all the same."""
    holes = [(5 + n / 100, 5 + n / 100 + 1.9 / 3600) for n in range(100)]
    edges = [0.0, *(edge for hole in holes for edge in hole), 24.0]
    pieces = list(zip(edges[::2], edges[1::2], strict=True))
    whole_but_an_hour = answer((0, 20), (21, 24))

    [day] = judged(answer(*pieces), second=whole_but_an_hour)

    assert day.coverage is not None
    assert day.coverage.disputed == ((START + 20 * H, START + 21 * H),)
    assert abs(day.coverage.lost_ms - 190_000) < 200
    assert day.result is Result.PARTLY


def test_what_one_recorder_disputes_and_the_other_lacks_is_not_recorded_together(campus, night):
    """REC-18: a union of two recorders knows only what one of them surely has."""
    one = campus.recorder(
        Scripted(
            recorded={1: hours(yesterday(), (0, 5), (6, 24))},
            second={1: hours(yesterday(), (0, 5), (6, 10), (11, 24))},
        )
    )
    two = campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 10), (11, 24))}))
    position = one.channels.get().assignments.get().position
    ChannelAssignment.objects.filter(channel__recorder=two).delete()
    ChannelAssignment.objects.create(
        channel=two.channels.get(), position=position, starts_at=LONG_AGO
    )

    night()

    assert CoverageDay.objects.get(channel__recorder=one, day=yesterday()).disputed_ms > 0
    assert was_recording(position, yesterday()).result == "UNKNOWN"


def test_an_answer_is_not_undone_by_a_later_failure_to_ask(campus, night):
    """REC-19: also where the answer was not complete enough to be a proof."""
    script = Scripted(recorded={1: whole(yesterday())}, complete=False)
    campus.recorder(script)
    night()
    before = CoverageDay.objects.get(day=yesterday())
    script.fails_on = {"recordings": BadAnswer("nonsense")}

    again(campus)

    after = CoverageDay.objects.get(day=yesterday())
    assert CheckResult.objects.filter(kind="RECORDING", reason="BAD_ANSWER").exists()
    assert (before.result, before.is_complete) == ("RECORDED", False)
    assert after.sha256 == before.sha256
    assert PositionDay.objects.get(day=yesterday()).result == "RECORDED"


def test_a_silent_second_source_does_not_cost_the_first_one_its_time(campus, night):
    """NGT-4: it is asked once in a visit and then left alone."""
    part = hours(yesterday(), (0, 5), (6, 24))
    script = Scripted(recorded=dict.fromkeys((1, 2, 3), part), second={})
    script.second_error = Unreachable()
    campus.recorder(script)

    night()

    assert script.calls.count("second") < 3
    assert PositionDay.tally(yesterday())["PARTLY"] == 3


def test_a_picture_is_called_what_its_bytes_are(campus):
    """A device's own word would be repeated to browsers."""
    campus.camera()

    again(campus)

    assert LastPicture.objects.get().content_type == "image/jpeg"
