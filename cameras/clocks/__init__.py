"""Clocks of devices: measured, named, stored, and read for any past moment."""
