"""The protocols that devices speak, and the two ways in: `open_device` to work, `probe` to look.

async with Transport() as transport:
    device = await open_device(transport, endpoint, login, manner=saved)
    if device.clock is not None:
        sample = await device.clock.read_clock()
    await device.close()
"""

from cameras.protocols.opened import CAPABILITIES, OpenDevice
from cameras.protocols.opening import PROTOCOLS, open_device
from cameras.protocols.probing import ProbeReport, probe

__all__ = ["CAPABILITIES", "PROTOCOLS", "OpenDevice", "ProbeReport", "open_device", "probe"]
