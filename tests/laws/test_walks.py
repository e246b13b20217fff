"""What counts as a walk through the store, for the law ``idle-cheap``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from law_bench import Base, connect, database_rig

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.laws.idle import check_idle_cheap
from pytest_parsediff.laws.queryplan import find_full_scans

STORE = """
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, updated INTEGER);
CREATE TABLE empty(id INTEGER PRIMARY KEY, x INTEGER);
CREATE TABLE single(x INTEGER);
CREATE VIRTUAL TABLE words USING fts5(word);
INSERT INTO single VALUES (1);
INSERT INTO words VALUES ('a');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
    INSERT INTO message SELECT 'm' || i, 's' || i, i FROM n;
"""


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    connection = apsw.Connection(str(path))
    connection.execute(STORE).fetchall()
    connection.close()
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM message WHERE updated > 100",
        "SELECT id FROM message WHERE updated > 100 LIMIT 5",
        "SELECT id FROM message ORDER BY updated DESC LIMIT 1",
        "SELECT max(updated) FROM message",
        "SELECT EXISTS (SELECT 1 FROM message WHERE updated > 100)",
        "SELECT count(*) FROM message",
        "SELECT count(*) FROM empty",
        "SELECT id FROM empty WHERE x > 1",
        "SELECT x FROM single",
        "SELECT word FROM words",
        "WITH m AS MATERIALIZED (SELECT * FROM message WHERE updated > 100) SELECT * FROM m",
        "SELECT * FROM message a JOIN message b ON a.updated = b.updated WHERE a.id = 'm1'",
    ],
)
def test_what_grows_with_the_store_is_a_walk(database: Path, sql: str) -> None:
    """Also where the plan calls it a search, and where the text has a limit."""
    found = find_full_scans(database, [sql])

    assert found
    assert found[0].endswith(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM sqlite_schema WHERE name = 'message'",
        "SELECT count(*) FROM sqlite_master",
        "SELECT name FROM pragma_table_info('message')",
        "SELECT id FROM message WHERE id IN (SELECT value FROM json_each('[1, 2]'))",
        "WITH w(id) AS (VALUES ('m1'), ('m2')) SELECT m.id FROM w JOIN message m USING (id)",
        "WITH RECURSIVE up(id) AS (VALUES ('m1') UNION SELECT session FROM up JOIN message USING (id)) SELECT * FROM up",
        "SELECT max(id) FROM message",
        "SELECT id FROM message ORDER BY id DESC LIMIT 5",
        "SELECT EXISTS (SELECT 1 FROM message)",
        "SELECT EXISTS (SELECT 1 FROM empty)",
        "SELECT (SELECT max(id) FROM message), (SELECT min(id) FROM empty)",
        "SELECT word FROM words WHERE words MATCH 'b'",
        "PRAGMA data_version",
    ],
)
def test_what_does_not_grow_with_the_store_is_none(database: Path, sql: str) -> None:
    """Values, the schema, and whatever ends at the first row."""
    assert not find_full_scans(database, [sql])


class InSmallPages(Base):
    """Reads everything of its last moment again, two rows at a time."""

    order = (
        "SELECT id, session, data, updated FROM message WHERE (updated, id) > (?, ?)"
    )
    from_the_start = False

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, then a checkpoint."""
        last = 0 if cursor is None or self.from_the_start else int(cursor)
        place: tuple[int, str] = (last, "")
        db = connect(source.path)
        page = f"{self.order} ORDER BY updated, id LIMIT 2"
        while rows := db.execute(page, place).fetchall():
            for row in rows:
                yield dict(zip(("id", "session", "data", "updated"), row, strict=True))
                place = row[3], row[0]
        db.close()
        yield Checkpoint(str(max(last, place[0])))


class FromTheStart(InSmallPages):
    """Takes the beginning for the last moment."""

    from_the_start = True


@pytest.mark.parametrize(
    ("reader", "is_cheap"), [(InSmallPages, True), (FromTheStart, False)]
)
def test_a_larger_store_need_not_have_more_at_its_last_moment(
    tmp_path: Path, reader: type[Base], is_cheap: bool
) -> None:
    """What is read again there does not depend on how much came before."""
    sql = """
    CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
    CREATE INDEX moment ON message(updated, id);
    INSERT INTO message VALUES ('a', 's', '1', 1699999999001), ('b', 's', '2', 1699999999002);
    """
    rig = database_rig(reader(), tmp_path, sql=sql)

    violation = check_idle_cheap(rig)

    assert is_cheap is (violation is None)
    if violation is not None:
        assert "ten times the rows" in violation.message
