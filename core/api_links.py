"""OpenAPI links: how an answer's id leads on to other calls. For readers of the description, and for its tests.

Made from the addresses alone: a list leads to its rows, a row to its steps and to the lists that can be
narrowed by it.
"""

from __future__ import annotations

import re
from typing import Any

FIRST_ROW, THIS_ROW = "$response.body#/results/0/id", "$response.body#/id"
# Which filters of lists mean a row of that resource.
FILTERS = {
    "sites": ("site",),
    "buildings": ("building",),
    "floors": ("floor",),
    "positions": ("position",),
    "devices": ("device", "recorder"),
    "channels": ("channel",),
}
_ROW = re.compile(r"(?P<list>.*/(?P<resource>[a-z-]+)/)\{id\}/(?P<step>[a-z-]+/)?")


def document_links(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Hook of the schema: adds `links` to the answers that carry ids."""
    paths = result["paths"]
    for path in paths:
        found = _ROW.fullmatch(path)
        if found is None:
            continue
        if found["step"]:
            step = paths[path]["post"]
            _link(paths[f"{found['list']}{{id}}/"]["get"], "200", step, "id", THIS_ROW)
            continue
        row = paths[path]["get"]
        _link(paths[found["list"]]["get"], "200", row, "id", FIRST_ROW)
        if "post" in paths[found["list"]]:
            _link(paths[found["list"]]["post"], "201", row, "id", THIS_ROW)
        for name in FILTERS.get(found["resource"], ()):
            for narrowed in _narrowed_by(paths, name):
                _link(row, "200", narrowed, name, THIS_ROW)
    return result


def _narrowed_by(paths: dict[str, Any], name: str) -> list[dict[str, Any]]:
    gets = [methods["get"] for methods in paths.values() if "get" in methods]
    return [
        get
        for get in gets
        if any(p["in"] == "query" and p["name"] == name for p in get.get("parameters", ()))
    ]


def _link(
    source: dict[str, Any], status: str, target: dict[str, Any], name: str, value: str
) -> None:
    links = source["responses"][status].setdefault("links", {})
    links[f"{target['operationId']}_by_{name}"] = {
        "operationId": target["operationId"],
        "parameters": {name: value},
    }
