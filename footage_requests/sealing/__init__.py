"""Turns a verified package into a sealed folder that anybody can check without this system."""

from __future__ import annotations

from .checking import Checked, Verdict, verify_folder
from .for_recipients import ForRecipient, build_for_recipient
from .manifest import Recipient, recipient_of
from .packing import seal_package

__all__ = [
    "Checked",
    "ForRecipient",
    "Recipient",
    "Verdict",
    "build_for_recipient",
    "recipient_of",
    "seal_package",
    "verify_folder",
]
