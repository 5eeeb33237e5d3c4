"""Whole paths through the system in a real browser."""
