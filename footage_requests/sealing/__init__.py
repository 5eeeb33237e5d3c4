"""Turns a verified package into a sealed folder that anybody can check without this system.

What stands here is loaded when it is asked for: who fetches and joins footage reads films with modules of this
package, and has no use for signatures and time stamps, which take 7 MB of every process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_STANDS_IN = {
    **dict.fromkeys(("Checked", "Verdict", "verify_folder"), "checking"),
    **dict.fromkeys(("ForRecipient", "build_for_recipient"), "for_recipients"),
    **dict.fromkeys(("Recipient", "recipient_of"), "manifest"),
    "seal_package": "packing",
}


def __getattr__(name: str) -> Any:
    if name not in _STANDS_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_STANDS_IN[name]}"), name)
