"""Key files: made once with mode 0600, read with a check that nobody else can read them."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path

from .environment import WrongSetting


def read_private(path: Path, *, setting: str) -> str:
    """The text of a key file. Raises WrongSetting when it is missing, empty or readable by others."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise WrongSetting(
            f"{setting} names {path}, which does not exist. Run bin/run once, or make it."
        ) from None
    except OSError as error:
        raise WrongSetting(f"{setting} names {path}: {error.strerror}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise WrongSetting(f"{path} ({setting}) can be read by others. Run: chmod 600 {path}")
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise WrongSetting(f"{path} ({setting}) cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongSetting(f"{path} ({setting}) is no text.") from None
    if not text:
        raise WrongSetting(f"{path} ({setting}) is empty.")
    return text


def _write_once(path: Path, text: str) -> None:
    """Creates the file with mode 0600; a file that is already there wins (two starts at once)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)


def _ensure(path: Path, text: str) -> None:
    try:
        if not path.exists():
            _write_once(path, text)
    except OSError as error:
        raise WrongSetting(f"{path} cannot be made: {error.strerror}. See DATA_DIR.") from None


def ensure_secret_key(path: Path) -> None:
    _ensure(path, secrets.token_urlsafe(64))


def ensure_vault_keys(path: Path) -> None:
    """One line per key: `key-id:base64 of 32 bytes`. The last line is the key for new secrets."""
    _ensure(path, f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}")
