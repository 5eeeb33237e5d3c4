"""`manage.py check --deploy` as production sees it: real key files, HTTPS, no warning tolerated."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path


def production_environment(folder: Path) -> dict[str, str]:
    """The smallest environment that the production profile accepts."""
    for name, text in {
        "secret_key": secrets.token_urlsafe(64),
        "vault_keys": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CCTV_PROFILE": "production",
        "DATA_DIR": str(folder),
        "SECRET_KEY_FILE": str(folder / "secret_key"),
        "VAULT_KEY_FILE": str(folder / "vault_keys"),
        "DATABASE_URL": f"sqlite:///{folder}/cctv.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "ALLOWED_HOSTS": "cctv.example.edu.tr",
        "HTTPS": "yes",
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            env=production_environment(Path(folder)),
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
