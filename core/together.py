"""Many small questions to the database in one query.

A page such as Bugün asks a dozen unrelated things of a row or two each; the way to the database costs more
than the answers. Each stays a queryset of its own where it belongs; `ask` sends them as one statement, a part
of a UNION each, with the rows as JSON arrays.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Field, QuerySet

K = TypeVar("K", bound=Hashable)
Rows = list[tuple[Any, ...]]


def ask(questions: Mapping[K, QuerySet[Any]]) -> dict[K, Rows]:
    """The rows of each queryset, in its order, by one query. All must be of one database.

    Each is a `values_list` of numbers, texts, truths, dates and instants; JSON and binary columns, sums of
    decimals and unions are not understood. An extra column for the sake of ordering is not, either.
    """
    found: dict[K, Rows] = {key: [] for key in questions}
    parts: list[tuple[K, list[Field[Any, Any]]]] = []
    tables, selects, values = [], [], []
    using = next((rows.db for rows in questions.values()), "default")
    array = "json_build_array" if connections[using].vendor == "postgresql" else "json_array"
    for key, rows in questions.items():
        compiler = rows.query.get_compiler(using)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            continue
        fields = [column.output_field for column, _sql, _alias in compiler.select]
        number = len(parts)
        columns = ", ".join(f"c{index}" for index in range(len(fields)))
        tables.append(f"q{number}({columns}) AS ({sql})")
        # Only our own names and numbers are put together here; values stay parameters.
        selects.append(
            f"SELECT {number}, row_number() OVER (), {array}({columns}) FROM q{number}"  # noqa: S608
        )
        values += params
        parts.append((key, fields))
    if not parts:
        return found
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(tables)} {' UNION ALL '.join(selects)} ORDER BY 1, 2", values
        )
        for number, _place, row in cursor.fetchall():
            key, fields = parts[number]
            # SQLite hands text over, PostgreSQL's driver has read it already.
            read = json.loads(row) if isinstance(row, str) else row
            found[key].append(tuple(map(_value, fields, read)))
    return found


def _value(field: Field[Any, Any], value: Any) -> Any:
    reader = _READERS.get(field.get_internal_type())
    return value if value is None or reader is None else reader(value)


def _instant(text: str) -> dt.datetime:
    read = dt.datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


_READERS: dict[str, Callable[[Any], Any]] = {
    "BooleanField": bool,
    "DateField": dt.date.fromisoformat,
    "DateTimeField": _instant,
}
