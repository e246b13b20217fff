"""What a schema says of its tables, as far as rows can be made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import apsw

from pytest_parsediff.core.store import build_image
from pytest_parsediff.laws.images import Table, in_memory, quote, tables_of

#: ``CHECK (column IN ('a', 'b'))``, wherever it stands in the text of a table.
_ONE_OF = re.compile(
    r"""CHECK\s*\(\s*["`\[]?(\w+)["`\]]?\s+IN\s*\(((?:\s*'(?:[^']|'')*'\s*,?)+)\)""",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: As in the schema.
        kind: Affinity: ``INTEGER``, ``REAL``, ``TEXT``, ``BLOB`` or ``NUMERIC``
            (https://sqlite.org/datatype3.html section 3.1).
        may_be_null: Whether NULL is allowed.
        is_key: Whether it is part of the primary key.
        refers: Table and column that it names a row of; ``None`` if none.
        one_of: Values that a CHECK allows; empty if it says nothing of the kind.
    """

    name: str
    kind: str
    may_be_null: bool
    is_key: bool
    refers: tuple[str, str] | None
    one_of: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """One table.

    Attributes:
        name: As in the schema.
        columns: In order.
        row: SQL that finds a row: ``rowid``, or the columns of its key.
        is_only_key: Whether rows are unique by their primary key and nothing else.
    """

    name: str
    columns: tuple[Column, ...]
    row: str
    is_only_key: bool

    @property
    def quoted(self) -> str:
        """The name as an identifier."""
        return quote(self.name)


def read_shapes(schema_sql: str) -> list[TableShape]:
    """Return the tables that *schema_sql* makes, those that are named before others.

    Raises:
        FixtureSQLError: PD201, SQLite refuses the script.
    """
    image = build_image(schema_sql.encode(), Path("schema.sql")).main
    with in_memory(image) as connection:
        tables = tables_of(connection)
        keys = {one.name.lower(): one for one in tables}
        shapes = []
        for table in tables:
            declared = _declared(connection, table.name)
            columns = []
            for name, kind, not_null, pk in _columns(connection, table.name):
                refers = declared.get(name.lower())
                if refers is None and not pk and name.lower().endswith("_id"):
                    other = keys.get(name.lower().removesuffix("_id"))
                    if other is not None and len(other.keys) == 1:
                        refers = other.name, other.keys[0]
                columns.append(
                    Column(
                        name=name,
                        kind=_affinity(kind),
                        may_be_null=not not_null and not pk,
                        is_key=bool(pk),
                        refers=refers,
                        one_of=_allowed(connection, table.name).get(name.lower(), ()),
                    )
                )
            row = ", ".join(table.row_columns).replace("_rowid_", "rowid")
            shapes.append(
                TableShape(
                    name=table.name,
                    columns=tuple(columns),
                    row=row,
                    is_only_key=bool(table.keys) and not _others(connection, table),
                )
            )
    return _in_order(shapes)


def _columns(
    connection: apsw.Connection, table: str
) -> list[tuple[str, str, bool, int]]:
    rows = connection.execute(
        'SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,)
    ).fetchall()
    return [
        (str(name), str(kind), bool(not_null), int(str(pk)))
        for name, kind, not_null, pk in rows
    ]


def _others(connection: apsw.Connection, table: Table) -> bool:
    """Return whether anything but the primary key is unique."""
    found = connection.execute(
        "SELECT 1 FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk'",
        (table.name,),
    ).fetchall()
    return bool(found)


def _declared(connection: apsw.Connection, table: str) -> dict[str, tuple[str, str]]:
    """Return what each column of a foreign key refers to."""
    rows = connection.execute(
        'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (table,)
    ).fetchall()
    found = {}
    for own, other, column in rows:
        named = str(column)
        if column is None:  # the primary key of the other table
            keys = [n for n, _, _, pk in _columns(connection, str(other)) if pk]
            named = keys[0] if keys else "rowid"
        found[str(own).lower()] = str(other), named
    return found


def _allowed(connection: apsw.Connection, table: str) -> dict[str, tuple[str, ...]]:
    sql = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE name = ?", (table,)
    ).get
    return {
        found[1].lower(): tuple(
            literal.replace("''", "'") for literal in _LITERAL.findall(found[2])
        )
        for found in _ONE_OF.finditer(str(sql))
    }


def _affinity(declared: str) -> str:
    """Return the affinity of a declared type (datatype3.html section 3.1, in order)."""
    text = declared.upper()
    for kind, parts in (
        ("INTEGER", ("INT",)),
        ("TEXT", ("CHAR", "CLOB", "TEXT", "JSON")),
        ("BLOB", ("BLOB",)),
        ("REAL", ("REAL", "FLOA", "DOUB")),
    ):
        if any(part in text for part in parts):
            return kind
    return "NUMERIC" if text else "BLOB"


def _in_order(shapes: list[TableShape]) -> list[TableShape]:
    """Return *shapes* such that a table comes after those it refers to, if it can."""
    done: list[TableShape] = []
    left = list(shapes)
    while left:
        names = {shape.name.lower() for shape in left}
        free = [shape for shape in left if not _needs(shape) & names]
        taken = free or left[:1]
        done += taken
        left = [shape for shape in left if shape not in taken]
    return done


def _needs(shape: TableShape) -> set[str]:
    found = {c.refers[0].lower() for c in shape.columns if c.refers is not None}
    return found - {shape.name.lower()}
