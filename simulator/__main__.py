"""python -m simulator: runs a campus on loopback until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
import sys
from pathlib import Path

from simulator.campus_file import DEMO_CAMPUS, load_campus, moment
from simulator.discovery import PORT as DISCOVERY_PORT
from simulator.generator import make_campus
from simulator.ntp import serve_ntp
from simulator.recording import tsi_midnight
from simulator.running import NotLoopback, RunningCampus
from simulator.world import Campus

_PR_SET_PDEATHSIG = 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--campus", type=Path, default=DEMO_CAMPUS, help="campus file (JSON)")
    parser.add_argument("--cameras", type=int, help="make a campus of so many cameras instead")
    parser.add_argument("--recorders", type=int, default=1, help="recorders of the made campus")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dead-share", type=float, default=0.0)
    parser.add_argument("--slow-share", type=float, default=0.0, help="one byte a second")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--anchor", help="the day (YYYY-MM-DD) that is today in the campus file")
    parser.add_argument("--control", default="", help="port (0 = any) or path of a Unix socket")
    parser.add_argument("--addresses", nargs="*", default=[], help="only these addresses or keys")
    parser.add_argument("--rtsp", choices=("all", "recorders", "none"), default="all")
    parser.add_argument("--discovery-port", type=int, default=DISCOVERY_PORT, help="0 = none")
    parser.add_argument("--ntp", nargs="*", default=[], metavar="HOST:PORT", help="tell the time")
    parser.add_argument("--die-with-parent", action="store_true")
    return parser.parse_args()


def die_with_parent() -> None:
    """Ask Linux to stop this process when its parent ends, however that ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def _campus(options: argparse.Namespace) -> Campus:
    anchor = moment(f"{options.anchor}T00:00:00+03:00", 0) if options.anchor else None
    if options.cameras is None:
        return load_campus(options.campus, anchor)
    campus = make_campus(
        options.cameras,
        options.recorders,
        options.seed,
        dead_share=options.dead_share,
        slow_share=options.slow_share,
        latency_ms=options.latency_ms,
    )
    if anchor is not None:
        campus.anchor_ms = tsi_midnight(anchor)
    return campus


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host.startswith("127.") or not port.isdigit():
        raise NotLoopback(text)
    return host, int(port)


async def _run(options: argparse.Namespace) -> None:
    campus = _campus(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = RunningCampus(
        campus,
        control=options.control,
        rtsp=options.rtsp,
        discovery_port=options.discovery_port,
        addresses=options.addresses,
    )
    async with running:
        # Thousands of devices live for ever: the collector need not look at them again and again.
        gc.collect()
        gc.freeze()
        control = running.control.address if running.control else "-"
        clocks = [await serve_ntp(*_host_and_port(each)) for each in options.ntp]
        sys.stdout.write(f"simulator ready devices={len(running.servers)} control={control}\n")
        sys.stdout.flush()
        await stop.wait()
        for each in clocks:
            each.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    options = _arguments()
    logging.basicConfig(level=logging.WARNING, format="simulator: %(message)s")
    if options.die_with_parent:
        die_with_parent()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(options))
    except (OSError, NotLoopback) as error:
        sys.exit(f"simulator: {error}")


if __name__ == "__main__":
    main()
