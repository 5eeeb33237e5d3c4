"""Recorded sound over RTSP: the right track, the recorder's own bytes, true times, and plain reasons for none."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import Any

import av
import numpy as np
import pytest

from cameras.protocols.base import BadAnswer, Endpoint, Reason, StreamTarget
from cameras.protocols.rtp import RtpPacket, parse_rtp
from cameras.protocols.rtp_audio import AacDepacketiser, LatmDepacketiser, SoundDepacketiser
from cameras.protocols.rtp_clock import StampSource
from cameras.protocols.rtsp_messages import rtp_info_time
from cameras.protocols.sdp import read_audio_sdp, read_sdp
from cameras.protocols.sound_format import NoSound, SoundFault, SoundFormat, aac_format, latm_format
from cameras.protocols.sound_runs import SoundSlice, file_pieces, runs_of
from cameras.protocols.sounds import SoundReport, SoundUnit, fetch_sound, read_units
from simulator.rtsp import serve_rtsp
from simulator.sound import aac_config, heard
from simulator.world import Campus, Dialect
from tests.protocols.patience import A_MOMENT_S, PATIENT
from tests.protocols.rtsp_server import START_MS
from tests.protocols.sound_server import g711, packet, sound_server
from tests.simulator.rtsp_probe import GAP, NOW, START, recorder

PLAIN = "v=0\nm=audio 0 RTP/AVP 0\na=control:trackID=2\n"


def target(ms: int = 400) -> StreamTarget:
    return StreamTarget("rtsp://h/r", start_ms=START_MS, end_ms=START_MS + ms, replay="onvif")


async def from_simulator(
    start: int, end: int, dialect: Dialect = Dialect.ONVIF, channel: int = 2, **sound: object
) -> tuple[SoundReport, bytes, int]:
    """What the simulator's recorder gives of a span; and how often its pictures were set up."""
    device = recorder(dialect, faults={"rtsp_audio": sound})
    server = await serve_rtsp(device, Campus([device], now_ms=lambda: NOW))
    place = StreamTarget(
        f"rtsp://h/replay/REC00{channel}", start_ms=start, end_ms=end, replay="onvif"
    )
    out = io.BytesIO()
    try:
        endpoint = Endpoint(device.address, rtsp_port=device.rtsp_port)
        report = await fetch_sound(endpoint, None, place, out, limits=PATIENT)
    finally:
        server.close()
    assert device.rtsp.loudspeaker == 0
    assert device.rtsp.audio == 1
    return report, out.getvalue(), device.rtsp.video


def files_of(report: SoundReport, data: bytes, span: tuple[int, int]) -> list[bytes]:
    piece = SoundSlice(report.sound, 0, partial(read_units, [data]))
    runs = runs_of([piece], span, 60)
    files = [b""] * len(runs)
    for number, more in file_pieces([piece], span, runs):
        files[number] += more
    return files


def decoded(data: bytes) -> tuple[np.ndarray, int]:
    """Samples of a file between -1 and 1, as any player hears them."""
    film: Any
    with av.open(io.BytesIO(data)) as film:
        frames = [frame.to_ndarray() for frame in film.decode(audio=0)]
        rate = film.streams.audio[0].rate
    samples = np.concatenate([frame.reshape(-1) for frame in frames]).astype(np.float32)
    return samples / (32768 if frames[0].dtype == np.int16 else 1), rate


@pytest.mark.parametrize("codec", ["pcmu", "pcma", "aac"])
async def test_a_file_sounds_as_the_seconds_that_it_claims_to_be(codec):
    report, data, pictures = await from_simulator(START + 61_000, START + 65_000, codec=codec)
    assert pictures == 0
    (file,) = files_of(report, data, (START + 61_000, START + 65_000))
    samples, rate = decoded(file)
    assert abs(len(samples) - 4 * rate) <= 2 * 1024
    late = report.start_ms - START - 61_000 if codec == "aac" else 0
    for second in range(4):
        first = max(0, (second * 1000 - late) * rate // 1000)
        assert heard(samples[first + rate // 4 : first + 3 * rate // 4], rate) == (1, 1 + second)


async def test_a_gap_of_the_recording_makes_two_files():
    report, data, _ = await from_simulator(START + 2_000, START + 7_000, channel=1)
    span = (START + 2_000, START + 7_000)
    piece = SoundSlice(report.sound, 0, partial(read_units, [data]))
    runs = runs_of([piece], span, 60)
    assert [(run.start_ms, round(run.end_ms)) for run in runs] == [
        (START + 2_000, GAP[0]),
        (GAP[1], START + 7_000),
    ]


def test_telephone_sound_is_cut_to_the_sample_at_the_approved_span():
    """The time of a packet is known to the millisecond: a millisecond outside of the span does not leave."""
    packets = [SoundUnit(START_MS - 1 + 20 * turn, False, bytes([turn]) * 160) for turn in range(3)]
    piece = SoundSlice(SoundFormat("pcma", 8000, 1), 0, lambda: packets)
    span = (START_MS, START_MS + 58)
    (run,) = runs_of([piece], span, 60)
    assert (run.start_ms, run.end_ms, run.samples) == (*span, 58 * 8)


def test_a_frame_of_aac_is_not_lost_to_the_rounding_of_its_time():
    frames = [SoundUnit(START_MS - 1 + 64 * turn, False, b"frame") for turn in range(3)]
    piece = SoundSlice(SoundFormat("aac", 16_000, 1, 2), 0, lambda: frames)
    (run,) = runs_of([piece], (START_MS, START_MS + 190), 60)
    assert run.samples == 3 * 1024


@pytest.mark.parametrize("loudspeaker", [True, False])
async def test_the_track_of_the_sound_is_set_up_wherever_it_stands(loudspeaker):
    report, _, pictures = await from_simulator(
        START, START + 1_000, first=True, static=True, loudspeaker=loudspeaker
    )
    assert (report.sound.codec, report.samples, pictures) == ("pcmu", 8000, 0)


@pytest.mark.parametrize(
    ("sound", "fault", "what"),
    [
        ({"codec": "g726"}, SoundFault.CODEC, "G726-32"),
        ({"silent": True}, SoundFault.SILENT, ""),
        ({"claims_hz": 16_000}, SoundFault.WRONG_CLOCK, ""),
    ],
)
async def test_why_there_is_no_sound_is_said(sound, fault, what):
    with pytest.raises(NoSound) as raised:
        await from_simulator(START, START + 2_000, **sound)
    assert (raised.value.fault, raised.value.what) == (fault, what)


async def test_a_track_that_stays_silent_without_a_word_is_given_up():
    async with sound_server(PLAIN, says_bye=False) as server:
        with pytest.raises(NoSound) as raised:
            await fetch_sound(
                server.endpoint,
                None,
                target(),
                io.BytesIO(),
                limits=replace(PATIENT, stall_s=A_MOMENT_S),
            )
    assert raised.value.fault is SoundFault.SILENT
    assert not raised.value.is_permanent


async def test_lost_packets_break_the_sound_and_are_never_joined():
    out = io.BytesIO()
    async with sound_server(PLAIN, g711(10, skip=[4])) as server:
        report = await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
    assert report.packets_lost == 1
    span = (START_MS, START_MS + 400)
    one, two = files_of(report, out.getvalue(), span)
    assert (len(one), len(two)) == (58 + 4 * 320, 58 + 5 * 320)
    assert two.endswith(bytes([9]) * 320)


async def test_times_of_sound_are_proven_as_those_of_pictures():
    packets = g711(5, is_stamped=False)
    out = io.BytesIO()
    async with sound_server(PLAIN, packets) as server:
        report = await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
    assert report.stamp_source is StampSource.RANGE
    assert (report.start_ms, report.end_ms) == (START_MS, START_MS + 200)
    async with sound_server(PLAIN, packets, told="npt=0-") as server:
        with pytest.raises(BadAnswer) as raised:
            await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
    assert raised.value.reason is Reason.WRONG_RANGE
    async with sound_server(
        PLAIN, [packet(0, 0, b"x" * 320, stamp_ms=START_MS + 3_600_000)]
    ) as server:
        with pytest.raises(BadAnswer):
            await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)


async def test_sound_that_is_broken_too_often_ends_at_the_most_files():
    out = io.BytesIO()
    async with sound_server(PLAIN, g711(10, skip=[1, 3, 5, 7])) as server:
        report = await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
    piece = SoundSlice(report.sound, 0, partial(read_units, [out.getvalue()]))
    runs = runs_of([piece], (START_MS, START_MS + 400), 3)
    pieces = list(file_pieces([piece], (START_MS, START_MS + 400), runs))
    assert [run.start_ms - START_MS for run in runs] == [0, 80, 160]
    assert {number for number, _ in pieces} == {0, 1, 2}


async def test_only_the_approved_milliseconds_are_kept():
    out = io.BytesIO()
    async with sound_server(PLAIN, g711(10)) as server:
        report = await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
    (file,) = files_of(report, out.getvalue(), (START_MS + 50, START_MS + 130))
    assert file[58:] == bytes([1]) * 240 + bytes([2]) * 320 + bytes([3]) * 80


async def test_pieces_that_overlap_are_joined_to_the_sample():
    """The second try of a recorder may cut its packets elsewhere."""
    units = []
    for packets in (
        g711(6),
        [packet(n, n, bytes([8]) * 160, stamp_ms=START_MS + 190 + 20 * n) for n in range(6)],
    ):
        out = io.BytesIO()
        async with sound_server(PLAIN, packets) as server:
            report = await fetch_sound(server.endpoint, None, target(), out, limits=PATIENT)
        units.append(out.getvalue())
    pieces = [SoundSlice(report.sound, 0, partial(read_units, [data])) for data in units]
    (run,) = runs_of(pieces, (START_MS, START_MS + 400), 60)
    assert (run.start_ms, run.end_ms, run.samples) == (START_MS, START_MS + 310, 310 * 8)


@pytest.mark.parametrize(
    ("sdp", "expected"),
    [
        ("m=audio 0 RTP/AVP 8\na=control:t", (8, "PCMA", 8000)),
        ("m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU\na=control:t", (0, "PCMU", 8000)),
        ("m=audio 0 RTP/AVP 104 0\na=rtpmap:104 OPUS/48000/2", (0, "PCMU", 8000)),
        ("m=audio 0 RTP/AVP 96\na=rtpmap:96 pcma/16000/1", (96, "PCMA", 16000)),
        ("m=audio 0 RTP/AVP 96\na=rtpmap:96 PCMA/999999999", (96, "PCMA", 0)),
        ("m=audio 0 RTP/AVP 0\na=sendonly\nm=audio 0 RTP/AVP 8", (8, "PCMA", 8000)),
        ("a=sendonly\nm=video 0 RTP/AVP 96\nm=audio 0 RTP/AVP 8\na=recvonly", (8, "PCMA", 8000)),
    ],
)
def test_the_sound_track_is_found_in_odd_descriptions(sdp, expected):
    _, track = read_audio_sdp(("v=0\n" + sdp + "\n").encode())
    assert (track.payload_type, track.encoding, track.clock_rate) == expected


@pytest.mark.parametrize(
    ("sdp", "fault", "what"),
    [
        ("m=video 0 RTP/AVP 96", SoundFault.NO_TRACK, ""),
        ("m=audio 0 RTP/AVP 0\na=sendonly", SoundFault.NO_TRACK, ""),
        ("m=audio 0 RTP/AVP 0\na=inactive", SoundFault.NO_TRACK, ""),
        ("m=audio 0 RTP/AVP 2", SoundFault.CODEC, "G726-32"),
        ("m=audio 0 RTP/AVP 99", SoundFault.CODEC, "99"),
        ("m=audio", SoundFault.CODEC, ""),
    ],
)
def test_a_description_without_readable_sound_says_why(sdp, fault, what):
    with pytest.raises(NoSound) as raised:
        read_audio_sdp(("v=0\n" + sdp + "\n").encode())
    assert (raised.value.fault, raised.value.what) == (fault, what)


def test_a_sound_track_before_the_video_does_not_catch_the_video_client():
    _, track = read_sdp(
        b"v=0\nm=audio 0 RTP/AVP 0\na=control:1\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:2\n"
    )
    assert track.control == "2"


@pytest.mark.parametrize(
    "fmtp",
    [
        {"mode": "AAC-hbr"},
        {"mode": "AAC-hbr", "config": "zz"},
        {"mode": "AAC-hbr", "config": "14"},
        {"mode": "unknown", "config": "1408"},
        {"mode": "AAC-hbr", "config": "1408", "ctsdeltalength": "8"},
    ],
)
def test_aac_that_is_not_described_is_not_guessed(fmtp):
    with pytest.raises(NoSound) as raised:
        AacDepacketiser(fmtp, 16_000)
    assert raised.value.fault is SoundFault.NO_CONFIG


def test_descriptions_of_aac_are_read():
    assert aac_format(bytes.fromhex("1408")) == SoundFormat("aac", 16_000, 1, 2)
    assert aac_format(aac_config(16_000)) == SoundFormat("aac", 16_000, 1, 2)
    # HE-AAC: ADTS tells its core.
    assert aac_format(bytes.fromhex("2b8988")) == SoundFormat("aac", 22_050, 1, 2)
    assert latm_format(bytes.fromhex("400028103fc0")) == (SoundFormat("aac", 16_000, 1, 2), 1)


def rtp(number: int, payload: bytes, *, marker: bool = False) -> RtpPacket:
    read = parse_rtp(packet(number, 1024 * number, payload, kind=97, marker=marker)[4:])
    assert read is not None
    return read


def pushed(depacketiser: SoundDepacketiser, *payloads: bytes, marker: bool = True) -> list[bytes]:
    found = []
    for number, payload in enumerate(payloads):
        is_last = marker and number == len(payloads) - 1
        units = depacketiser.push(rtp(number, payload, marker=is_last))
        found += [unit.nals[0] for unit in units]
    return found


def test_frames_of_aac_come_whole_together_or_in_pieces():
    fmtp = {"mode": "AAC-hbr", "config": "1408"}
    two = b"\0\x20" + (3 << 3).to_bytes(2, "big") + (2 << 3).to_bytes(2, "big") + b"abcde"
    assert pushed(AacDepacketiser(fmtp, 16_000), two) == [b"abc", b"de"]
    head = b"\0\x10" + (6 << 3).to_bytes(2, "big")
    assert pushed(AacDepacketiser(fmtp, 16_000), head + b"abcd", head + b"ef") == [b"abcdef"]
    latm = {"cpresent": "0", "config": "400028103fc0"}
    assert pushed(LatmDepacketiser(latm, 16_000), b"\x06abc", b"def") == [b"abcdef"]


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"\0\x10", b"\xff\xff" + b"x" * 20, b"\0\x10\0\0ab"]
)
def test_malformed_packets_of_aac_break_the_sound_and_nothing_else(payload):
    depacketiser = AacDepacketiser({"mode": "AAC-hbr", "config": "1408"}, 16_000)
    good = b"\0\x10" + (3 << 3).to_bytes(2, "big") + b"abc"
    first = depacketiser.push(rtp(0, payload))
    (unit,) = depacketiser.push(rtp(1, good))
    assert not first
    assert unit.is_damaged


def test_of_two_tracks_the_rtp_time_of_the_own_one_is_read():
    told = "url=rtsp://h/r/trackID=1;seq=1;rtptime=11,url=rtsp://h/r/trackID=2;seq=2;rtptime=22"
    assert rtp_info_time(told, "trackID=2") == 22
    assert rtp_info_time(told, "rtsp://h/r/trackID=1") == 11
    assert rtp_info_time("url=x;rtptime=7", "trackID=2") == 7
    assert rtp_info_time("", "trackID=2") is None
