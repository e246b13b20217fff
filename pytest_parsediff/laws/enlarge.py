"""The same store with many more rows."""

from __future__ import annotations

import apsw

#: Larger integers are taken for moments, in seconds or smaller units.
_MOMENTS = 100_000_000
#: So much older is each copy than the one before it, in the unit of the column.
_AGE = 3_600_000


def enlarge(image: bytes, factor: int = 10, *, is_older: bool = False) -> bytes:
    """Return *image* with each table's rows *factor* times, under new keys.

    Text keys get a suffix, integer keys go on from the largest. A row that a unique
    index refuses is left out, so a table may grow less, or not at all.

    Args:
        image: Content of a database file.
        factor: At least 1.
        is_older: Whether what looks like a moment is earlier in the new rows; else they
            have that of the row they are a copy of.
    """
    connection = apsw.Connection(":memory:")
    try:
        journal, plain = image[18:20], image[:18] + b"\x01\x01" + image[20:]
        connection.deserialize("main", plain)  # memory has no WAL
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall():
            for number in range(1, factor):
                _copy_rows(connection, str(table), number, is_older=is_older)
        content = bytes(connection.serialize("main"))
    finally:
        connection.close()
    return content[:18] + journal + content[20:]


def _copy_rows(
    connection: apsw.Connection, table: str, number: int, *, is_older: bool
) -> None:
    """Add a copy of the table's first generation of rows."""
    columns = [
        (str(name), bool(is_key))
        for name, is_key in connection.execute(
            "SELECT name, pk FROM pragma_table_info(?)", (table,)
        )
    ]
    quoted = ", ".join(_quote(name) for name, _ in columns)
    keys = [name for name, is_key in columns if is_key]
    values = ", ".join(
        _new_key(_quote(name), number)
        if name in keys[-1:]
        else _older(_quote(name), number * is_older)
        for name, _ in columns
    )
    if not keys and number > 1:  # without a key copies cannot be told apart
        return
    where = " AND ".join(
        f"{_quote(key)} NOT LIKE '%-copy%' AND ({_quote(key)} < 1000000000"
        f" OR typeof({_quote(key)}) <> 'integer')"
        for key in keys[-1:]
    )
    connection.execute(
        f"INSERT OR IGNORE INTO {_quote(table)} ({quoted})"  # noqa: S608 - quoted
        f" SELECT {values} FROM {_quote(table)} WHERE {where or 'true'}"
    ).fetchall()


def _new_key(column: str, number: int) -> str:
    return (
        f"CASE typeof({column}) WHEN 'integer'"
        f" THEN {column} + {number} * 1000000000 ELSE {column} || '-copy{number}' END"
    )


def _older(column: str, number: int) -> str:
    if not number:
        return column
    return (
        f"CASE WHEN typeof({column}) = 'integer' AND {column} > {_MOMENTS}"
        f" THEN {column} - {number * _AGE} ELSE {column} END"
    )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
