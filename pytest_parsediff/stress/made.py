"""A writer for a store that has none: what opencode does, made to fit the schema.

Stores of many versions lack this column or that table, so each step is tried on a copy in
memory, and left out where SQLite refuses it.
"""

# ruff: noqa: S608 - values are quoted, and so are names
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import apsw

from pytest_parsediff import opencodesteps as steps
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.writers.sqlscript import parse_script
from pytest_parsediff.laws.images import in_memory, quote
from pytest_parsediff.opencodesteps import NUMBER, Step, quoted, quoted_json
from pytest_parsediff.stress.scripts import Scripted

#: Steps of a script, at most.
MAX_STEPS = 5
_NEEDED = ("session", "message", "part")
_NOW_MS = 1_700_000_000_000
_TURN = {
    "role": "assistant",
    "agent": "build",
    "modelID": "alder",
    "providerID": "northwind",
    "cost": 0.5,
    "tokens": {
        "input": 40,
        "output": 7,
        "reasoning": 0,
        "cache": {"read": 0, "write": 0},
    },
    "time": {"created": _NOW_MS, "completed": _NOW_MS + 2},
}
_TEXT = {"type": "text", "text": "written meanwhile"}
_START = {"type": "step-start"}
_FINISH = {
    "type": "step-finish",
    "reason": "stop",
    "cost": 0.5,
    "tokens": _TURN["tokens"],
}


def opencode_writer(image: bytes, random: SplitMix64) -> Scripted | None:
    """Return a writer of at most :data:`MAX_STEPS` steps that all fit the store.

    The first step begins a session whose id sorts before all others. Which others come,
    and in which order, is drawn.

    Args:
        image: Content of the database.
        random: Decides; equal numbers give equal scripts for equal stores.

    Returns:
        ``None`` where the store is not of the shape of opencode's.
    """
    with in_memory(image) as store:
        store.create_scalar_function("now_ms", lambda *_: _NOW_MS, 0)
        if not all(map(_columns(store).get, _NEEDED)):
            return None
        kinds = _kinds(random)
        random.shuffle(kinds)
        kept: list[Step] = []
        for make in (_begin, *kinds):
            step = make(store)
            if _fits(store, step, len(kept)):
                kept.append(step)
            if len(kept) == MAX_STEPS:
                break
    script = steps.script_of(kept)
    place = Path("made.sql")
    return Scripted("made", tuple(parse_script(script, place)), script.encode())


#: By name, for ``--parsediff-stress-writer``.
WRITERS: dict[str, Callable[[bytes, SplitMix64], Scripted | None]] = {
    "opencode": opencode_writer
}


def _kinds(random: SplitMix64) -> list[Callable[[apsw.Connection], Step]]:
    """Return what may follow, each on a row of its own."""

    def one(step: Step) -> Callable[[apsw.Connection], Step]:
        return lambda _store: step

    nth = random.below
    made = [
        steps.rename("Renamed meanwhile", nth(3)),
        steps.use(40, nth(3)),
        steps.archive(nth(3)),
        steps.adopt(nth(3), nth(3)),
        steps.mend_part(_TEXT, nth(4)),
        steps.add_part(_FINISH, nth(3)),
        steps.rewrite_part(_TEXT, nth(4)),
        steps.commit_late(_TURN, _START, nth(3)),
        steps.move_message(nth(3), nth(3)),
        steps.revert(nth(3)),
        steps.delete_session(nth(3)),
        steps.clean(("PASSIVE", "TRUNCATE")[nth(2)]),
        steps.add_column(_NEEDED[nth(3)]),
        steps.add_index(_NEEDED[nth(3)]),
        steps.empty("session_message"),
    ]
    return [one(step) for step in made]


def _begin(store: apsw.Connection) -> Step:
    """A session with a turn comes, in whatever columns there are."""
    session, message = f"ses_0{NUMBER}", f"msg_9{NUMBER}"
    own = {
        "session": {"id": session, "title": "Begun meanwhile", "parent_id": ""},
        "message": {"id": message, "session_id": session},
        "part": {
            "id": f"prt_8{NUMBER}",
            "message_id": message,
            "session_id": session,
        },
    }
    data = {"message": quoted_json(_TURN), "part": quoted_json(_START)}
    columns = _columns(store)
    statements = []
    for table, texts in own.items():
        values = {name: quoted(text) for name, text in texts.items()}
        values["data"] = data.get(table, "''")
        statements.append(_insert(table, columns[table], values))
    return Step("begin a session", statements)


def _insert(table: str, types: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Return an INSERT for what *table* has of *values*, and what it demands besides."""
    row = {}
    for name, kind in types.items():
        if name in values:
            row[name] = values[name]
        elif name.startswith("time_") and kind:
            row[name] = "now_ms()"
        elif kind:
            row[name] = "0" if kind in ("INTEGER", "REAL", "NUMERIC") else "''"
    names = ", ".join(map(quote, row))
    return f"INSERT INTO {table}({names}) VALUES ({', '.join(row.values())});"


def _columns(store: apsw.Connection) -> dict[str, dict[str, str]]:
    """Return, per table and column, its type if a row must have it, else nothing."""
    found: dict[str, dict[str, str]] = {}
    for table in _NEEDED:
        rows = store.execute(
            'SELECT name, type, "notnull" AND dflt_value IS NULL'
            " FROM pragma_table_info(?)",
            (table,),
        )
        found[table] = {
            str(name): (str(kind).upper() or "TEXT") if is_demanded else ""
            for name, kind, is_demanded in rows
        }
    return found


def _fits(store: apsw.Connection, step: Step, number: int) -> bool:
    """Run *step*, and return whether SQLite took it; else the store is as before."""
    with _all_or_nothing(store) as outcome:
        for sql in step.statements:
            store.execute(sql.replace(NUMBER, f"{number:03}")).fetchall()
        outcome.append(True)
    return bool(outcome)


@contextmanager
def _all_or_nothing(store: apsw.Connection) -> Iterator[list[bool]]:
    outcome: list[bool] = []
    try:
        with store:
            yield outcome
    except apsw.Error:
        outcome.clear()
