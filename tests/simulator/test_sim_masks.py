"""The simulated devices show one state of their masks in three dialects: on, off, absent."""

import pytest

from cameras.protocols.base import Channel, Endpoint, Login, Manner, NotSupported
from cameras.protocols.http import Transport
from cameras.protocols.opening import PROTOCOLS
from core.secret import Secret
from simulator.faults import set_fault
from simulator.generator import PASSWORD, USERNAME
from simulator.masks import put_masks
from simulator.recording import RecordingPlan
from simulator.running import RunningCampus
from simulator.world import Dialect
from tests.simulator.http_probe import one_recorder


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_masks_are_on_off_or_absent(dialect: Dialect) -> None:
    """REC-5b."""
    campus, device = one_recorder(dialect, RecordingPlan())
    put_masks(device, 2)
    async with RunningCampus(campus, rtsp="none", discovery_port=0), Transport() as transport:
        endpoint = Endpoint(device.address, device.http_port)
        login = Login(USERNAME, Secret(PASSWORD))
        client = PROTOCOLS[dialect.value](transport.to(endpoint, login, Manner()))
        assert await client.masks(Channel(1)) == 2
        put_masks(device, 2, enabled=False)
        assert await client.masks(Channel(1)) == 0
        put_masks(device, 0)
        assert await client.masks(Channel(1)) == 0
        set_fault(device, "no_masks")
        with pytest.raises(NotSupported):
            await client.masks(Channel(1))
        await client.close()
