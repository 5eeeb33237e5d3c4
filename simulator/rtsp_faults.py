"""The switches of a device's RTSP server: `device.faults[name] = value`.

Beside these the general switches dead, silent, close, busy, redirect and digest_loop of
`simulator.faults` hold for RTSP as well.
"""

from __future__ import annotations

import random

RTSP_CATALOGUE: dict[str, str] = {
    # How it is, not what is wrong with it
    "rtsp_auth": "signs in with none, basic, digest-md5 or digest-sha256, whatever HTTP does",
    "rtsp_video": "dict of codec (h264, h265), fps, width, height, bitrate (bit/s, by filler data)",
    "rtsp_audio": "records sound: dict of codec (pcmu, pcma, aac, g726), rate, static (no rtpmap), first (before"
    " the video), loudspeaker (a track to speak into), silent (sends nothing), claims_hz (a wrong rate)",
    "rtsp_max_sessions": "answers 453 beyond so many sessions at once",
    "rtsp_session_timeout": "ends a session after so many seconds without a sign of life (60)",
    "rtsp_real_time": "plays Hikvision and Dahua playback at so many times real time, not at once",
    # Silence and slowness
    "rtsp_silent_after": "goes silent after OPTIONS, DESCRIBE, SETUP, PLAY or so many ms of video",
    "rtsp_trickle": "sends so many RTP packets a second",
    "rtsp_huge_sdp": "sends a description of so many bytes (default 2 GiB)",
    # Lies about time
    "rtsp_wrong_range": "plays what was recorded so many ms later, the reply says what was asked",
    "rtsp_lying_stamps": "with rtsp_wrong_range: the replay stamps say what was asked as well",
    "rtsp_plays_live": "answers 200 with an npt range and sends live pictures",
    "rtsp_ignores_range": "plays from the oldest recording on, and says npt=0.000-",
    "rtsp_ignores_end": "plays on behind the end that was asked",
    "rtsp_zone_less": "writes the range of its reply without Z",
    "rtsp_reports_now": "tells the time of sending by RTCP in playback, not the recording's",
    "rtsp_gapless": "lets RTP time stamps run on over gaps as if nothing were missing",
    # Refusals
    "rtsp_no_replay": "551 to Require: onvif-replay; 'clock' honours Range without it",
    "rtsp_udp_only": "461 to interleaved transport",
    "rtsp_auth_loop": "challenges for ever with stale=true",
    "rtsp_redirect": "302 to this address",
    "rtsp_other_host_control": "absolute control addresses on this host",
    # Spoilt pictures
    "rtsp_corrupt": "share of pictures with damaged slices (0..1)",
    "rtsp_lost": "share of RTP packets that are left out (0..1)",
    "rtsp_other_channel": "shows the channel with this number",
    "rtsp_stops_early": "ends with a BYE after so many ms of video",
    "rtsp_no_bye": "falls silent at the end: no BYE, no T flag",
}


def damaged(nals: tuple[bytes, ...], chance: random.Random, *, is_h265: bool) -> tuple[bytes, ...]:
    """The NAL units with bytes of their slices changed; their headers stay."""
    spoilt = []
    for nal in nals:
        data = bytearray(nal)
        is_slice = data[0] >> 1 & 0x3F < 32 if is_h265 else data[0] & 0x1F in (1, 5)
        if is_slice:
            for _ in range(max(4, len(data) // 50)):
                data[chance.randrange(2, len(data))] = chance.randrange(256)
        spoilt.append(bytes(data))
    return tuple(spoilt)
