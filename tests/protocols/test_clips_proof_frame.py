"""The proof that a minute can be played: one decoded key frame and what was lost (REC-11)."""

from dataclasses import replace

import pytest

from cameras.protocols.base import BadAnswer, Reason, StreamTarget, TooSlow
from cameras.protocols.clips import proof_frame
from cameras.protocols.decoding import Decoder
from cameras.protocols.playback import EndedBy
from cameras.protocols.rtp_clock import StampSource
from tests.protocols.patience import A_MOMENT_S, PATIENT, patient_until_silence
from tests.protocols.rtsp_server import START_MS, Script, rtsp_server


def minute(start_ms: int = START_MS) -> StreamTarget:
    return StreamTarget("rtsp://h/r", start_ms=start_ms, end_ms=start_ms + 60_000, replay="onvif")


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_a_minute_is_watched_and_one_key_frame_decoded(codec):
    async with rtsp_server(Script(codec=codec)) as server:
        proof = await proof_frame(server.endpoint, None, minute(), limits=PATIENT)
    assert (proof.decoded, proof.width, proof.height) == (True, 160, 96)
    assert proof.jpeg is not None
    assert proof.jpeg.startswith(b"\xff\xd8")
    assert (proof.frames_seen, proof.frames_lost, proof.lost_share) == (1500, 0, 0)
    assert (proof.stamp_ms, proof.stamp_source) == (START_MS, StampSource.ONVIF_NTP)
    assert proof.ended_by is EndedBy.BYE
    assert proof.bits_per_second is not None
    assert 1_000 < proof.bits_per_second < 10_000_000


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_parameter_sets_told_only_in_the_description_serve_the_decoder(codec):
    async with rtsp_server(Script(codec=codec, sets_in_sdp=True)) as server:
        proof = await proof_frame(server.endpoint, None, minute(), limits=PATIENT, watch_s=5)
    assert (proof.decoded, proof.width, proof.height) == (True, 160, 96)


async def test_the_key_frame_lies_inside_the_asked_minute():
    async with rtsp_server() as server:
        proof = await proof_frame(server.endpoint, None, minute(START_MS + 300), limits=PATIENT)
    assert proof.stamp_ms == START_MS + 1000


async def test_watching_ends_when_it_was_enough():
    async with rtsp_server() as server:
        proof = await proof_frame(server.endpoint, None, minute(), limits=PATIENT, watch_s=5)
    assert (proof.ended_by, proof.frames_seen) == (EndedBy.ENOUGH, 126)


async def test_the_share_of_lost_pictures_is_measured():
    """REC-11."""
    lose = frozenset(range(10, 1700, 20))
    async with rtsp_server(Script(lose=lose)) as server:
        proof = await proof_frame(server.endpoint, None, minute(), limits=PATIENT)
    assert proof.packets_lost == len(lose)
    assert 0.03 < proof.lost_share < 0.07
    assert proof.decoded


async def test_a_picture_that_cannot_be_decoded_is_told_not_raised():
    """D15."""
    async with rtsp_server(Script(spoil=True)) as server, Decoder() as decoder:
        proof = await proof_frame(
            server.endpoint, None, minute(), limits=PATIENT, watch_s=3, decoder=decoder
        )
    assert (proof.decoded, proof.jpeg, proof.width) == (False, None, 0)
    assert proof.frames_seen == 76


async def test_a_stream_that_stalls_after_a_key_frame_still_proves_it():
    limits, end_soon = patient_until_silence()
    async with rtsp_server(Script(silent_after="FRAME:10", when_silent=end_soon)) as server:
        proof = await proof_frame(server.endpoint, None, minute(), limits=limits)
    assert (proof.decoded, proof.ended_by, proof.frames_seen) == (True, EndedBy.STALL, 10)
    assert proof.bits_per_second is None


async def test_silence_is_no_proof():
    async with rtsp_server(Script(silent_after="PLAY")) as server:
        limits = replace(PATIENT, stall_s=A_MOMENT_S)
        with pytest.raises(TooSlow):
            await proof_frame(server.endpoint, None, minute(), limits=limits)


async def test_a_stream_that_says_bye_without_a_picture_plays_nothing():
    """REC-10: that the recorder ends it itself is a word of its own; a lost connection is not."""
    reasons = []
    for ends_with in ("bye", "eof"):
        async with rtsp_server(Script(skip=(0, 5_000), ends_with=ends_with)) as server:
            with pytest.raises(BadAnswer) as caught:
                await proof_frame(server.endpoint, None, minute(), limits=PATIENT)
            reasons.append(caught.value.reason)
    assert reasons == [Reason.NOTHING_PLAYED, Reason.BAD_ANSWER]


async def test_another_time_is_no_proof():
    async with rtsp_server(Script(stamps_from_ms=START_MS + 86_400_000)) as server:
        with pytest.raises(BadAnswer) as caught:
            await proof_frame(server.endpoint, None, minute(), limits=PATIENT)
    assert caught.value.reason is Reason.WRONG_RANGE
