"""Device credentials. The one app that ever holds a device's plain password.

`login_for(device)` is for workers that are about to talk to the device; pages and answers never call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import CredentialParked, VaultError

if TYPE_CHECKING:
    from .logins import Login, login_for, park, store, unpark
    from .models import Credential
    from .pictures import open_picture

__all__ = [
    "Credential",
    "CredentialParked",
    "Login",
    "VaultError",
    "login_for",
    "open_picture",
    "park",
    "store",
    "unpark",
]


def __getattr__(name: str) -> Any:
    # Django imports this package before models may be loaded, so the names are found at first use.
    if name == "Credential":
        from .models import Credential

        return Credential
    if name == "open_picture":
        from .pictures import open_picture

        return open_picture
    if name in {"Login", "login_for", "park", "store", "unpark"}:
        from . import logins

        return getattr(logins, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
