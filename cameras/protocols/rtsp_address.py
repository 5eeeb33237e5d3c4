"""RTSP addresses of vendor devices: always on the host that we dial."""

from __future__ import annotations

from cameras.protocols.base import Endpoint

RTSP_PORT = 554


def rtsp_address(endpoint: Endpoint, path: str, port: int) -> str:
    """rtsp://host:port plus `path`."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"rtsp://{host}:{port}{path}"
