"""``run_conformance``: one call in a test written by hand."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pytest_parsediff import Checkpoint, Event, Source, run_conformance
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.token import encode
from pytest_parsediff.laws.law import Law

CONFIG = {"session": "/session", "key": ["/kind", "/id"]}
#: What takes long and is tested elsewhere.
SLOW = {"tolerant": "of no interest here", "gate-sound": "of no interest here"}


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def titles(path: Path) -> Iterator[Event]:
    """Yield the title of each session, all from one statement."""
    with closing(connect(path)) as db:
        rows = db.execute("SELECT id, title FROM session ORDER BY id").fetchall()
    for session, title in rows:
        yield {"kind": "session", "session": session, "id": session, "title": title}


def trees(path: Path) -> Iterator[Event]:
    """Yield usage of each session as it says, and as its parts say: two statements."""
    finished = (
        "SELECT session_id, count(*) FROM part WHERE data LIKE '%finish%' GROUP BY 1"
    )
    with closing(connect(path)) as db:
        rows = db.execute("SELECT id, tokens_input FROM session ORDER BY id").fetchall()
        steps = dict(db.execute(finished).fetchall())
    for session, tokens in rows:
        event = {"kind": "session", "session": session, "id": session}
        yield {**event, "tokens": tokens, "steps": steps.get(session, 0)}


class TitlesByStamp:
    """Reads titles of sessions that were stamped anew: a rename stamps nothing."""

    name = "titles-by-stamp"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Event | Checkpoint]:
        """Yield a session per row, then a checkpoint."""
        last = int(cursor or 0)
        sql = "SELECT id, title, time_updated FROM session WHERE time_updated >= ?"
        with closing(connect(source.path)) as db:
            rows = db.execute(sql, (last,)).fetchall()
        for session, title, stamp in rows:
            last = max(last, stamp)
            yield {"kind": "session", "session": session, "id": session, "t": title}
        yield Checkpoint(str(last))


class CountsReasoning:
    """Puts a number into its events that grows with every scan, of one kind of part."""

    name = "counts-reasoning"
    number = 0

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Event]:
        """Yield an event per part."""
        self.number += 1
        with closing(connect(source.path)) as db:
            rows = db.execute("SELECT id, session_id, data FROM part").fetchall()
        for part, session, data in rows:
            kind = json.loads(data)["type"]
            number = self.number if kind == "reasoning" else 0
            yield {"kind": kind, "session": session, "id": part, "number": number}


def test_the_built_in_adapter_conforms() -> None:
    """What was tried is told, with what it proves, and why the rest was not."""
    result = run_conformance("opencode", "opencode", plans=20, examples=1, skip=SLOW)

    assert set(Law) - set(result.skipped) == set(result.held)
    assert SLOW == dict(result.skipped)
    assert 3 == len(result.proofs)
    assert result.proofs[0].startswith("streamed_turn: 20 plans")
    assert 1 == result.examples


def test_a_plain_function_is_held_to_what_needs_no_cursor() -> None:
    """It takes the path and yields events."""
    result = run_conformance(
        titles, "opencode", config=CONFIG, plans=30, examples=2, skip=SLOW
    )

    assert {Law.CRASH_SAFE, Law.RESUME, Law.WARM_COLD, Law.IDLE_CHEAP} | {
        Law.TOLERANT,
        Law.GATE_SOUND,
    } == set(result.skipped)
    assert set(Law) - set(result.skipped) == set(result.held)


def test_a_violation_is_a_failed_assertion_with_a_token() -> None:
    """Law, details and timeline are in the message; the token replays it."""
    with pytest.raises(AssertionError, match="PD615") as caught:
        run_conformance(trees, "opencode", config=CONFIG, examples=0, skip=SLOW)

    text = str(caught.value)
    assert "streamed_turn: law snapshot is broken" in text
    assert "in no committed states" in text
    assert "the step is finished" in text
    found = re.search(r"replay='(pd1:\w+)'", text)
    assert found is not None
    with pytest.raises(AssertionError, match="law snapshot is broken") as again:
        run_conformance(trees, "opencode", config=CONFIG, replay=found[1])
    assert text == str(again.value)


def test_a_bug_that_needs_a_cursor_is_found() -> None:
    """A rename that stamps nothing is lost."""
    skip = {**SLOW, "warm-cold": "converges says the same"}

    with pytest.raises(AssertionError, match="changes_without_stamp: law converges"):
        run_conformance(
            TitlesByStamp(),
            "opencode",
            config=CONFIG,
            examples=0,
            skip={**skip, "idle-cheap": "the store has no index on stamps"},
        )


def test_a_token_of_another_store_is_refused() -> None:
    """Its store is none of those given."""
    with pytest.raises(ParsediffError, match="PD613"):
        run_conformance(titles, "opencode", replay=encode(Plan(()), 1))


def test_a_generated_store_that_fails_is_made_small() -> None:
    """Its SQL is shown, to be kept as a scenario."""
    with pytest.raises(AssertionError, match="law deterministic is broken") as caught:
        run_conformance(
            CountsReasoning(),
            "opencode",
            config=CONFIG,
            plans=0,
            skip=SLOW,
            examples=40,
        )

    text = str(caught.value)
    assert "fixture.sql:\nCREATE TABLE session(" in text
    assert 1 == text.count("INSERT INTO session(id, project_id, parent_id, slug")
    assert 1 == text.count("INSERT INTO part VALUES")
    assert "Keep both files as a scenario folder" in text
    assert not hasattr(caught.value, "__notes__")


def test_scenario_folders_are_taken_with_their_writers(tmp_path: Path) -> None:
    """One, or a folder of them."""
    scenario = tmp_path / "scenarios" / "renamed"
    (scenario / "writers").mkdir(parents=True)
    (scenario / "fixture.sql").write_text(
        "CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT);"
        "INSERT INTO session VALUES ('s', 'one');"
    )
    (scenario / "writers" / "w.sql").write_text("UPDATE session SET title = 'two';")
    (scenario / "scenario.toml").write_text('[[writer]]\nscript = "writers/w.sql"\n')

    for path in (scenario, tmp_path / "scenarios", [scenario]):
        result = run_conformance(titles, config=CONFIG, scenarios=path, skip=SLOW)
        assert ["renamed"] == [proof.partition(":")[0] for proof in result.proofs]
        assert 0 == result.examples


def write_racing(folder: Path, *declared: str) -> Path:
    """Write a scenario whose writer changes the sessions a and b; return its folder."""
    (folder / "writers").mkdir(parents=True, exist_ok=True)
    (folder / "fixture.sql").write_text(
        "PRAGMA journal_mode = wal;"
        "CREATE TABLE session(id TEXT PRIMARY KEY, title TEXT);"
        "INSERT INTO session VALUES ('a', 'one'), ('b', 'one'), ('c', 'one');"
    )
    (folder / "writers" / "w.sql").write_text(
        "UPDATE session SET title = 'two' WHERE id = 'a';"
        "UPDATE session SET title = 'two' WHERE id = 'b';"
    )
    tables = [f'[sessions.{name}]\nexpect = "raced"\n' for name in declared]
    writer = '[[writer]]\nscript = "writers/w.sql"\n'
    (folder / "scenario.toml").write_text("".join([*tables, writer]))
    return folder


def titles_by_turns(path: Path) -> Iterator[Event]:
    """Yield the title of each session, each from a statement of its own."""
    with closing(connect(path)) as db:
        for session in "abc":
            sql = "SELECT title FROM session WHERE id = ?"
            for (title,) in db.execute(sql, (session,)).fetchall():
                yield {"kind": "session", "session": session, "id": session, "t": title}


def test_declared_races_are_held_against_what_writers_do(tmp_path: Path) -> None:
    """As declared passes; one that nobody makes and one that nobody declared do not."""

    def run(*declared: str, **options: object) -> None:
        folder = write_racing(tmp_path / "racing", *declared)
        run_conformance(
            titles_by_turns,
            config=CONFIG,
            scenarios=folder,
            skip=SLOW,
            **options,  # type: ignore[arg-type]
        )

    run("a", "b")
    with pytest.raises(
        ParsediffError, match=r"PD618: .*racing: .*'c' was declared raced"
    ):
        run("a", "b", "c")
    with pytest.raises(
        ParsediffError, match=r"PD618: .*racing: session 'b' was"
    ) as caught:
        run("a")
    assert "made small from" in str(caught.value)
    assert "UPDATE session SET title = 'two'" in str(caught.value)
    found = re.search(r"replay='(pd1:\w+)'", str(caught.value))
    assert found is not None
    with pytest.raises(ParsediffError, match=r"PD618: .*racing: session 'b' was"):
        run("a", replay=found[1])
    run("b", "c", replay=found[1])  # of one plan nothing is stale


def test_a_marker_of_the_scenario_declares_too(tmp_path: Path) -> None:
    """There is no item that could have it."""
    folder = write_racing(tmp_path / "racing", "a")
    toml = folder / "scenario.toml"
    marks = 'marks = [{ name = "raced", args = ["b"] }]\n'
    toml.write_text(f"{marks}{toml.read_text()}")

    run_conformance(
        titles_by_turns, config=CONFIG, scenarios=folder, skip=SLOW, plans=60
    )
    toml.write_text(f'marks = ["raced"]\n{toml.read_text().removeprefix(marks)}')
    with pytest.raises(ParsediffError, match="PD103: marker raced: expected at least"):
        run_conformance(titles_by_turns, config=CONFIG, scenarios=folder, skip=SLOW)


def test_a_law_that_needs_no_plan_has_a_timeline_and_a_token(tmp_path: Path) -> None:
    """The run in which nobody writes, and the call that tries the law again."""

    def pins(path: Path) -> Iterator[Event]:
        with closing(connect(path)) as db:
            for (session,) in db.execute("SELECT id FROM session ORDER BY id"):
                yield {"kind": "session", "session": session, "id": session}

    folder = write_racing(tmp_path / "pinned")
    with pytest.raises(AssertionError, match="law no-pin is broken") as caught:
        run_conformance(pins, config=CONFIG, scenarios=folder, skip=SLOW)

    text = str(caught.value)
    assert "in the run without writers, which all plans start from:\n" in text
    assert "snapshot SELECT id FROM session" in text
    found = re.search(r"replay='(pd1:\w+)'", text)
    assert found is not None
    with pytest.raises(AssertionError, match="law no-pin is broken") as again:
        run_conformance(
            pins, config=CONFIG, scenarios=folder, skip=SLOW, replay=found[1]
        )
    assert text == str(again.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"format": "opencoed"},
            "PD103: unknown format 'opencoed'; known are opencode",
        ),
        ({}, "PD110: run_conformance: give format=, scenarios=, or both"),
        ({"scenarios": "nowhere"}, "PD110: no scenario is in 'nowhere'"),
        (
            {"format": "opencode", "skip": {"tolerent": "x"}},
            "PD103: skip: 'tolerent' is no law; the nearest is 'tolerant'",
        ),
        (
            {"format": "opencode", "skip": {"tolerant": " "}},
            "PD103: skip: 'tolerant' needs a reason",
        ),
        (
            {"format": "opencode", "config": {"sesion": "/s"}},
            "PD103: config: Object contains unknown field `sesion`",
        ),
        (
            {"format": "opencode", "config": {"env": {"A=B": "x"}}},
            "PD103: config: env: expected the name of a variable, without '='",
        ),
    ],
)
def test_what_is_not_understood_is_an_error(
    arguments: dict[str, object], message: str
) -> None:
    """Before anything is run."""
    with pytest.raises(ParsediffError, match=re.escape(message)):
        run_conformance(titles, **arguments)  # type: ignore[arg-type]


def test_a_reader_that_nobody_sees_is_inconclusive() -> None:
    """Another process reads the database for it."""
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
        "print(*(row[0] for row in db.execute('SELECT id FROM session ORDER BY id')))"
    )

    def parse(path: Path) -> Iterator[Event]:
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        for session in done.stdout.split():
            yield {"kind": "session", "session": session, "id": session}

    with pytest.raises(ParsediffError, match=r"PD616: .*no way that can be followed"):
        run_conformance(
            parse, "opencode", config=CONFIG, plans=2, examples=0, skip=SLOW
        )


def test_hypothesis_is_loaded_only_where_stores_are_generated() -> None:
    """It takes half a second."""
    code = (
        "import sys; from pytest_parsediff import run_conformance;"
        "print('hypothesis' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True
    )

    assert "False\n" == done.stdout
