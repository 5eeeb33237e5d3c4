"""The rival of the sweep that most people would use: one `ONVIFCamera` of onvif-zeep per device.

Runs in a process of its own: it reads devices as JSON from its standard input and prints the CPU
seconds of each as JSON. Nothing of the product is loaded here.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

SEARCH = "http://www.onvif.org/ver10/search/wsdl"


def six_calls(host: str, port: int, username: str, password: str) -> str:
    """The six calls of the sweep; returns the serial number, as proof of an answer."""
    import onvif

    wsdl = Path(onvif.__file__).parent.parent / "wsdl"
    camera = onvif.ONVIFCamera(host, port, username, password, str(wsdl))
    camera.devicemgmt.GetSystemDateAndTime()
    services = camera.devicemgmt.GetServices({"IncludeCapability": False})
    serial: str = camera.devicemgmt.GetDeviceInformation().SerialNumber
    media = camera.create_media_service()
    profile = media.GetProfiles()[0].token
    media.GetSnapshotUri({"ProfileToken": profile})
    # onvif-zeep reads addresses from GetCapabilities, which does not name the services of Profile G.
    camera.xaddrs |= {told.Namespace: told.XAddr for told in services if told.Namespace == SEARCH}
    camera.create_search_service().GetRecordingSummary()
    return serial


def measure(devices: list[dict[str, Any]]) -> list[float]:
    """CPU seconds per device, in the order given."""
    seconds = []
    for device in devices:
        begin = time.process_time()
        serial = six_calls(device["host"], device["port"], device["username"], device["password"])
        seconds.append(time.process_time() - begin)
        if serial != device["serial"]:
            raise RuntimeError(f"{device['host']} answered with serial {serial}")
    return seconds


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
