"""A campus of cameras and recorders on loopback that speak ONVIF, ISAPI, Dahua CGI and RTSP.

It imports nothing of the applications, so that it cannot be friendlier to them than a real device.
"""
