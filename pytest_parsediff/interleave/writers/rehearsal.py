"""A trace is tried once, on a copy in memory, before anything depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from pytest_parsediff.core.errors import Where, WriterScriptError
from pytest_parsediff.interleave.writers.traces import TraceStep

_HINT = "Replay the trace on the store that it was recorded from, as it was before."


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a trace fits its store.

    Attributes:
        changes: How many it has.
        missed: How many of them name a row that is not there.
    """

    changes: int
    missed: int


def rehearse(steps: Sequence[TraceStep], place: Path, image: bytes) -> Rehearsed:
    """Replay a trace in memory, where nothing comes between.

    Args:
        steps: The trace.
        place: Of it, for error messages.
        image: Content of the database file before the trace.

    Raises:
        WriterScriptError: PD611, with the line: SQLite refuses a change, or no change of
            the whole trace finds its row.
    """
    changes = missed = 0
    with closing(apsw.Connection(":memory:")) as connection:
        connection.deserialize("main", image[:18] + b"\x01\x01" + image[20:])
        for step in steps:
            done = _replay(connection, step, place)
            changes += len(done)
            missed += done.count(0)
    if changes and changes == missed:
        message = "no change finds its row in this store"
        raise WriterScriptError(message, Where(place, steps[0].line), hint=_HINT)
    return Rehearsed(changes, missed)


def _replay(connection: apsw.Connection, step: TraceStep, place: Path) -> list[int]:
    """Return how many rows each change has changed."""
    done = []
    try:
        for statement in step.statements:
            connection.execute(statement.sql, statement.values).fetchall()
            if statement.head.startswith(("INSERT", "UPDATE", "DELETE")):
                done.append(connection.changes())
    except (apsw.Error, UnicodeError) as error:
        message = f"{step.label}: {error}"
        raise WriterScriptError(message, Where(place, step.line), hint=_HINT) from error
    return done
