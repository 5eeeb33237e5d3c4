"""Sound that was released expressly: files of its own beside the films; for anybody else no sound is ever asked for."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from cameras.protocols.sound_reading import read_sound
from core.tsi import from_ms, to_ms
from footage_requests.footage import exporting, sound_exhibits, sound_told
from footage_requests.holds import availability, holding
from footage_requests.models import Decision, Exhibit, Package, SoundSlice
from footage_requests.release import destroying
from simulator.sound import heard
from tests.requests.recorded import (
    MINUTE,
    Recorded,
    doubt_ms,
    export_all,
    fetch_all,
    plain,
    recorded,
    recorder,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 1
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    settings.NTP_SERVERS = []


def with_sound(**sound: Any) -> dict[str, Any]:
    return {"rtsp_audio": sound}


def released(campus: Recorded, **more: Any) -> Decision:
    """An approval that says expressly that sound leaves as well."""
    request = campus.ask(wants_audio=True, **more)
    request.take("review", by=campus.operator)
    request.take("submit", by=campus.operator)
    return campus.decide(request, includes_audio=True, audio_reason="The threat was spoken.")


def exported(campus: Recorded, **more: Any) -> Package:
    package = exporting.start_export(released(campus, **more), campus.operator)
    assert export_all() == 1
    package.refresh_from_db()
    return package


def sounds_of(package: Package) -> list[Exhibit]:
    return list(package.exhibits.filter(kind="SOUND").order_by("ident"))


def is_of_its_time(exhibit: Exhibit, offset_ms: int = 0) -> bool:
    """Whether the tones of each whole second of the device's clock say that second."""
    film: Any
    with av.open(io.BytesIO(plain(exhibit.file))) as film:
        frames = [frame.to_ndarray().reshape(-1) for frame in film.decode(audio=0)]
        rate = film.streams.audio[0].rate
    samples = np.concatenate(frames).astype(np.float32)
    start, end = (moment + offset_ms for moment in exhibit.facts["delivered"])
    seconds = range(-(-start // 1000), end // 1000)
    for second in seconds:
        first = (second * 1000 - start) * rate // 1000
        told = heard(samples[first + rate // 4 : first + 3 * rate // 4], rate)
        assert told == (second // 60 % 60, second % 60)
    return len(seconds) > 0


@pytest.mark.parametrize(
    ("dialect", "codec", "ahead_ms"),
    [("onvif", "aac", 0), ("isapi", "pcma", 433_000), ("dahua", "pcmu", 0)],
)
def test_released_sound_is_an_exhibit_beside_the_film(dialect, codec, ahead_ms):
    """CLK-10: by the clock of that time as the pictures, be it seven minutes fast."""
    clock = {"offset_ms": ahead_ms}
    sound_track = with_sound(codec=codec)
    with recorded(recorder(dialect=dialect, clock=clock, faults=sound_track)) as campus:
        decision = released(campus, seconds=4)
        if ahead_ms:
            availability.check_request(decision.request)
        package = exporting.start_export(decision, campus.operator)
        assert export_all() == 1
        count = campus.sims["rec"].rtsp
        assert (count.video, count.audio) == (1, 1)
    package.refresh_from_db()
    assert package.status == Package.Status.VERIFYING
    film, sound = package.exhibits.order_by("ident")
    assert (film.ident, sound.ident, sound.parent) == ("E01", "E01-S1", None)
    offset = film.facts["clock"]["offset_ms"] or 0
    assert (sound.facts["clock"]["offset_ms"] or 0) == offset
    assert abs(offset - ahead_ms) <= 1 + doubt_ms(film)
    begins, ends = to_ms(campus.event), to_ms(campus.event) + 4_000
    first, last = sound.facts["delivered"]
    assert begins <= first <= begins + 130
    assert ends - 130 <= last <= ends
    assert is_of_its_time(sound, offset)
    found = read_sound([plain(sound.file)], sound.file.bytes)
    assert (found.sound.codec, found.samples) == (codec, sound.facts["samples"])
    assert found.payload_sha256 == sound.facts["bitstream_sha256"]
    assert all(part.file.destroyed_at for part in package.sound_slices.all() if part.file)
    (told,) = sound_told.words_of(package)
    assert told.endswith("sound of all approved minutes (E01-S1).")


def test_neither_a_hold_nor_an_approval_of_pictures_ever_sets_up_the_sound():
    """REL-11: the request asked for sound and the pictures were approved: that releases none."""
    with recorded(recorder(faults=with_sound(first=True, loudspeaker=True))) as campus:
        request = campus.ask(seconds=4, wants_audio=True)
        holding.hold_request(request, campus.clerk)
        fetch_all()
        request.take("review", by=campus.operator)
        request.take("submit", by=campus.operator)
        package = exporting.start_export(campus.decide(request), campus.operator)
        assert export_all() == 1
        count = campus.sims["rec"].rtsp
        assert (count.video, count.audio, count.loudspeaker) == (2, 0, 0)
    assert not package.sound_slices.exists()
    assert package.exhibits.get().facts["sound"] == "not released"
    assert sound_told.words_of(package) == []


def test_pieces_are_joined_without_losing_or_doubling_a_sample():
    with recorded(recorder(faults=with_sound())) as campus:
        package = exporting.start_export(released(campus, seconds=5), campus.operator)
        whole = package.sound_slices.get()
        marks = [0, 2_000, 4_000, 5_000]
        for turn, (start, end) in enumerate(
            pairwise(from_ms(to_ms(campus.event) + m) for m in marks)
        ):
            SoundSlice.objects.update_or_create(
                package=package,
                line=whole.line,
                channel=whole.channel,
                starts_at=start,
                defaults={"ends_at": end, "turn": turn},
            )
        fetch_all()
        for _worker in ("is killed", "takes over"):
            sound_exhibits.make(package, "E01", list(package.slices.all()), lambda: None)
        assert export_all() == 1
    assert package.sound_slices.count() == 3
    (sound,) = sounds_of(package)
    assert sound.facts["samples"] == 5 * 8_000
    assert is_of_its_time(sound)


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ({}, "the recorder offers no sound of this recording"),
        (with_sound(codec="g726"), "cannot be taken over unchanged (G726-32)"),
    ],
)
def test_without_sound_the_pictures_leave_and_the_reason_is_said(faults, why):
    with recorded(recorder(faults=faults)) as campus:
        package = exported(campus, seconds=3)
    assert package.status == Package.Status.VERIFYING
    assert [one.kind for one in package.exhibits.all()] == ["ORIGINAL"]
    (told,) = sound_told.words_of(package)
    assert "no sound, because" in told
    assert why in told


def test_what_was_overwritten_after_the_hold_has_pictures_and_no_sound():
    """B7: a hold never carries sound, so nothing of it is left."""
    recording = {"seam_ms": 0, "file_ms": 60_000}
    with recorded(recorder(recording=recording, faults=with_sound())) as campus:
        request = campus.ask(seconds=4, wants_audio=True)
        holding.hold_request(request, campus.clerk)
        fetch_all()
        campus.overwrite(campus.event + 10 * MINUTE)
        request.take("review", by=campus.operator)
        request.take("submit", by=campus.operator)
        decision = campus.decide(request, includes_audio=True, audio_reason="It was spoken.")
        package = exporting.start_export(decision, campus.operator)
        assert export_all() == 1
    assert [one.kind for one in package.exhibits.all()] == ["ORIGINAL"]
    (told,) = sound_told.words_of(package)
    assert told.endswith("no sound, because the recorder has nothing of these minutes any more.")


def test_a_silent_track_is_tried_twice_and_then_told():
    with recorded(recorder(faults=with_sound(silent=True))) as campus:
        package = exporting.start_export(released(campus, seconds=3), campus.operator)
        assert export_all() == 0
        package.sound_slices.update(due_at=campus.event)
        assert export_all() == 1
        assert campus.sims["rec"].rtsp.audio == 2
    (told,) = sound_told.words_of(package)
    assert "offers a sound track and sent nothing of it" in told


def test_the_sound_of_a_cancelled_export_is_destroyed():
    with recorded(recorder(faults=with_sound())) as campus:
        package = exporting.start_export(released(campus, seconds=3), campus.operator)
        fetch_all()
        exporting.cancel(package, by=campus.operator, because="no longer needed")
    part = package.sound_slices.get()
    assert part.file is not None
    assert part.file.destroyed_at
    assert destroying.files_of(package) == []
