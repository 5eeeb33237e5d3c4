"""Doors to the inventory: they parse, authorise, call one method and answer."""
