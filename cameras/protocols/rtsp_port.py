"""On which port a vendor's device speaks RTSP: what a person set, else what the device tells, else 554."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from cameras.protocols.addresses import is_allowed_port
from cameras.protocols.base import DeviceError, Endpoint, LockedOut
from cameras.protocols.rtsp_address import RTSP_PORT

Teller = Callable[[], Awaitable[int | None]]


class RtspPort:
    """Asks its tellers once per conversation, one after the other, until one knows the port."""

    def __init__(self, endpoint: Endpoint, *tellers: Teller) -> None:
        self._found = endpoint.rtsp_port
        self._tellers = [*tellers]

    @property
    def is_known(self) -> bool:
        """Whether nothing has to be asked any more."""
        return self._found is not None

    def ask_also(self, teller: Teller) -> None:
        """Asks `teller` as well, after those that are known already."""
        self._tellers.append(teller)

    def note(self, port: int | None) -> None:
        """Takes a port that the device told in passing; what is known already stays."""
        if self._found is None and port is not None and is_allowed_port(port):
            self._found = port

    async def find(self) -> int:
        """The port. A teller that fails is passed over; LockedOut ends everything."""
        for teller in self._tellers:
            if self._found is not None:
                break
            try:
                self.note(await teller())
            except LockedOut:
                raise
            except DeviceError:
                continue
        self._found = self._found or RTSP_PORT
        return self._found


def port_in(url: str) -> int | None:
    """The port that stands in an address, None where there is none."""
    try:
        return urlsplit(url.strip()).port
    except ValueError:
        return None
