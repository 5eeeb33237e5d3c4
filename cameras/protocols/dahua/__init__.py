"""Dahua's CGI interface (also Amcrest, Lorex, Imou): recorders and cameras, read only.

Its times are the device's wall clock: `TimeBase.DEVICE_LOCAL`.
"""

from cameras.protocols.dahua.client import DahuaClient

__all__ = ["DahuaClient"]
