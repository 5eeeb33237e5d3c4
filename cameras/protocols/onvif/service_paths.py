"""Where the services of a device are: the port that it means by its own, and paths on other ports."""

from __future__ import annotations

from cameras.protocols.addresses import path_on_device
from cameras.protocols.base import Endpoint, Untrusted


def port_of_its_own(endpoint: Endpoint, told: dict[str, str]) -> int | None:
    """The port under which the device believes to be reached; None where it does not tell."""
    addresses = [told["device"]] if told.get("device") else list(told.values())
    ports = set()
    for address in addresses:
        try:
            ports.add(path_on_device(endpoint, address)[1])
        except Untrusted:
            continue
    return ports.pop() if len(ports) == 1 else None


def split_port(path: str) -> tuple[str, int | None]:
    """`Manner.services` writes a service on another port of the same host as `:8899/path`."""
    if not path.startswith(":"):
        return path, None
    port, slash, rest = path[1:].partition("/")
    return slash + rest, int(port)
