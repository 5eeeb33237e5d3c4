"""Stored codes as plain sentences."""
