"""Adapters whose table or events say little: no key, tombstones without a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from law_bench import FIXTURE, WRITERS, Base, connect

from pytest_parsediff import run_conformance
from pytest_parsediff.conformancestores import write_scenario
from pytest_parsediff.core.errors import LawBrokenError
from pytest_parsediff.core.event import Checkpoint, Emission, Source
from pytest_parsediff.interleave.subject import Line, Unit
from pytest_parsediff.laws.fold import fold

#: What is told here in a way of its own, by readers that walk tables.
SKIP = {"tolerant": "another matter", "idle-cheap": "another matter"}
DELETES = (
    "DELETE FROM message WHERE id = 'm1';\nDELETE FROM message WHERE session = 's1';\n"
)


class BehindTheWatermark(Base):
    """Loses what comes in the millisecond of its watermark."""

    query = Base.query.replace(">=", ">")


class TellsWhatNeverWas(Base):
    """Tells with each row that it reads on a value that no state has."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows, and before those of later scans a wrong one."""
        for one in super().scan(source, cursor):
            if cursor is not None and isinstance(one, dict):
                yield {**one, "data": f"before {one['data']}"}
            yield one


class Compares:
    """Compares all rows with those of its cursor, and says by id which are gone."""

    name = "compares"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield rows that changed, then ids that went."""
        known = json.loads(cursor) if cursor else {}
        with closing(connect(source.path)) as db:
            rows = db.execute("SELECT id, session, data FROM message ORDER BY id")
            now = {row[0]: list(row) for row in rows.fetchall()}
        for name, row in now.items():
            if known.get(name) != row:
                yield dict(zip(("id", "session", "data"), row, strict=True))
        for name in sorted(known.keys() - now.keys()):
            yield self.gone(name)
        yield Checkpoint(json.dumps(now))

    def gone(self, name: str) -> Emission:
        """Return what says that *name* is gone."""
        return {"id": name, "gone": True}


class NamesSessions(Compares):
    """Says of a session whose last row went that it is gone, and says no id."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield the same, with each row's session told apart from its id."""
        known = json.loads(cursor) if cursor else {}
        for one in super().scan(source, cursor):
            if isinstance(one, dict) and "gone" in one:
                yield {"session": known[one["id"]][1], "gone": True}
            else:
                yield one


class NamesAnotherRow(Compares):
    """Says that some other row is gone."""

    def gone(self, _name: str) -> Emission:
        """Return what says that a row is gone that never was."""
        return {"id": "m9", "gone": True}


def hold(
    adapter: object, folder: Path, writer: str, **config: object
) -> tuple[str, ...]:
    """Hold *adapter* to the laws in a store that *writer* writes; return which held."""
    scenario = write_scenario(folder / "store", FIXTURE, writer)
    result = run_conformance(
        adapter, config=config, scenarios=scenario.folder, skip=SKIP, plans=300
    )
    return result.held


def test_without_a_key_a_value_of_before_is_not_taken_for_a_row_that_stays(
    tmp_path: Path,
) -> None:
    """Nothing says then which event takes the place of which."""
    held = hold(Base(), tmp_path, WRITERS[0], session="/session")

    assert {"converges", "crash-safe", "warm-cold"} <= {*held}


@pytest.mark.parametrize("adapter", [BehindTheWatermark(), TellsWhatNeverWas()])
def test_without_a_key_what_is_lost_or_never_was_is_found(
    adapter: object, tmp_path: Path
) -> None:
    """What is missing in the end needs no identity, nor does what no state ever had."""
    with pytest.raises(LawBrokenError, match="PD615: "):
        hold(adapter, tmp_path, WRITERS[0])


def test_a_tombstone_without_a_session_is_for_the_event_of_its_identity(
    tmp_path: Path,
) -> None:
    """A reader that kept only ids does not know whose the row was."""
    config = {"session": "/session", "key": ["/id"], "tombstones": {"/gone": [True]}}

    assert "converges" in hold(Compares(), tmp_path / "right", DELETES, **config)
    with pytest.raises(LawBrokenError, match="not in the store any more"):
        hold(NamesAnotherRow(), tmp_path / "wrong", DELETES, **config)


def test_a_tombstone_without_an_identity_is_for_its_whole_session(
    tmp_path: Path,
) -> None:
    """It is the session that it names, whatever one emission replaces."""
    config = {"session": "/session", "key": ["/id"], "tombstones": {"/gone": [True]}}
    writer = "DELETE FROM message WHERE session = 's1';\n"

    assert "converges" in hold(NamesSessions(), tmp_path / "right", writer, **config)
    with pytest.raises(LawBrokenError, match="never emitted: s0"):
        hold(NamesSessions(), tmp_path / "wrong", DELETES, **config)


def test_a_tombstone_without_a_session_takes_nothing_that_two_sessions_have() -> None:
    """It is not said which of them has lost it."""
    one, other = (Line(s, "k", b"1", is_tombstone=False) for s in ("a", "b"))
    gone = Line("", "k", b"gone", is_tombstone=True)

    assert {"a": {"k": b"1"}, "b": {"k": b"1"}} == fold(
        [[one, other, gone]], Unit.EVENT
    )
    assert {} == fold([[one, gone]], Unit.EVENT)
