"""ONVIF: identity, clock, recording index (Profile G), snapshots and stream addresses."""
