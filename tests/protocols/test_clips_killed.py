"""A process that dies while it writes a clip leaves nothing under the final name (B8)."""

import asyncio
import sys
from pathlib import Path

import pytest

from cameras.protocols.base import StreamTarget
from cameras.protocols.clips import fetch_clip
from cameras.protocols.rtsp import StreamLimits
from tests.protocols.rtsp_server import START_MS, Script, rtsp_server

ROOT = Path(__file__).resolve().parents[2]
EXPORT = f"""
import asyncio, sys
from pathlib import Path
from cameras.protocols.base import Endpoint, StreamTarget
from cameras.protocols.clips import fetch_clip
from cameras.protocols.rtsp import StreamLimits
target = StreamTarget("rtsp://h/r", start_ms={START_MS}, end_ms={START_MS + 60_000}, replay="onvif")
endpoint = Endpoint("127.0.0.1", rtsp_port=int(sys.argv[1]))
progress = lambda progress: print(progress.frames, flush=True)
asyncio.run(fetch_clip(endpoint, None, target, Path(sys.argv[2]), limits=StreamLimits(),
                       on_progress=progress))
"""


@pytest.mark.parametrize("pictures", [1, 26])
async def test_a_killed_export_leaves_no_final_file_and_can_be_repeated(tmp_path, pictures):
    """B8."""
    clip = tmp_path / "clip.mp4"
    async with rtsp_server(Script(trickle_s=0.005)) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            EXPORT,
            str(server.port),
            str(clip),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        while int(await process.stdout.readline()) < pictures:
            pass
        process.kill()
        await process.communicate()
        assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4.part"]
        server.script.trickle_s = 0
        target = StreamTarget(
            "rtsp://h/r", start_ms=START_MS, end_ms=START_MS + 4000, replay="onvif"
        )
        report = await fetch_clip(server.endpoint, None, target, clip, limits=StreamLimits())
    assert report.frames == 100
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
