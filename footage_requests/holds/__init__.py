"""Footage kept before anybody decides: what is still there, holding it, and the life of holds."""
