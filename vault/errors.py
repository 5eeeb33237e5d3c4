"""How the vault fails.

VaultError
├── KeyMissing        no key of that id in VAULT_KEY_FILE, or the file cannot be used
├── NotOpened         changed, or sealed for another row, table or field
└── CredentialParked  the device refused this login; it is not tried until it changes or a person retries
"""

from __future__ import annotations


class VaultError(Exception):
    """Base of the vault's errors. Messages never contain a secret or a ciphertext."""


class KeyMissing(VaultError):
    """The key that sealed a value is not in the key file, or the file cannot be used."""


class NotOpened(VaultError):
    """AES-GCM refused: the bytes were changed, or belong to another row, table or field."""


class CredentialParked(VaultError):
    """The login must not be tried. `reason` is what the device answered."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The login is parked: {reason}")
