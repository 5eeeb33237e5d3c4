"""OpenAPI links: how an answer's id or number leads on to other calls. For readers of the description, and for its tests.

Made from the addresses alone: a list leads to its rows, a row to its steps and to the lists that can be
narrowed by it.
"""

from __future__ import annotations

import re
from typing import Any

FIRST_ROW, THIS_ROW = "$response.body#/results/0/", "$response.body#/"
# Which filters of lists mean a row of that resource.
FILTERS = {
    "sites": ("site",),
    "buildings": ("building",),
    "floors": ("floor",),
    "positions": ("position",),
    "devices": ("device", "recorder"),
    "channels": ("channel",),
}
_ROW = re.compile(r"(?P<list>.*/(?P<resource>[a-z-]+)/)\{(?P<key>id|number)\}/(?P<step>[a-z-]+/)?")


def document_links(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Hook of the schema: adds `links` to the answers that carry ids."""
    paths = result["paths"]
    for path in paths:
        found = _ROW.fullmatch(path)
        if found is None:
            continue
        key = found["key"]
        one = paths[f"{found['list']}{{{key}}}/"]["get"]
        if found["step"]:
            operation = paths[path].get("post") or paths[path]["get"]
            _link(one, "200", operation, key, THIS_ROW + key)
            continue
        _link(paths[found["list"]]["get"], "200", one, key, FIRST_ROW + key)
        if "post" in paths[found["list"]]:
            _link(paths[found["list"]]["post"], "201", one, key, THIS_ROW + key)
        for name in FILTERS.get(found["resource"], ()):
            for narrowed in _narrowed_by(paths, name):
                _link(one, "200", narrowed, name, THIS_ROW + key)
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
    # What a call must say in its head, such as for whom it asks, the next one says as well.
    said = {
        parameter["name"]: f"$request.header.{parameter['name']}"
        for parameter in target.get("parameters", ())
        if parameter["in"] == "header" and parameter.get("required")
    }
    links[f"{target['operationId']}_by_{name}"] = {
        "operationId": target["operationId"],
        "parameters": {name: value, **said},
    }
