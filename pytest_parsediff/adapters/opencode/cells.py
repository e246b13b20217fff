"""SQLite cells as text and as integers, whatever is stored in them.

Cells are read as text and parsed, as the program that defined the events does. TEXT
is fetched as bytes, because a store may hold bytes that are not UTF-8, which apsw
refuses to decode, and because identifiers must be handed back to SQLite unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_parsediff.core.errors import RowError, Where
from pytest_parsediff.core.event import SESSION_ERROR, Notice

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)

_INTEGER = re.compile(r"[+-]?[0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def cell(column: str) -> str:
    """Return the SQL that fetches *column*: TEXT as bytes, the rest as stored."""
    return f"CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) ELSE {column} END"


def replace_surrogates(text: str) -> str:
    """Put U+FFFD in the place of every surrogate, one for each invalid byte."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def parse_integer(text: str) -> int | None:
    """Return the 64-bit integer that *text* spells in decimal, or ``None``."""
    if _INTEGER.fullmatch(text) is None or len(text) > 4000:
        return None
    value = int(text)
    return value if INT64_MIN <= value <= INT64_MAX else None


@dataclass(frozen=True, slots=True)
class Codec:
    """How a database spells text.

    Attributes:
        encoding: Python's name of the database's text encoding.
    """

    encoding: str

    def raw(self, value: object) -> str:
        """Return *value* as text; invalid UTF-8 bytes become lone surrogates.

        ``NULL`` is empty. Encoding the result as UTF-8 with ``surrogateescape``
        gives the stored bytes back.
        """
        if value is None:
            return ""
        if isinstance(value, bytes):
            if self.encoding == "utf-8":
                return value.decode("utf-8", "surrogateescape")
            return value.decode(self.encoding, "replace")
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
            return str(int(value))  # larger ones would be spelled with an exponent
        return str(value)

    def text(self, value: object) -> str:
        """Return *value* as text; each invalid byte becomes U+FFFD."""
        return replace_surrogates(self.raw(value))

    def key(self, value: object) -> bytes:
        """Return the bytes that, cast to TEXT, equal the identifier *value*."""
        return (
            value if isinstance(value, bytes) else self.raw(value).encode(self.encoding)
        )

    def integer(self, value: object) -> int | None:
        """Return *value* as integer; NULL and blank are 0, anything else ``None``."""
        text = self.raw(value).strip()
        return parse_integer(text) if text else 0

    def is_real(self, value: object) -> bool:
        """Say whether *value* is empty or reads as a number."""
        text = self.raw(value).strip()
        try:
            float(text or "0")
        except ValueError:
            return False
        return "_" not in text


def unreadable(error: RowError, session: str) -> Notice:
    """Return what is told of a row that cannot be read, while the rest is."""
    return Notice(SESSION_ERROR, error.summary, session)


@dataclass(frozen=True, slots=True)
class RequiredCells:
    """Reads the cells that a row cannot do without.

    Attributes:
        codec: The text encoding of the database.
        place: The database, for error messages.
        table: The table that the rows are from.
    """

    codec: Codec
    place: Where
    table: str

    def identifier(self, column: str, value: object, row: object) -> bytes:
        """Return the key of *value*.

        Raises:
            RowError: PD423, the cell is NULL or blank.
        """
        key = self.key(value)
        if not key:
            raise self._error(column, value, row)
        return key

    def key(self, value: object) -> bytes:
        """Return the key of *value*; empty if the cell is NULL or blank."""
        return self.codec.key(value) if self.codec.raw(value).strip() else b""

    def integer(self, column: str, value: object, row: object) -> int:
        """Return *value* as integer.

        Raises:
            RowError: PD423, the cell is NULL, blank or not an integer.
        """
        number = parse_integer(self.codec.raw(value).strip())
        if number is None:
            raise self._error(column, value, row)
        return number

    def _error(self, column: str, value: object, row: object) -> RowError:
        found = "NULL" if value is None else repr(self.codec.text(value)[:60])
        place = f"{self.table}/{self.codec.text(row)}"
        return RowError(f"{place}: expected {column}, got {found}", self.place)
