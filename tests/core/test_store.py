"""Building databases from SQL: what is refused, and where exactly."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.config import Journal
from pytest_parsediff.core.errors import (
    BuildTimeError,
    FixtureEncodingError,
    FixtureSQLError,
    ForbiddenSQLError,
    JournalConflictError,
    OpenTransactionError,
    ParsediffError,
    ValueTooLargeError,
)
from pytest_parsediff.core.store import (
    BuildLimits,
    Image,
    build_image,
    clone,
    sqlite_version,
)

PLACE = Path("a [b] é/fixture.sql")
#: SQLite that stores are built with, for what differs between its versions.
SQLITE = tuple(map(int, sqlite_version().split(".")))


def build(script: str | bytes, **options: object) -> Image:
    """Return the image of *script*."""
    data = script.encode() if isinstance(script, str) else script
    return build_image(data, PLACE, **options)  # type: ignore[arg-type]


def rows(image: Image, query: str) -> list[tuple[object, ...]]:
    """Return what another library than the building one reads from *image*."""
    with sqlite3.connect(":memory:") as connection:
        main = image.main[:18] + b"\x01\x01" + image.main[20:]
        connection.deserialize(main)
        found = connection.execute(query).fetchall()
    connection.close()
    return found


# --- what is built ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("CREATE TABLE t(a); INSERT INTO t VALUES (1)", [(1,)]),
        ("CREATE TABLE t(a);\r\nINSERT INTO t VALUES (1);\r\n-- end", [(1,)]),
        ("\ufeffCREATE TABLE t(a);INSERT INTO t VALUES ('é;😀');", [("é;😀",)]),
        (
            "CREATE TABLE t(a);;; /* ; */ INSERT INTO t VALUES ('a''; --'); /* x",
            [("a'; --",)],
        ),
        ("CREATE TABLE t(a);INSERT INTO t VALUES ('\n--x;\n');", [("\n--x;\n",)]),
        ("CREATE TABLE t(a);INSERT INTO t VALUES (x'00ff');", [(b"\x00\xff",)]),
        ('CREATE TABLE t("a;b");INSERT INTO t("a;b") VALUES (NULL);', [(None,)]),
        ("BEGIN;CREATE TABLE t(a);INSERT INTO t VALUES (1.5);COMMIT;", [(1.5,)]),
        ("CREATE TABLE t(a);BEGIN;INSERT INTO t VALUES (1);ROLLBACK;", []),
        ("CREATE TABLE t(a);SAVEPOINT x;INSERT INTO t VALUES (1);RELEASE x", [(1,)]),
        ("CREATE TABLE t(a);INSERT INTO t VALUES (1) RETURNING a;SELECT 1;", [(1,)]),
        ("CREATE TABLE t(a);INSERT INTO t VALUES (1);VACUUM;SELECT 1", [(1,)]),
        ("CREATE TABLE t(a);explain insert into t values (1)", []),
        (
            (
                "CREATE TABLE t(a);CREATE TABLE u(a);"
                "CREATE TRIGGER x AFTER INSERT ON u BEGIN INSERT INTO t VALUES (NEW.a);"
                " INSERT INTO t VALUES ('end;'); END;\nINSERT INTO u VALUES (1);"
            ),
            [(1,), ("end;",)],
        ),
        ("CREATE TABLE t(a);PRAGMA user_version = 7;PRAGMA foreign_keys = ON", []),
    ],
)
def test_scripts(script: str, expected: list[tuple[object, ...]]) -> None:
    """SQLite's own tokenizer cuts the script, not a look for semicolons."""
    assert expected == rows(build(script), "SELECT * FROM t")


@pytest.mark.parametrize("script", ["", "\n", "-- nothing", "/* ; */", ";;", "\ufeff"])
def test_empty_scripts(script: str) -> None:
    """A store without tables is a database all the same."""
    assert [] == rows(build(script), "SELECT name FROM sqlite_schema")


def test_image() -> None:
    """The digest is that of the bytes, and equal scripts give equal bytes."""
    image = build("CREATE TABLE t(a)")
    assert hashlib.sha256(image.main).digest() == image.digest
    assert image == build("CREATE TABLE t(a)")
    assert image.main.startswith(b"SQLite format 3\0")


def test_settings_of_the_file_are_kept() -> None:
    """Page size, encoding and version are what the script says."""
    script = "PRAGMA page_size=512;PRAGMA encoding='UTF-16le';PRAGMA user_version=7;"
    image = build(script + "CREATE TABLE t(a);INSERT INTO t VALUES('é')")
    assert (512).to_bytes(2, "big") == image.main[16:18]
    assert [("UTF-16le",)] == rows(image, "PRAGMA encoding")
    assert [(7,)] == rows(image, "PRAGMA user_version")
    assert [("é",)] == rows(image, "SELECT a FROM t")


# --- journal modes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "journal", "expected"),
    [
        ("", None, "delete"),
        ("", "wal", "wal"),
        ("", "delete", "delete"),
        ("PRAGMA journal_mode=wal;", None, "wal"),
        ("pragma JOURNAL_MODE = WaL;", None, "wal"),
        ("PRAGMA Journal_Mode('WAL');", "wal", "wal"),
        ('PRAGMA main."journal_mode"="Wal";', None, "wal"),
        ("PRAGMA [journal_mode](wal);", None, "wal"),
        ("PRAGMA journal_mode=wal;PRAGMA journal_mode=DELETE;", None, "delete"),
        ("PRAGMA journal_mode=truncate;", "delete", "delete"),
        ("PRAGMA journal_mode=memory;", None, "delete"),
        ("PRAGMA journal_mode;", "wal", "wal"),
        ("PRAGMA journal_mode=nonsense;", "wal", "wal"),
        (
            "/* PRAGMA journal_mode=wal; */ SELECT 'PRAGMA journal_mode=wal';",
            None,
            "delete",
        ),
    ],
)
def test_journal(script: str, journal: Journal | None, expected: str) -> None:
    """The script's own pragma counts, else the setting, else a rollback journal."""
    image = build(script + "CREATE TABLE t(a)", journal=journal)
    assert expected == image.journal
    assert (b"\x02\x02" if expected == "wal" else b"\x01\x01") == image.main[18:20]


@pytest.mark.parametrize(
    ("mode", "journal"), [("WAL", "delete"), ("Delete", "wal"), ("off", "wal")]
)
def test_journal_conflict(mode: str, journal: Journal) -> None:
    """Two settings that contradict each other are refused, not weighed."""
    with pytest.raises(JournalConflictError, match="PD206") as caught:
        build(f"PRAGMA journal_mode={mode}; CREATE TABLE t(a)", journal=journal)
    assert f"'{mode.lower()}'" in caught.value.message


# --- where the error is -----------------------------------------------------------------

T = "CREATE TABLE t(a UNIQUE, b CHECK (b > 1));\n"


@pytest.mark.parametrize(
    ("script", "place", "message"),
    [
        ("selec 1", "1:1", 'near "selec"'),
        ("\nselec 1", "2:1", 'near "selec"'),
        ("SELECT 1;\n  selec 1;", "2:3", 'near "selec"'),
        ("SELECT 1; SELECT 2 SELECT 3", "1:20", 'near "SELECT"'),
        ("SELECT 'é', nope", "1:13", "no such column: nope"),
        ("-- é 😀\nSELECT '😀'; SELECT 'é' , nope", "2:26", "no such column: nope"),
        ("SELECT 1;\r\n\r\n  INSERT INTO é VALUES (1);\r\n", "3:3", "no such table: é"),
        ("\ufeffSELECT 1;\n selec 2", "2:2", 'near "selec"'),
        ("SELECT 'unterminated", "1:8", "unrecognized token"),
        (
            "/* c */ /* d */\n-- e\n ; INSERT INTO t VALUES (1);",
            "3:4",
            "no such table: t",
        ),
        (" ;\n ; -- x\n INSERT INTO t VALUES (1);", "3:2", "no such table: t"),
        (T + "INSERT INTO t(a) VALUES (1),(1)", "2:1", "UNIQUE constraint failed"),
        (T + "  /* c\n */ INSERT INTO t(a) VALUES (1),(1);", "3:5", "UNIQUE"),
        (T + "INSERT INTO t(b) VALUES (1);\n" * 2, "2:1", "CHECK constraint failed"),
        (
            T
            + "INSERT INTO t(b) VALUES (2);\n SELECT abs(-9223372036854775808);\n SELECT 1",
            "3:2",
            "integer overflow",
        ),
        (
            T + "SELECT abs(-9223372036854775808); -- tail\n -- more\n",
            "2:1",
            "integer over",
        ),
        (
            T + "SELECT abs(-9223372036854775808);\nSELECT * FROM nope",
            "2:1",
            "integer over",
        ),
        ("SELECT 1;\n COMMIT;\n SELECT 2;", "2:2", "no transaction is active"),
        ("BEGIN;\n BEGIN;\n", "2:2", "within a transaction"),
        ("SELECT 1;\n  explain explain SELECT 1;", "2:11", 'near "explain"'),
        ("SELECT 1;\n SELECT ?1;", "2:2", "binding"),
        (
            (
                "CREATE TABLE u(a);\nCREATE TRIGGER x AFTER INSERT ON u BEGIN SELECT 1;"
                " SELECT nope.a; END;\n SELECT 1;\n INSERT INTO u VALUES (1);\nSELECT 2;"
            ),
            "4:2",
            "no such column: nope.a",
        ),
        (
            (
                "CREATE TABLE u(a);\nCREATE TRIGGER x AFTER INSERT ON u BEGIN SELECT 1;"
                " SELECT raise(ABORT, 'é;'); END;\n INSERT INTO u VALUES (1);\nSELECT 2;"
            ),
            "3:2",
            "é;",
        ),
        (
            (
                "CREATE TABLE p(a PRIMARY KEY);PRAGMA foreign_keys=ON;\n"
                "CREATE TABLE c(a REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nBEGIN;\n"
                "INSERT INTO c VALUES (1);\n  COMMIT;\nSELECT 3;"
            ),
            "5:3",
            "FOREIGN KEY constraint failed",
        ),
    ],
)
def test_sql_errors_have_line_and_column(script: str, place: str, message: str) -> None:
    """The place is that of the token, or of the statement; both 1-based characters."""
    with pytest.raises(FixtureSQLError, match="PD201") as caught:
        build(script)
    assert f"PD201: {PLACE}:{place}: " in caught.value.headline
    assert message in caught.value.message


FILLER = st.sampled_from(
    [
        " ",
        "\n",
        "\r\n",
        "\t",
        ";",
        "-- é;\n",
        "/* 😀; '\n */",
        "SELECT 'a;é\n''x';",
        'SELECT 1 AS "x;\n/*";\r\n',
        "CREATE TABLE IF NOT EXISTS f(a); ",
        "CREATE TEMP TRIGGER IF NOT EXISTS tr AFTER INSERT ON f BEGIN SELECT 1; END;\n",
    ]
)


@given(st.lists(FILLER), st.booleans())
def test_the_place_of_an_error_does_not_depend_on_what_is_around_it(
    before: list[str], compiled: bool
) -> None:
    """Any comments, literals and statements before it are counted right."""
    head = "CREATE TABLE f(a);" + "".join(before)
    failing = "SELECT nope;" if compiled else "SELECT abs(-9223372036854775808);"
    with pytest.raises(FixtureSQLError, match="PD201") as caught:
        build(f"{head}{failing}\nSELECT 1;")
    position = len(head) + (len("SELECT ") if compiled else 0)
    where = caught.value.where
    assert where is not None
    line = head.count("\n") + 1
    assert (line, position - head.rfind("\n")) == (where.line, where.column)


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("BEGIN;\nCREATE TABLE t(a);\n\n", 2),
        ("BEGIN;\r\nCREATE TABLE t(a)\r\n\r\n \r\n", 2),
        ("SAVEPOINT x", 1),
    ],
)
def test_an_open_transaction_is_refused(script: str, line: int) -> None:
    """Its rows would be lost without a word; the place is the end of the script."""
    with pytest.raises(OpenTransactionError, match=f"PD207: .*fixture.sql:{line}: the"):
        build(script)


@pytest.mark.parametrize(
    ("script", "line", "message"),
    [
        (b"SELECT 1;\nSELECT '\xff'", 2, "byte 0xff is not UTF-8"),
        (b"\n\xff", 2, "byte 0xff is not UTF-8"),
        (b"\n\0", 2, "a NUL character ends SQL"),
        (b"\xef\xbb\xbfa\n\xfe", 2, "byte 0xfe is not UTF-8"),
        ("SELECT 'é'".encode("utf-16"), 1, "byte 0xff is not UTF-8"),
        ("SELECT 1".encode("utf-16-le"), 1, "a NUL character ends SQL"),
        (b"\n\nSELECT '\0'", 3, "a NUL character ends SQL"),
        (b"\xed\xa0\x80", 1, "byte 0xed is not UTF-8"),
    ],
)
def test_what_is_not_text(script: bytes, line: int, message: str) -> None:
    """A script that is not UTF-8 is refused with the line of the first bad byte."""
    with pytest.raises(FixtureEncodingError, match=f"PD205: .*sql:{line}: {message}"):
        build(script)


# --- what is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ATTACH 'x.db' AS x", "ATTACH or VACUUM INTO 'x.db'"),
        ('aTTaCH DATABASE "x.db" AS x', "ATTACH or VACUUM INTO 'x.db'"),
        ("ATTACH ':memory:' AS x", "ATTACH or VACUUM INTO ':memory:'"),
        ("ATTACH 'a' || 'b' AS x", "ATTACH or VACUUM INTO an expression"),
        ("ATTACH '' AS x", "ATTACH ''"),
        ("-- c\n/* ; */ attach '' AS x", "ATTACH ''"),
        ("VACUUM INTO 'x.db'", "ATTACH or VACUUM INTO 'x.db'"),
        ("vacuum /* c */ main into 'x' || '.db'", "ATTACH or VACUUM INTO 'x.db'"),
        ("PRAGMA writable_schema=1", "PRAGMA writable_schema"),
        ("pragma main . [Writable_Schema] ( ON )", "PRAGMA writable_schema"),
        ("PRAGMA `WRITABLE_SCHEMA`=reset", "PRAGMA writable_schema"),
        ("PRAGMA temp_store_directory='/tmp'", "PRAGMA temp_store_directory"),
        ("PRAGMA Data_Store_Directory='/tmp'", "PRAGMA data_store_directory"),
        ("PRAGMA hard_heap_limit=1", "PRAGMA hard_heap_limit"),
        ("PRAGMA soft_heap_limit=1", "PRAGMA soft_heap_limit"),
        ("SELECT load_extension('x')", r"load_extension\(\)"),
        ("SELECT \"Load_Extension\"('x', 'y')", r"load_extension\(\)"),
        ("CREATE VIEW v AS SELECT 1;SELECT [LOAD_EXTENSION]('x')", "load_ext"),
    ],
)
@pytest.mark.parametrize("follower", ["", ";\nSELECT 1;", ";\nATTACH 'other' AS y;"])
def test_what_reaches_outside_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    message: str,
    follower: str,
) -> None:
    """In any case and quoting, with the line, and without leaving a file."""
    monkeypatch.chdir(tmp_path)
    line = 2 + statement.count("\n")
    with pytest.raises(ForbiddenSQLError, match=f"PD202: .*sql:{line}:.*: {message}"):
        build(f"CREATE TABLE t(a);\n{statement}{follower}")
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("hidden", "use", "error", "place"),
    [
        (
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT Load_Extension('x'); END;",
            "INSERT INTO t VALUES (1);",
            ForbiddenSQLError,
            "PD202: .*:3:3",
        ),
        (
            "CREATE VIEW x AS SELECT load_extension('x');",
            "SELECT * FROM x;",
            FixtureSQLError,
            "PD201: .*:3:3",
        ),
        (
            "CREATE TABLE x(a DEFAULT (load_extension('x')));",
            "INSERT INTO x DEFAULT VALUES;",
            *(
                (ForbiddenSQLError, "PD202: .*:2:27")
                if SQLITE >= (3, 54)  # before, it looks at a default when it uses it
                else (FixtureSQLError, "PD201: .*:3:3")
            ),
        ),
        (
            "CREATE TABLE x(a, b AS (load_extension(a)));",
            "INSERT INTO x VALUES (1);",
            ForbiddenSQLError,
            "PD202: .*:2:25",
        ),
    ],
)
def test_what_is_hidden_in_the_schema_is_refused(
    hidden: str, use: str, error: type[ParsediffError], place: str
) -> None:
    """A function that loads code is refused at the statement that reaches it."""
    with pytest.raises(error, match=rf"{place}: .*load_extension\(\)"):
        build(f"CREATE TABLE t(a);\n{hidden}\n  {use}\nSELECT 1;")


@pytest.mark.parametrize(
    "statement", ["ATTACH 'x' AS x", "VACUUM INTO 'x'", "PRAGMA writable_schema=1"]
)
def test_statements_that_no_trigger_can_hold(statement: str) -> None:
    """SQLite's grammar keeps them out of triggers."""
    trigger = f"CREATE TRIGGER x AFTER INSERT ON t BEGIN {statement}; END"
    with pytest.raises(FixtureSQLError, match=r"PD201: .*:2:42: .*syntax error"):
        build(f"CREATE TABLE t(a);\n{trigger}")


def test_names_of_forbidden_things_are_only_names() -> None:
    """A table or a text may be called like what is refused."""
    script = (
        "CREATE TABLE writable_schema(load_extension, attach);"
        "INSERT INTO writable_schema(attach) VALUES ('ATTACH ''x'' AS y;');"
        "CREATE TABLE journal_mode(wal);"
    )
    image = build(script)
    expected = [("ATTACH 'x' AS y;",)]
    assert expected == rows(image, "SELECT attach FROM writable_schema")
    assert "delete" == image.journal


def test_the_schema_cannot_be_edited_by_hand() -> None:
    """Without the pragma the schema table is read-only."""
    with pytest.raises(FixtureSQLError, match=r"PD201: .*may not be modified"):
        build("CREATE TABLE t(a);UPDATE sqlite_schema SET sql = 'x'")


def test_limits_by_default() -> None:
    """64 MB for one value, 10 seconds for the script, as documented."""
    assert BuildLimits(max_value_mb=64, timeout_s=10) == BuildLimits()


def test_long_scripts_pass() -> None:
    """Time is what is bounded, not work."""
    count = f"CREATE TABLE t AS {ENDLESS} SELECT x FROM c LIMIT 20000"
    assert [(20_000,)] == rows(build(count), "SELECT count(*) FROM t")


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c)"


@pytest.mark.parametrize(
    "statement",
    [
        f"{ENDLESS} SELECT count(*) FROM c",
        f"SELECT x FROM ({ENDLESS} SELECT x FROM c) WHERE x < 0;\nSELECT 1",
        f"CREATE TABLE t AS {ENDLESS} SELECT x FROM c WHERE x < 0",
    ],
)
def test_endless_scripts_are_stopped(statement: str) -> None:
    """A script has a time of its own, whatever the statement is."""
    with pytest.raises(BuildTimeError, match=r"PD203: .*:2:2: .* longer than 0.05 s"):
        build(f"SELECT 1;\n {statement};", limits=BuildLimits(timeout_s=0.05))


@pytest.mark.parametrize(
    "statement",
    ["SELECT zeroblob(5000)", f"SELECT '{'x' * 5000}'", "SELECT hex(zeroblob(2500))"],
)
def test_large_values_are_refused(statement: str) -> None:
    """A value, or a statement, larger than the bound has an error of its own."""
    limits = BuildLimits(max_value_mb=4000 / 2**20)
    with pytest.raises(
        ValueTooLargeError, match=r"PD204: .*sql:2:2: .* larger than 0.00"
    ):
        build(f"SELECT 1;\n {statement};", limits=limits)


@pytest.mark.parametrize("value", ["printf('%5000d', 1)", "printf('%.*c', 5000, 'x')"])
def test_printf_makes_no_large_value(value: str) -> None:
    """It is refused like any other; SQLite before 3.53.2 makes NULL of it."""
    limits = BuildLimits(max_value_mb=4000 / 2**20)
    script = f"SELECT 1;\n CREATE TABLE t AS SELECT {value} AS a;"
    if SQLITE >= (3, 53, 2):
        with pytest.raises(
            ValueTooLargeError, match=r"PD204: .*sql:2:2: .* larger than 0.00"
        ):
            build(script, limits=limits)
    else:
        assert [(None,)] == rows(build(script, limits=limits), "SELECT a FROM t")


@pytest.mark.parametrize("size", [4096, 1e300, float("inf"), 1e-9])
def test_any_bound_can_be_given(size: float) -> None:
    """More than SQLite can hold means as much as it can hold."""
    assert build("SELECT 1", limits=BuildLimits(max_value_mb=size)).main


def test_every_error_is_typed_and_has_a_cause() -> None:
    """The error of SQLite itself stays visible."""
    with pytest.raises(ParsediffError, match="PD201") as caught:
        build("selec")
    assert "SQLError" == type(caught.value.__cause__).__name__


# --- clones -----------------------------------------------------------------------------


def test_clone(tmp_path: Path) -> None:
    """A clone is the image, byte for byte; it never replaces a file."""
    image = build("CREATE TABLE t(a)")
    clone(image, tmp_path / "a [b] é.db")
    assert image.main == (tmp_path / "a [b] é.db").read_bytes()
    with pytest.raises(FileExistsError):
        clone(image, tmp_path / "a [b] é.db")


def test_sqlite_version() -> None:
    """It is that of the library in use, which need not be Python's own."""
    assert 3 == int(sqlite_version().split(".")[0])
