"""An event that cannot be read may have been the end of a recording: then the answer is not whole."""

from __future__ import annotations

import pytest
from lxml import etree

from cameras.protocols.onvif.history import History, read_history

_ON = (
    "<Result><RecordingToken>R1</RecordingToken><TrackToken>V</TrackToken>"
    "<Time>2026-11-01T00:00:00Z</Time><Event><Topic>tns1:RecordingHistory/Track/State</Topic>"
    '<Message><SimpleItem Name="IsDataPresent" Value="true"/></Message></Event></Result>'
)
_OFF = _ON.replace("T00:", "T02:").replace('"true"', '"false"')


def _read(*results: str) -> History:
    root = etree.fromstring(f"<List>{''.join(results)}</List>")
    return read_history(list(root), "R1", 0, 2_000_000_000_000)


def test_two_whole_events_are_a_whole_answer() -> None:
    history = _read(_ON, _OFF)
    assert history.is_complete
    assert [len(states.changes) for states in history.tracks.values()] == [2]


@pytest.mark.parametrize(
    ("whole", "hole"),
    [
        ('<SimpleItem Name="IsDataPresent" Value="false"/>', ""),
        ('Name="IsDataPresent"', 'Name=""'),
        ('Value="false"', 'Value="maybe"'),
        ('Value="false"', ""),
        ("tns1:RecordingHistory/Track/State", ""),
        ("<Topic>tns1:RecordingHistory/Track/State</Topic>", ""),
        ("2026-11-01T02:00:00Z", "2026-11-01T25:00:00Z"),
        ("<RecordingToken>R1</RecordingToken>", ""),
    ],
)
def test_an_event_with_a_hole_makes_the_answer_incomplete(whole: str, hole: str) -> None:
    assert not _read(_ON, _OFF.replace(whole, hole)).is_complete


def test_an_event_of_another_topic_is_no_hole() -> None:
    assert _read(_ON, _OFF, _OFF.replace("Track/State", "Track/VideoParameters")).is_complete
