"""Talking to devices: ONVIF, Hikvision ISAPI, Dahua CGI and RTSP. No Django models in here."""
