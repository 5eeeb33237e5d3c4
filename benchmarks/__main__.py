"""Lists the benchmarks: `python -m benchmarks`, or `bin/bench` without a name."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The benchmarks that `bin/bench NAME` runs."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def first_line(name: str) -> str:
    """What a benchmark measures, in its own words."""
    told = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text())) or ""
    return told.partition("\n")[0]


def main() -> None:
    print("bin/bench NAME runs one of these; docs/performance.md explains them.\n")
    for name in names():
        print(f"  {name:10} {first_line(name)}")


if __name__ == "__main__":
    main()
