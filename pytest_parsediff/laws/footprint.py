"""Which tables each gap reads and each step uses, as SQLite says it: for exhaustion.

What is not known is left out, and then stands for everything: a statement that SQLite
cannot prepare alone, one that changes the schema, a checkpoint, a lock that is held
from one step to the next, and every pragma that tells what others do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import apsw
from apsw.ext import query_info

from pytest_parsediff.interleave.databasebench import DatabaseBench, SQLScriptStep
from pytest_parsediff.interleave.exhaustive import CLOCK
from pytest_parsediff.interleave.plan import Gap
from pytest_parsediff.interleave.poll import Poll
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.laws.images import in_memory

Tables: TypeAlias = frozenset[str]
_NOTHING: Tables = frozenset()

#: Pragmas that show a reader nothing of what others do.
_HARMLESS = frozenset(
    {"query_only", "busy_timeout", "foreign_keys", "cache_size", "temp_store"}
)
_SILENT = frozenset({"SQLITE_TRANSACTION", "SQLITE_SAVEPOINT"})
_WRITES = {
    apsw.SQLITE_INSERT: True,
    apsw.SQLITE_UPDATE: True,
    apsw.SQLITE_DELETE: True,
    apsw.SQLITE_READ: False,
}
_NEUTRAL = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_TRANSACTION})
_ASKS_CLOCK = re.compile(r"\bnow_ms\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Footprints:
    """What is known of a scenario.

    Attributes:
        reads: Tables read from each gap to the next.
        writes: Tables that each step writes.
        uses: Tables that each step reads or writes, and whether it asks the clock.
    """

    reads: dict[Gap, Tables] = field(default_factory=dict)
    writes: dict[tuple[int, int], Tables] = field(default_factory=dict)
    uses: dict[tuple[int, int], Tables] = field(default_factory=dict)


def measure_footprints(rig: Rig, shape: Shape, runs: Sequence[Run]) -> Footprints:
    """Return what is known of the reader and of the writers of *rig*.

    Args:
        rig: Its store is a database in WAL mode, or nothing is known: elsewhere locks
            and files show more than tables do.
        shape: Of the scenario.
        runs: With nobody writing, and with every step done before some poll. Only where
            all of them read the same tables at each gap is that taken for granted;
            else every gap may read what any of them read at all.
    """
    bench = rig.bench
    if not isinstance(bench, DatabaseBench) or not bench.is_wal:
        return Footprints()
    writes, uses = _steps(bench, shape)
    with in_memory(bench.image) as connection:
        asked = _Asked(connection)
        seen = [_reads(run, shape, asked) for run in runs]
    return Footprints(_agreed(seen, shape), writes, uses)


# --- the reader ---------------------------------------------------------------------------


class _Asked:
    """Tables by statement, each prepared once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._known: dict[str, Tables | None] = {}

    def of(self, statements: Iterable[str]) -> Tables | None:
        """Return the tables that *statements* read; ``None`` if that is not known."""
        found: set[str] = set()
        for sql in statements:
            if sql not in self._known:
                self._known[sql] = self._ask(sql)
            tables = self._known[sql]
            if tables is None:
                return None
            found |= tables
        return frozenset(found)

    def _ask(self, sql: str) -> Tables | None:
        try:
            actions = query_info(self._connection, sql, actions=True).actions or ()
        except apsw.Error:
            return None
        tables = set()
        for action in actions:
            if action.action_name == "SQLITE_READ" and action.table_name:
                tables.add(action.table_name.lower())
            elif action.action_name == "SQLITE_PRAGMA":
                if str(action.pragma_name).lower() not in _HARMLESS:
                    return None
            elif action.action_name not in {
                "SQLITE_SELECT",
                "SQLITE_FUNCTION",
                *_SILENT,
            }:
                return None
        if any(name.startswith(("sqlite_", "pragma_")) for name in tables):
            return None
        return frozenset(tables)


def _reads(run: Run, shape: Shape, asked: _Asked) -> dict[Gap, Tables] | None:
    """Return what is read at each gap of *run*; ``None`` where that is not known."""
    found: dict[Gap, Tables] = {}
    if run.witness.threads or run.witness.unseen:
        return None
    for number, poll in enumerate(run.polls[: len(shape.gaps)]):
        gaps = [
            (Gap(number, nth), kind, label)
            for kind, label, at, nth, placed, _ in run.log
            if at == number and placed is None and kind in _GAPS
        ]
        if any(kind is Kind.FILE and label != "connect" for _, kind, label in gaps):
            return None  # files may show what tables do not
        snapshots = [
            (gap, str(sql)) for gap, kind, sql in gaps if kind is Kind.SNAPSHOT
        ]
        places = _places(poll, [sql for _, sql in snapshots])
        if places is None:
            return None
        before = poll.statements[: places[0]] if places else poll.statements
        if asked.of(before) != _NOTHING:
            return None  # read in a snapshot of an earlier poll
        found |= {gap: _NOTHING for gap, _, _ in gaps}
        for (gap, _), (start, end) in zip(
            snapshots, pairwise([*places, len(poll.statements)]), strict=True
        ):
            tables = asked.of(poll.statements[start:end])
            if tables is None:
                return None
            found[gap] = tables
    return found


_GAPS = frozenset({Kind.POLL, Kind.FILE, Kind.SNAPSHOT})


def _places(poll: Poll, snapshots: Sequence[str]) -> list[int] | None:
    """Return which statements of *poll* began its snapshots, if only one way is possible."""
    statements = poll.statements
    first = _embed(statements, snapshots)
    last = _embed(statements[::-1], snapshots[::-1])
    if first is None or last is None:
        return None
    backwards = [len(statements) - 1 - place for place in last[::-1]]
    return first if first == backwards else None


def _embed(statements: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    places, start = [], 0
    for sql in wanted:
        try:
            place = statements.index(sql, start)
        except ValueError:
            return None
        places.append(place)
        start = place + 1
    return places


def _agreed(
    seen: Sequence[dict[Gap, Tables] | None], shape: Shape
) -> dict[Gap, Tables]:
    """Return what is read at each gap, if it is the same in all runs; else their union."""
    known = [one for one in seen if one is not None]
    if len(known) < len(seen) or not known:
        return {}
    if all(one == known[0] for one in known):
        return known[0]
    union: Tables = frozenset().union(
        *(tables for one in known for tables in one.values())
    )
    return dict.fromkeys(shape.all_gaps(), union)


# --- the writers --------------------------------------------------------------------------

_ByStep: TypeAlias = dict[tuple[int, int], Tables]


def _steps(bench: DatabaseBench, shape: Shape) -> tuple[_ByStep, _ByStep]:
    """Return the tables that each step writes, and those that it uses at all."""
    writes: _ByStep = {}
    uses: _ByStep = {}
    with in_memory(bench.image) as connection:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        connection.create_scalar_function("now_ms", lambda *_: 0, 0)
        for key in shape.steps():
            found = _run(connection, bench.scripts[key[0]][key[1]])
            if not connection.get_autocommit():
                return {}, {}  # who is locked out does other things then
            if found is not None:
                writes[key], uses[key] = found
    return writes, uses


def _run(
    connection: apsw.Connection, step: SQLScriptStep
) -> tuple[Tables, Tables] | None:
    """Run a step; return what it writes and uses, or ``None`` if that is not known."""
    heard = list(_listen(connection, step))
    if None in heard:
        return None
    known = [one for one in heard if one is not None]
    written = frozenset(table for table, is_write in known if is_write)
    used = {table for table, _ in known}
    if any(name.startswith(("sqlite_", "pragma_")) for name in used):
        return None
    if any(_ASKS_CLOCK.search(one.sql) for one in step.statements):
        used.add(CLOCK)
    return written, frozenset(used)


def _listen(
    connection: apsw.Connection, step: SQLScriptStep
) -> Iterator[tuple[str, bool] | None]:
    """Run a step; yield each table it names and whether it writes it, or ``None``."""
    heard: list[tuple[str, bool] | None] = []

    def hear(action: int, name: str | None, *_more: object) -> int:
        if action in _WRITES:
            heard.append(((name or "").lower(), _WRITES[action]))
        elif action == apsw.SQLITE_FUNCTION:
            if str(_more[0]).lower() in _OWN_FUNCTIONS:
                heard.append(None)
        elif action not in _NEUTRAL:
            heard.append(None)
        return apsw.SQLITE_OK

    connection.authorizer = hear
    try:
        for statement in step.statements:
            connection.execute(statement.sql, statement.values).fetchall()
    except apsw.Error:
        heard.append(None)
    finally:
        connection.authorizer = None
    yield from heard


#: Functions that tell what a connection did before.
_OWN_FUNCTIONS = frozenset({"changes", "total_changes", "last_insert_rowid", "random"})
