"""Checks a package as its receiver would: with the very verifier that lies in every package.

The verifier shares no code with what makes packages; here it only learns which authority is ours.
"""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from . import keys
from .packing import SCRIPTS


class Verdict(IntEnum):
    """How a check ended; the numbers are the exit codes of the commands."""

    VERIFIED = 0
    PARTLY = 1
    NOT_VERIFIED = 2
    CANNOT_CHECK = 3


@dataclass(frozen=True)
class Checked:
    """The verdict and every single answer: "ok", "?" or "BAD" with its sentence."""

    verdict: Verdict
    lines: list[tuple[str, str]]


def verify_folder(path: Path, fingerprint: str | None = None) -> Checked:
    """Checks an unpacked folder or an inner package.zip. `fingerprint` default: that of our own authority.

    Reads everything, streamed. Never raises for a bad package.
    """
    program = verifier()
    lines: list[tuple[str, str]] = []

    def tell(state: str, sentence: str) -> None:
        lines.append((state.strip(), sentence))

    if fingerprint is None:
        with suppress(keys.KeyProblem):
            fingerprint = keys.fingerprint(keys.authority_certificate())
    try:
        code = program.run(program.Files(path), fingerprint, tell)
    except program.EXPECTED as error:
        return Checked(Verdict.CANNOT_CHECK, [*lines, ("?", str(error))])
    return Checked(Verdict(code), lines)


@cache
def verifier() -> ModuleType:
    """The program that lies in every package, loaded as it is."""
    path = SCRIPTS / "verify.py"
    spec = importlib.util.spec_from_file_location("package_verifier", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
