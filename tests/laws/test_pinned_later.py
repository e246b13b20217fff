"""The law ``no-pin`` where a reader reads on in another way than it begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from law_bench import Base, connect, database_rig

from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.nopin import check_no_pin

#: The second step keeps its lock: no checkpoint can be made then, whoever reads.
KEEPS_A_LOCK = """\
-- step: a row
INSERT INTO message VALUES ('m3', 's1', '{"type":"text","n":4}', now_ms());
-- step: begins, and does not end
BEGIN IMMEDIATE; DELETE FROM message WHERE id = 'm3';
"""
TWO_ROWS = "INSERT INTO message VALUES ('m3', 's1', '{}', 1), ('m4', 's1', '{}', 2);"
QUERY = "SELECT id, session, data FROM message WHERE rowid > ? ORDER BY rowid"


class PinsWhatIsNew(Base):
    """Fetches the first scan, and hands out what comes later as SQLite finds it."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows behind the cursor, and how many there were."""
        last = int(cursor or 0)
        with closing(connect(source.path)) as db:
            rows = db.execute(QUERY, (last,))
            for row in rows if cursor else rows.fetchall():
                yield dict(zip(("id", "session", "data"), row, strict=True))
                last += 1
        yield Checkpoint(str(last))


def test_a_reader_that_pins_only_what_is_new_is_found(tmp_path: Path) -> None:
    """In a quiet store there is nothing new, and so no emission to be seen."""
    violation = check_no_pin(
        database_rig(PinsWhatIsNew(), tmp_path, writers=(TWO_ROWS,))
    )

    assert violation is not None
    assert Law.NO_PIN is violation.law
    assert "with all steps before the second poll" in violation.message


def test_a_right_reader_pins_nothing_of_what_is_new(tmp_path: Path) -> None:
    """It has fetched its rows before it hands out the first."""
    assert check_no_pin(database_rig(Base(), tmp_path)) is None


def test_a_writer_that_keeps_its_lock_is_not_the_reader_s_fault(tmp_path: Path) -> None:
    """No checkpoint succeeds then, without a reader either."""
    rig = database_rig(Base(), tmp_path, writers=(KEEPS_A_LOCK,))

    assert check_no_pin(rig) is None
