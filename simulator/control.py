"""A loopback door through which tests and the demo change a running campus.

One JSON object per line each way; every answer has "ok". `Control` is the caller's side; it is
synchronous and needs nothing of the applications.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.campus_file import moment, read_clock, read_gap
from simulator.faults import CATALOGUE, set_fault
from simulator.masks import put_masks
from simulator.world import Auth, Campus, SimDevice, SimUser

MAX_LINE = 4_000_000
_SETTABLE = {
    "maker",
    "model",
    "serial",
    "mac",
    "firmware",
    "name",
    "latency_ms",
    "lockout_after",
    "wsse_tolerance_s",
    "time_needs_auth",
    "uses_ntp",
    "ntp_servers",
}


def describe(campus: Campus, device: SimDevice) -> dict[str, Any]:
    """Return what the control server tells about a device."""
    return {
        "address": device.address,
        "key": device.key,
        "kind": device.kind.value,
        "dialect": device.dialect.value,
        "http_port": device.http_port,
        "rtsp_port": device.rtsp_port,
        "maker": device.maker,
        "model": device.model,
        "serial": device.serial,
        "mac": device.mac,
        "firmware": device.firmware,
        "name": device.name[:200],
        "faults": device.faults,
        "is_down": device.is_down(campus.now_ms()),
        "calls": device.calls,
        "at_once": device.at_once,
        "max_at_once": device.max_at_once,
        "connections": len(device.connections),
        "max_connections": device.max_connections,
        "rtsp": asdict(device.rtsp),
        "wrong_tries": device.wrong_tries,
        "channels": [each.number for each in device.channels],
    }


class ControlServer:
    """Listens on "PORT" of 127.0.0.1 (0 = a free one) or on a Unix socket: "unix:PATH" or just the path."""

    def __init__(self, campus: Campus, changed: Callable[[], Awaitable[None]]) -> None:
        self._campus = campus
        self._changed = changed
        self._server: asyncio.Server | None = None
        self.address = ""
        self._commands: dict[str, Callable[[dict[str, Any]], Any]] = {
            "devices": lambda _: [describe(campus, each) for each in campus.devices],
            "device": lambda order: describe(campus, self._device(order)),
            "catalogue": lambda _: CATALOGUE,
            "set_fault": self._set_fault,
            "clear_faults": self._clear_faults,
            "set_clock": self._set_clock,
            "set_auth": self._set_auth,
            "set_user": self._set_user,
            "set": self._set,
            "set_masks": self._set_masks,
            "add_gap": self._add_gap,
            "set_plan": self._set_plan,
            "kill": lambda order: campus.kill(self._device(order)),
            "revive": lambda order: campus.revive(self._device(order)),
            "reset_counts": self._reset_counts,
            "recorded": self._recorded,
        }

    async def start(self, at: str) -> None:
        """Begin to listen."""
        if at.isdigit():
            server = await asyncio.start_server(self._serve, "127.0.0.1", int(at), limit=MAX_LINE)
            self.address = str(server.sockets[0].getsockname()[1])
        else:
            path = at.removeprefix("unix:")
            Path(path).unlink(missing_ok=True)
            server = await asyncio.start_unix_server(self._serve, path, limit=MAX_LINE)
            self.address = path
        self._server = server

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None
            if not self.address.isdigit():
                Path(self.address).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._obey(line)
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _obey(self, line: bytes) -> dict[str, Any]:
        try:
            order = json.loads(line)
            result = self._commands[order["do"]](order)
            await self._changed()
        except (KeyError, ValueError, TypeError, OSError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return {"ok": True, "result": result}

    def _device(self, order: dict[str, Any]) -> SimDevice:
        return self._campus.device(order["device"])

    def _set_fault(self, order: dict[str, Any]) -> None:
        set_fault(self._device(order), order["fault"], order.get("value", True))

    def _clear_faults(self, order: dict[str, Any]) -> None:
        chosen = [self._device(order)] if "device" in order else self._campus.devices
        for each in chosen:
            each.faults.clear()

    def _set_clock(self, order: dict[str, Any]) -> None:
        self._device(order).clock = read_clock(order["clock"], self._campus.anchor_ms)

    def _set_auth(self, order: dict[str, Any]) -> None:
        self._device(order).auth = Auth(order["auth"])

    def _set_user(self, order: dict[str, Any]) -> None:
        device = self._device(order)
        if order.get("password") is None:
            device.users.pop(order["username"], None)
        else:
            level = order.get("level", "Administrator")
            device.users[order["username"]] = SimUser(order["password"], level)
        device.wrong_tries.pop(order["username"], None)

    def _set(self, order: dict[str, Any]) -> None:
        if order["name"] not in _SETTABLE:
            raise ValueError(f"cannot set {order['name']}")
        setattr(self._device(order), order["name"], order["value"])

    def _set_masks(self, order: dict[str, Any]) -> None:
        put_masks(
            self._device(order),
            int(order["areas"]),
            channel=int(order.get("channel", 1)),
            enabled=bool(order.get("enabled", True)),
        )

    def _add_gap(self, order: dict[str, Any]) -> None:
        self._change_plan(order, gaps=[read_gap(order["gap"], self._campus.anchor_ms)])

    def _set_plan(self, order: dict[str, Any]) -> None:
        locked = [
            (moment(a, self._campus.anchor_ms), moment(b, self._campus.anchor_ms))
            for a, b in order.get("locked", [])
        ]
        self._change_plan(order, retention_days=order.get("retention_days"), locked=locked)

    def _change_plan(
        self,
        order: dict[str, Any],
        *,
        gaps: list[Any] | None = None,
        retention_days: float | None = None,
        locked: list[tuple[int, int]] | None = None,
    ) -> None:
        device = self._device(order)
        for channel in device.channels:
            if order.get("channel") not in (None, channel.number):
                continue
            channel.plan = channel.plan.changed(gaps or [], retention_days, locked or [])

    def _reset_counts(self, order: dict[str, Any]) -> None:
        chosen = [self._device(order)] if "device" in order else self._campus.devices
        for each in chosen:
            each.calls = 0
            each.max_at_once, each.max_connections = each.at_once, len(each.connections)
            each.rtsp.sessions, each.rtsp.max_at_once = 0, each.rtsp.at_once
            each.wrong_tries.clear()

    def _recorded(self, order: dict[str, Any]) -> list[list[int]]:
        """Return the truth, for a test that compares: [start, end] in true milliseconds."""
        device = self._device(order)
        channel = device.channel(order["channel"])
        if channel is None:
            raise ValueError("no such channel")
        start, end = (moment(order[name], self._campus.anchor_ms) for name in ("start", "end"))
        files = self._campus.recorded(device, channel, start, end)
        return [[each.start_ms, each.end_ms] for each in files]


class ControlError(Exception):
    """The campus refused an order."""


class Control:
    """The caller's side: `Control("4711").do("kill", device="kayit-1")`."""

    def __init__(self, at: str, timeout_s: float = 10.0) -> None:
        if at.isdigit():
            self._socket = socket.create_connection(("127.0.0.1", int(at)), timeout_s)
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(timeout_s)
            self._socket.connect(at.removeprefix("unix:"))
        self._file = self._socket.makefile("rwb")

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def do(self, command: str, **arguments: Any) -> Any:
        """Send one order and return its result; raises ControlError."""
        order = {"do": command, **arguments}
        self._file.write(json.dumps(order).encode() + b"\n")
        self._file.flush()
        answer = json.loads(self._file.readline() or b'{"ok": false, "error": "hung up"}')
        if not answer["ok"]:
            raise ControlError(answer["error"])
        return answer["result"]
