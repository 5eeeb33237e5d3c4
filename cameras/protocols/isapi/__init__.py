"""Hikvision's ISAPI (also HiWatch, LTS and other labels): recorders and cameras, read only.

Its times are the device's wall clock, `TimeBase.DEVICE_LOCAL`, although they end in "Z"; where a firmware
really writes UTC (`index_time`), they are converted here.
"""

from cameras.protocols.isapi.client import IsapiClient

__all__ = ["IsapiClient"]
