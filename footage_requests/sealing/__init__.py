"""Turns a verified package into a sealed folder that anybody can check without this system."""

from __future__ import annotations

from .manifest import Recipient, recipient_of
from .packing import seal_package

__all__ = ["Recipient", "recipient_of", "seal_package"]
