"""Everything due at once."""

from __future__ import annotations

import threading
import time

from cameras.night import finishing, work
from simulator.world import Campus
from tests.engine.campus_rows import assert_whole, night_over


def test_hundreds_due_at_once_stay_within_the_caps(engine, served, settings):
    """E12, NGT-2, D19: open connections have a cap, and no recorder gets more than its share at once."""
    settings.PROOF_SHARE, settings.NTP_SERVERS = 0.0, []
    settings.DEVICES_AT_ONCE, settings.CHECKS_PER_RECORDER = 20, 2
    campus = served(60, 4, latency_ms=30)
    run = night_over(campus)
    most = Sampler(campus)

    with most:
        work.work()
    finishing.finish_runs()

    run.refresh_from_db()
    assert_whole(run, campus)
    recorders = [d for d in campus.devices if d.kind.value == "recorder"]
    assert max(d.max_at_once for d in campus.devices) <= 2
    assert max(d.max_at_once for d in recorders) == 2, "the latency must let calls overlap"
    assert max(d.max_connections for d in campus.devices) <= 2 * 2
    assert 10 < most.connections <= 20 * 4


class Sampler:
    """The most connections that all devices together had open, looked at all the time."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.connections = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.is_set():
            now = sum(len(device.connections) for device in self.campus.devices)
            self.connections = max(self.connections, now)
            time.sleep(0.005)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()
