"""A simulated campus in a process of its own, so that its CPU seconds are not counted as ours."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from simulator.__main__ import die_with_parent
from simulator.control import Control
from simulator.generator import make_campus
from simulator.recording import RecordingPlan
from simulator.running import RunningCampus
from simulator.world import Campus, Dialect


@dataclass(frozen=True)
class CampusPlan:
    """Which campus: the child builds the same devices from it as the parent."""

    cameras: int
    recorders: int
    dead_share: float = 0.0
    slow_share: float = 0.0
    latency_ms: int = 0
    edge_onvif: bool = False  # ONVIF cameras that record on their own card, and no recorders
    http_port: int = 0
    rtsp_port: int = 0

    def build(self) -> Campus:
        """The campus as the generator makes it for these figures."""
        campus = make_campus(
            self.cameras,
            self.recorders,
            dead_share=self.dead_share,
            slow_share=self.slow_share,
            latency_ms=self.latency_ms,
            http_port=self.http_port,
            rtsp_port=self.rtsp_port,
            dialects=(Dialect.ONVIF,) if self.edge_onvif else tuple(Dialect),
        )
        if not self.edge_onvif:
            return campus
        cameras = [device for device in campus.devices if not device.key.startswith("recorder")]
        for device in cameras:
            device.profile_g = True
            device.channels[0].plan = RecordingPlan(retention_days=14)
        return Campus(cameras, name=f"{len(cameras)} ONVIF cameras")


def free_port(address: str) -> int:
    """A port below the range of outgoing connections that nobody uses on this address."""
    while True:
        port = random.randint(12_000, 31_000)
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port


class RunningChild:
    """Context manager: the campus runs in a child process until the end, however that comes."""

    def __init__(self, plan: CampusPlan) -> None:
        address = plan.build().devices[0].address
        http_port = plan.http_port or free_port(address)
        rtsp_port = plan.rtsp_port or free_port(address)
        self.plan = CampusPlan(**{**asdict(plan), "http_port": http_port, "rtsp_port": rtsp_port})
        self.campus = self.plan.build()
        self._folder = ""
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> RunningChild:
        self._folder = tempfile.mkdtemp(prefix="cctv-campus-")
        control = str(Path(self._folder) / "control")
        self._child = subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(asdict(self.plan)), control],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl+C is ours to pass on
        )
        assert self._child.stdout is not None
        try:
            self._await(self._child.stdout)
            self.control = Control(control, timeout_s=60)
        except BaseException:
            self._stop()
            raise
        return self

    def _await(self, lines: IO[str]) -> None:
        if lines.readline().strip() != "ready":
            raise RuntimeError("The simulated campus did not start; its last lines are above.")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.control.close()
        self._stop()

    def _stop(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def calls(self) -> int:
        """HTTP requests that all devices have counted since the last question."""
        counted = sum(device["calls"] for device in self.control.do("devices"))
        self.control.do("reset_counts")
        return counted

    def cpu_seconds(self) -> float:
        """CPU seconds of the campus so far."""
        assert self._child is not None
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


async def _serve(plan: CampusPlan, control: str) -> None:
    campus = plan.build()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    rtsp = "none" if plan.edge_onvif else "recorders"
    async with RunningCampus(campus, control=control, rtsp=rtsp, discovery_port=0):
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    die_with_parent()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_serve(CampusPlan(**json.loads(sys.argv[1])), sys.argv[2]))
