"""Makes campuses of any size for tests and benchmarks, the same one for the same figures."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.clocks import SimClock, mix
from simulator.recording import PlanKind, RecordingPlan
from simulator.world import (
    HTTP_PORT,
    RTSP_PORT,
    Auth,
    Campus,
    Dialect,
    Kind,
    SimChannel,
    SimDevice,
    SimUser,
)

USERNAME = "admin"
PASSWORD = "kampus-parola-1"
RECORDER_NET = (127, 65)
CAMERA_NET = (127, 66)
_NOTHING = RecordingPlan(PlanKind.NONE)
MAKERS = {
    Dialect.ISAPI: ("HIKVISION", "DS-7732NI-K4", "DS-2CD2143G2-I"),
    Dialect.DAHUA: ("Dahua", "DHI-NVR5232-4KS2", "IPC-HFW2431S-S"),
    Dialect.ONVIF: ("Anatolia Vision", "AV-NVR32G", "AV-IP400"),
}


def _address(net: tuple[int, int], number: int) -> str:
    return f"{net[0]}.{net[1] + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


def _mac(number: int) -> str:
    return ":".join(f"{each:02X}" for each in (0x02, 0x1B, *number.to_bytes(4, "big")))


def make_device(
    address: str,
    kind: Kind,
    dialect: Dialect,
    number: int,
    channels: list[SimChannel],
    *,
    latency_ms: int = 0,
    http_port: int = HTTP_PORT,
    rtsp_port: int = RTSP_PORT,
) -> SimDevice:
    """Make one device with an identity that fits its dialect."""
    maker, recorder, camera = MAKERS[dialect]
    is_recorder = kind is Kind.RECORDER
    return SimDevice(
        address=address,
        kind=kind,
        dialect=dialect,
        channels=channels,
        key=f"{kind}-{number}",
        http_port=http_port,
        rtsp_port=rtsp_port,
        maker=maker,
        model=recorder if is_recorder else camera,
        serial=f"{'R' if is_recorder else 'C'}{mix(number, 9) % 10**9:09d}{number:05d}",
        mac=_mac(number + (1 << 20 if is_recorder else 0)),
        firmware="V4.30.005 build 220815",
        name=f"{'NVR' if is_recorder else 'KAM'}-{number:05d}",
        users={USERNAME: SimUser(PASSWORD)},
        auth=Auth.WSSE,
        clock=SimClock(offset_ms=mix(number, 5) % 1601 - 800),
        uses_ntp=True,
        profile_g=is_recorder,
        latency_ms=latency_ms,
    )


def make_campus(
    cameras: int,
    recorders: int,
    seed: int = 1,
    *,
    dead_share: float = 0.0,
    slow_share: float = 0.0,
    latency_ms: int = 0,
    retention_days: float = 14.0,
    dialects: Sequence[Dialect] = (Dialect.ISAPI, Dialect.DAHUA, Dialect.ONVIF),
    http_port: int = HTTP_PORT,
    rtsp_port: int = RTSP_PORT,
) -> Campus:
    """Make a campus: cameras in turn on the recorders, a share of all devices dead or dripping.

    The bad ones are chosen by seed among cameras and recorders alike; exactly the rounded share.
    """
    ports = {"http_port": http_port, "rtsp_port": rtsp_port, "latency_ms": latency_ms}
    made_cameras = [
        make_device(
            _address(CAMERA_NET, number),
            Kind.CAMERA,
            dialects[number % max(1, recorders) % len(dialects)],
            number + 1,
            [SimChannel(1, f"KAM-{number + 1:05d}", "REC001", plan=_NOTHING)],
            **ports,
        )
        for number in range(cameras)
    ]
    made_recorders = []
    for number in range(recorders):
        channels = [
            SimChannel(
                index + 1,
                camera.name,
                f"REC{index + 1:03d}",
                camera.address,
                RecordingPlan(retention_days=retention_days, seam_ms=800),
                mix(seed, number, index),
            )
            for index, camera in enumerate(made_cameras[number::recorders])
        ]
        made_recorders.append(
            make_device(
                _address(RECORDER_NET, number),
                Kind.RECORDER,
                dialects[number % len(dialects)],
                number + 1,
                channels,
                **ports,
            )
        )
    devices = made_recorders + made_cameras
    _spoil_some(devices, seed, dead_share, slow_share)
    return Campus(devices, name=f"{cameras} cameras on {recorders} recorders")


def _spoil_some(devices: list[SimDevice], seed: int, dead_share: float, slow_share: float) -> None:
    shuffled = sorted(devices, key=lambda each: mix(seed, *each.address.encode()))
    dead = round(len(devices) * dead_share)
    slow = round(len(devices) * slow_share)
    for number, each in enumerate(shuffled[:dead]):
        # Dead means refused for one half and without any answer for the other.
        each.faults["dead" if number % 2 else "silent"] = True
    for each in shuffled[dead : dead + slow]:
        each.faults["drip"] = 1.0
