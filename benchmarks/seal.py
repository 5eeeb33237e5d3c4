"""Sealing a package of one gigabyte and checking it, against sha256sum, openssl and 7-Zip on the same file.

`bin/bench seal [--mib 1024] [--runs 3]`. One line of JSON at the end: `seal_seconds_per_gib` (goal 10) from the verified
package to the sealed file in the store, `check_seconds_per_gib` (goal 10) with the verifier that lies in the package,
`recipient_seconds_per_gib` for the encrypted ZIP, and the baselines of the same run. Wall seconds, median; memory is
the most that the process held.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.parts.tables import make_tables

FRAME_BYTES = 20_000
"""A frame of 4 Mbit/s at 25 frames a second."""
GIB = 1024**3
TICKS = 512


def _django(folder: Path) -> None:
    import django

    os.environ["DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    os.environ["EVIDENCE_RESERVE_GB"] = "0"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()


def _large_film(path: Path, size: int) -> dict[str, Any]:
    """An MP4 of about that size: real tables and parameter sets around frames of noise."""
    import io

    import av

    from tests.requests.films import film

    frames = max(10, size // FRAME_BYTES)
    with (
        av.open(io.BytesIO(film())) as source,
        av.open(str(path), "w", format="mp4") as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.time_base = Fraction(1, 25 * TICKS)
        noise = os.urandom(FRAME_BYTES - 5)
        for number in range(frames):
            unit = bytes([0x65 if number % 50 == 0 else 0x41]) + noise
            packet = av.Packet(len(unit).to_bytes(4, "big") + unit)
            packet.stream = stream
            packet.time_base = Fraction(1, 25 * TICKS)
            packet.pts = packet.dts = number * TICKS
            packet.is_keyframe = number % 50 == 0
            target.mux(packet)
    return {"width": 320, "height": 240, "frames": frames, "ms": frames * 40}


def _package(folder: Path, film: Path, facts: dict[str, Any]) -> Any:
    """A verified package around the film, with a key."""
    from core.tsi import to_ms
    from footage_requests.footage import store
    from footage_requests.sealing import keys
    from tests.requests import sealing_rows as rows
    from tests.requests.case import Campus

    keys.make(keys.folder(), None, organisation="Bench")
    campus = Campus()
    decision = rows.decided(campus)
    package = rows.started(campus, decision)
    line = decision.lines.get()
    start = to_ms(line.starts_at)
    with store.StoreWriter("video/mp4") as writer, film.open("rb") as file:
        writer.copy_from(file)
        stored = writer.save()
    span = [start, start + facts["ms"]]
    exhibit = rows.exhibit(package, line, b"x", facts={"asked": span, "delivered": span, **facts})
    exhibit.file = stored
    exhibit.save()
    return campus, rows.verify(campus, package)


def _measured(work: Callable[[], None]) -> dict[str, float]:
    """Wall and CPU seconds and the most memory of the work, in a process of its own."""
    from django.db import connection

    connection.close()
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _pid, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit("The measured process failed.")
    return {
        "seconds": time.perf_counter() - begin,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "mb": usage.ru_maxrss / 1024,
    }


def _command(words: list[str], folder: Path) -> Callable[[], None]:
    def run() -> None:
        os.chdir(folder)
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            sys.stderr.buffer.write(done.stderr)
            raise SystemExit(1)

    return run


def _several(runs: int, work: Callable[[], None], before: Callable[[], None]) -> dict[str, float]:
    """The median of several measurements."""
    found = []
    for _run in range(runs):
        before()
        found.append(_measured(work))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _unpack(package: Any, place: Path) -> Path:
    from footage_requests.footage import store

    store.copy_out(package.inner_file, place / "package.zip")
    with zipfile.ZipFile(place / "package.zip") as archive:
        archive.extractall(place / "out")
    (folder,) = (place / "out").iterdir()
    return folder


def measure(mib: int, runs: int, folder: Path) -> dict[str, Any]:
    """All figures; `folder` is empty and is left for the caller to remove."""
    _django(folder)

    make_tables()
    film = folder / "film.mp4"
    facts = _large_film(film, mib * 1024**2)
    gib = film.stat().st_size / GIB
    print(f"A film of {gib:.2f} GiB, {facts['frames']} frames.", flush=True)
    figures, receiver = _ours(folder, film, facts, runs)
    figures |= _baselines(folder, film, receiver, runs)
    told: dict[str, Any] = {"benchmark": "seal", "gib": round(gib, 3)}
    for name, figure in figures.items():
        wall, cpu = figure["seconds"] / gib, figure["cpu_s"] / gib
        print(f"{name}: {wall:.1f} s/GiB, CPU {cpu:.1f} s/GiB")
        told[f"{name}_seconds_per_gib"] = round(wall, 2)
        told[f"{name}_cpu_s_per_gib"] = round(cpu, 2)
    told["seal_mb"] = round(figures["seal"]["mb"])
    told["check_mb"] = round(figures["check"]["mb"])
    told["load"] = round(os.getloadavg()[0], 1)
    return told


def _nothing() -> None:
    return


def _ours(
    folder: Path, film: Path, facts: dict[str, Any], runs: int
) -> tuple[dict[str, dict[str, float]], Path]:
    """Sealing, checking and encrypting; and the folder as the receiver unpacks it."""
    from footage_requests import sealing
    from footage_requests.models import Package

    campus, package = _package(folder, film, facts)

    def undo() -> None:
        # The row goes back to where it was, so that the same package can be sealed again.
        Package.objects.filter(pk=package.pk).update(
            status="VERIFIED", inner_file=None, manifest_sha256=""
        )

    def encrypt() -> None:
        (folder / "recipient.zip").unlink(missing_ok=True)
        sealing.build_for_recipient(package, folder / "recipient.zip")

    sealed = _several(runs, lambda: _drop(sealing.seal_package(package, campus.operator)), undo)
    package.refresh_from_db()
    receiver = _unpack(package, folder)
    verifier = ["/usr/bin/python3", "-I", str(receiver / "4_VERIFY" / "verify.py"), str(receiver)]
    figures = {
        "seal": sealed,
        "check": _several(runs, _command(verifier, receiver), _nothing),
        "recipient": _several(runs, encrypt, _nothing),
    }
    return figures, receiver


def _drop(_result: object) -> None:
    return


def _baselines(folder: Path, film: Path, receiver: Path, runs: int) -> dict[str, dict[str, float]]:
    """What everybody's tools take for the same bytes."""
    commands = {
        "sha256sum": ["sha256sum", str(film)],
        "sha256sum_check": ["sha256sum", "-c", "4_VERIFY/SHA256SUMS.txt"],
        "openssl_dgst": ["openssl", "dgst", "-sha256", str(film)],
        "openssl_aes": [
            "openssl",
            "enc",
            "-aes-256-ctr",
            "-pbkdf2",
            "-k",
            "x",
            "-in",
            "film.mp4",
            "-out",
            "film.enc",
        ],
        "7z": ["7z", "a", "-tzip", "-mx0", "-mem=AES256", "-px", "film.zip", "film.mp4"],
    }
    figures = {}
    for name, words in commands.items():
        (folder / "film.zip").unlink(missing_ok=True)
        place = receiver if name == "sha256sum_check" else folder
        figures[name] = _several(runs, _command(words, place), _nothing)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mib", type=int, default=1024, help="size of the film")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cctv-bench-") as folder:
        print(json.dumps(measure(options.mib, options.runs, Path(folder))))


if __name__ == "__main__":
    main()
