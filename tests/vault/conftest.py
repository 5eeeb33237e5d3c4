"""A key file of its own for every test."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WriteKeys = Callable[..., Path]


@pytest.fixture
def write_keys(settings: Any, tmp_path: Path) -> WriteKeys:
    """Writes a key file with these ids (the same id keeps its key) and points the settings at it."""
    made: dict[str, str] = {}
    path = tmp_path / "vault_keys"

    def write(*ids: str) -> Path:
        for key_id in ids:
            made.setdefault(key_id, base64.b64encode(secrets.token_bytes(32)).decode())
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("".join(f"{key_id}:{made[key_id]}\n" for key_id in ids))
        return path

    settings.VAULT_KEY_FILE = path
    write("k1")
    return write
