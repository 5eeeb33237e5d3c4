"""Orders that databases do not know by themselves: Turkish words, and IP addresses as numbers.

PostgreSQL sorts words by a collation of its own (`turkish`, made by a migration of the accounts from ICU's
Turkish rules, numbers inside words as numbers) and addresses as `inet`. SQLite calls the functions that
`register` gives every connection; they turn a text into a key that sorts by its bytes.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func

from .text import sort_key

CREATE_COLLATION = "CREATE COLLATION IF NOT EXISTS turkish (provider = icu, locale = 'tr-u-kn')"
DROP_COLLATION = "DROP COLLATION IF EXISTS turkish"


class Turkish(Func):
    """A text in the order of the Turkish alphabet: c ç, g ğ, ı i, o ö, s ş, u ü."""

    function = "turkish_key"
    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template='%(expressions)s COLLATE "turkish"', **context
        )


class ByAddress(Func):
    """An IP address or a range as a number: 10.0.0.9 before 10.0.0.10."""

    function = "address_key"
    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)::inet", **context)


def register(sender: Any, connection: BaseDatabaseWrapper, **_told: Any) -> None:
    """Gives a new connection to SQLite the two functions. For Django's signal connection_created."""
    if connection.vendor == "sqlite":
        for name, key in (("turkish_key", turkish_key), ("address_key", address_key)):
            connection.connection.create_function(name, 1, key, deterministic=True)


@lru_cache(maxsize=50_000)
def turkish_key(text: str | None) -> bytes | None:
    """Bytes that sort as the text does in Turkish; what sorts alike is told apart by the text itself."""
    if text is None:
        return None
    numbers, same = sort_key(text)
    return b"".join(number.to_bytes(3) for number in numbers) + b"\0\0\0" + same.encode()


@lru_cache(maxsize=50_000)
def address_key(text: str | None) -> bytes | None:
    """Bytes that sort as the address or range does; what is none comes last."""
    if text is None:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
        lowest = ipaddress.ip_interface(text).ip
    except ValueError:
        return b"\xff" + text.encode()
    return bytes([network.version]) + lowest.packed + bytes([network.prefixlen])
