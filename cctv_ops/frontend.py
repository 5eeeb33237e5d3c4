"""Copies the few front-end files that pages use out of node_modules into static/vendor.

Nothing of a third party is committed: package-lock.json pins the files by hash, this makes them servable.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NODE_MODULES = BASE_DIR / "node_modules"
VENDOR = BASE_DIR / "static" / "vendor"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "@tabler/core/LICENSE": "tabler/LICENSE",
    "inter-ui/web/Inter-Regular.woff2": "inter/Inter-Regular.woff2",
    "inter-ui/web/Inter-Medium.woff2": "inter/Inter-Medium.woff2",
    "inter-ui/web/Inter-SemiBold.woff2": "inter/Inter-SemiBold.woff2",
    "inter-ui/web/Inter-Bold.woff2": "inter/Inter-Bold.woff2",
}

ICONS = [
    "adjustments",
    "alert-triangle",
    "antenna-bars-5",
    "arrow-back-up",
    "building",
    "calendar",
    "camera",
    "check",
    "chevron-down",
    "chevron-right",
    "circle-check",
    "circle-dashed",
    "circle-half",
    "circle-x",
    "clock",
    "clock-exclamation",
    "database",
    "device-cctv",
    "device-cctv-off",
    "device-desktop",
    "disc",
    "download",
    "external-link",
    "eye",
    "file-text",
    "filter",
    "hash",
    "help-circle",
    "history",
    "home",
    "inbox",
    "info-circle",
    "key",
    "language",
    "list-check",
    "lock",
    "login",
    "logout",
    "map-pin",
    "menu-2",
    "moon",
    "movie-off",
    "notes",
    "player-pause",
    "player-play",
    "player-skip-back",
    "player-skip-forward",
    "plug-connected",
    "plug-connected-x",
    "plus",
    "point",
    "printer",
    "refresh",
    "replace",
    "router",
    "search",
    "server",
    "settings",
    "shield-check",
    "shield-lock",
    "sun",
    "user",
    "users",
    "video",
    "video-off",
    "wave-sine",
    "x",
    "zoom-question",
]


def _find(pattern: str) -> Path:
    """The file, or the one of the same name elsewhere in its package (packages move their folders)."""
    wanted = NODE_MODULES / pattern
    if wanted.exists():
        return wanted
    package = "/".join(pattern.split("/")[: 2 if pattern.startswith("@") else 1])
    found = sorted((NODE_MODULES / package).rglob(wanted.name))
    if not found:
        sys.exit(
            f"{pattern} is not in node_modules: package-lock.json and cctv_ops/frontend.py disagree."
        )
    return found[0]


def _sprite() -> str:
    """One SVG with a <symbol> per icon: `<svg><use href="...sprite.svg#icon-camera"/></svg>`."""
    symbols = []
    for name in ICONS:
        text = _find(f"@tabler/icons/icons/outline/{name}.svg").read_text()
        inner = re.sub(
            r"<!--.*?-->|</?svg[^>]*>|<path stroke=\"none\"[^>]*/>", "", text, flags=re.S
        )
        symbols.append(f'<symbol id="icon-{name}" viewBox="0 0 24 24">{inner.strip()}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def main() -> None:
    for source, target in FILES.items():
        destination = VENDOR / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        text = _find(source).read_bytes()
        if destination.suffix in {".css", ".js"}:
            # Source maps are not shipped, and the manifest storage would look for them.
            text = re.sub(rb"(/\*|//)# sourceMappingURL=\S+( \*/)?", b"", text)
        destination.write_bytes(text)
    (VENDOR / "icons").mkdir(exist_ok=True)
    (VENDOR / "icons" / "sprite.svg").write_text(_sprite())
    shutil.copyfile(_find("@tabler/icons/LICENSE"), VENDOR / "icons" / "LICENSE")


if __name__ == "__main__":
    main()
