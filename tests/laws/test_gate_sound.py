"""The law ``gate-sound``: evidence that says too little, or too much."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from law_bench import Base, connect, database_rig, file_rig

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode.adapter import OpencodeAdapter
from pytest_parsediff.core.config import AdapterConfig, CompareConfig
from pytest_parsediff.core.event import Emission, Evidence, Source
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws import gatejudge, gatesound
from pytest_parsediff.laws.gatejudge import mutants
from pytest_parsediff.laws.gatesound import check_gate_sound
from pytest_parsediff.laws.images import change
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.touched import names_touched

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "opencode"
RENAME = (
    """\
UPDATE message SET data = '{"n":9}' WHERE id = 'm0';
UPDATE message SET data = '{"n":8}', updated = now_ms() WHERE id = 'm2';
""",
)
TITLE_AND_PART = """\
UPDATE session SET title = 'Renamed' WHERE rowid = 1;
UPDATE part SET data = '{"type":"text","text":"x"}' WHERE rowid = 1;
"""


class HasEvidence(Base):
    """Has a digest of all rows of a session."""

    columns = "id, data, updated"
    where = "WHERE session = ?"

    def evidence(self, source: Source) -> Mapping[str, str]:
        """Return the digest of each session, from one snapshot."""
        with closing(connect(source.path)) as db:
            db.execute("BEGIN")
            ids = db.execute("SELECT DISTINCT session FROM message").fetchall()
            return {session: self.digest(db, session) for (session,) in ids}

    def digest(self, db: object, session: str) -> str:
        """Return the digest of one session."""
        values = (session,) if self.where else ()
        sql = f"SELECT {self.columns} FROM message {self.where}"
        rows = db.execute(sql, values).fetchall()  # type: ignore[attr-defined]
        return hashlib.sha256(repr(rows).encode()).hexdigest()


class DigestsTheStamp(HasEvidence):
    """Trusts that whoever changes a row changes its stamp too."""

    columns = "id, updated"


class DigestsTheStore(HasEvidence):
    """Has one digest for all sessions."""

    where = ""


def test_evidence_of_all_rows_of_a_session_is_sound(tmp_path: Path) -> None:
    """Steps at every gap of evidence, parse and evidence."""
    assert (
        check_gate_sound(database_rig(HasEvidence(), tmp_path, writers=RENAME)) is None
    )


def test_an_adapter_without_evidence_fails_closed(tmp_path: Path) -> None:
    """Its changes are changes, whoever made them: only changed parsers are tried."""
    assert check_gate_sound(database_rig(Base(), tmp_path, writers=RENAME)) is None


@pytest.mark.parametrize(
    ("reader", "message", "verdict"),
    [
        (
            DigestsTheStamp,
            "session 's0' is called changed, and only writers",
            "changed",
        ),
        (DigestsTheStore, "and no step touched it", "raced"),
    ],
)
def test_evidence_that_says_too_little_or_too_much_is_found(
    tmp_path: Path, reader: type[Base], message: str, verdict: str
) -> None:
    """The verdict, the fields, the evidence and the steps are shown."""
    violation = check_gate_sound(database_rig(reader(), tmp_path, writers=RENAME))

    assert violation is not None
    assert Law.GATE_SOUND is violation.law
    assert message in violation.message
    assert violation.details[0].startswith(f"verdict: {verdict}")
    assert violation.details[-1].startswith("step: UPDATE message")


class EmitsEvidence(HasEvidence):
    """Emits the digest of each session with its events, from the same snapshot."""

    emitted = "id, data, updated"
    scope = "WHERE session = ?"
    is_apart = False

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event, and evidence behind those of a session."""
        with closing(connect(source.path)) as db:
            db.execute("BEGIN")
            ids = db.execute("SELECT DISTINCT session FROM message").fetchall()
            digests = {session: self._emitted(db, session) for (session,) in ids}
            if self.is_apart:
                db.rollback()
            rows = db.execute("SELECT id, session, data FROM message").fetchall()
        for row in rows:
            yield dict(zip(("id", "session", "data"), row, strict=True))
        for session, digest in digests.items():
            yield Evidence(session, digest)

    def _emitted(self, db: sqlite3.Connection, session: str) -> str:
        values = (session,) if self.scope else ()
        sql = f"SELECT {self.emitted} FROM message {self.scope}"
        return hashlib.sha256(
            repr(db.execute(sql, values).fetchall()).encode()
        ).hexdigest()


class EmitsTheStamp(EmitsEvidence):
    """Emits a digest of less than it reads."""

    emitted = "id, updated"


class EmitsTheStore(EmitsEvidence):
    """Emits one digest for all sessions."""

    scope = ""


class EmitsAnOlderSnapshot(EmitsEvidence):
    """Emits the digest of what was there before it read the rows."""

    is_apart = True


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (EmitsEvidence, ""),
        (EmitsTheStamp, "called changed, and only writers"),
        (EmitsTheStore, "called raced with .* and no step touched it"),
        (EmitsAnOlderSnapshot, "called changed, and only writers"),
    ],
)
def test_evidence_that_is_emitted_comes_first(
    tmp_path: Path, reader: type[Base], message: str
) -> None:
    """As for the gate: what it says of the snapshot that was parsed is believed."""
    violation = check_gate_sound(database_rig(reader(), tmp_path, writers=RENAME))

    if message:
        assert violation is not None
        assert re.search(message, violation.message)
    else:
        assert violation is None


BY_ROWS = "SELECT session, id, data, updated FROM message ORDER BY id"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (BY_ROWS, ""),
        (
            "SELECT session, id, updated FROM message",
            "called changed, and only writers",
        ),
        (
            "SELECT DISTINCT a.session, b.id, b.data FROM message a, message b",
            "touched it",
        ),
    ],
)
@pytest.mark.parametrize("library", list(Library))
def test_evidence_is_that_of_the_table(
    tmp_path: Path, query: str, message: str, library: Library
) -> None:
    """As for the gate, it comes before the adapter's own; wrong SQL is found likewise."""
    config = AdapterConfig(session="/session", key=["/id"], evidence=query)
    is_apsw = library is Library.APSW
    rig = database_rig(
        ByApsw() if is_apsw else DigestsTheStamp(),
        tmp_path,
        writers=RENAME,
        library=library,
        driver=ApswDriver() if is_apsw else None,
        config=config,
    )

    violation = check_gate_sound(rig)

    assert (message in violation.message) if violation else not message


class ByApsw:
    """Reads all rows through apsw."""

    name = "by-apsw"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield a row per event."""
        flags = apsw.SQLITE_OPEN_READONLY
        with closing(apsw.Connection(str(source.path), flags=flags)) as db:
            rows = db.execute("SELECT id, session, data FROM message").fetchall()
        for row in rows:
            yield dict(zip(("id", "session", "data"), row, strict=True))


def test_values_that_are_passed_over_are_not_changed(tmp_path: Path) -> None:
    """A changed parser changes what the comparison looks at."""
    compare = CompareConfig(ignore=["/data", "/updated"])
    config = AdapterConfig(session="/session", key=["/id"], compare=compare)
    rig = database_rig(HasEvidence(), tmp_path, writers=(), config=config)
    line = b'{"data":"x","id":"m0","session":"s0","updated":1}'

    changed = [
        what
        for seed in range(20)
        for what, _ in mutants(rig.subject.comparison, [line], SplitMix64(seed))
    ]

    assert {"event 1 left out", "/id of event 1 changed"} == set(changed)
    assert check_gate_sound(rig) is None


def test_a_comparison_that_sees_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed parser that is called identical is the worst that a gate can do."""
    monkeypatch.setattr(gatejudge, "compare_sessions", lambda *_: ())

    violation = check_gate_sound(database_rig(HasEvidence(), tmp_path, writers=()))

    assert violation is not None
    assert "is called identical with event" in violation.message


def test_evidence_can_be_handed_in(tmp_path: Path) -> None:
    """Where a query in the adapter's table gives it."""
    rig = database_rig(Base(), tmp_path, writers=RENAME)

    violation = check_gate_sound(rig, lambda _source: {"s0": "1", "s1": "1"})

    assert violation is not None
    assert "is called changed" in violation.message


def test_the_built_in_adapter_is_sound(tmp_path: Path) -> None:
    """Title and usage change without their stamp; other sessions are not touched."""
    rig = database_rig(
        OpencodeAdapter(),
        tmp_path,
        sql=(SCENARIOS / "nested_subagents_three_deep" / "fixture.sql").read_text(),
        writers=(TITLE_AND_PART,),
        library=Library.APSW,
        driver=ApswDriver(),
        config=BUILTIN["opencode"].config,
    )

    assert check_gate_sound(rig, plans=10) is None


def test_what_was_touched_is_told_by_rows_and_what_they_name(tmp_path: Path) -> None:
    """A part names its message, and that its session."""
    sql = """
    CREATE TABLE session(id TEXT PRIMARY KEY);
    CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT);
    CREATE TABLE part(id TEXT PRIMARY KEY, message TEXT, data TEXT);
    INSERT INTO session VALUES ('s0'), ('s1');
    INSERT INTO message VALUES ('m0', 's0'), ('m1', 's1');
    INSERT INTO part VALUES ('p0', 'm0', 'x'), ('p1', 'm1', 'x');
    """
    bench = database_rig(Base(), tmp_path, sql=sql).bench
    assert isinstance(bench, DatabaseBench)
    changed = change(bench.image, "UPDATE part SET data = 'y' WHERE id = 'p0'")
    assert changed is not None

    touched = names_touched(bench, [bench.image, changed])

    assert touched.may_be("s0")
    assert not touched.may_be("s1")


def test_what_was_touched_is_told_by_files_that_differ(tmp_path: Path) -> None:
    """By their names, and by what stands in them before and after."""
    files = {"s0.jsonl": b'{"session":"other"}', "s1.jsonl": b"{}"}
    bench = file_rig(Base(), tmp_path, files).bench
    written = bench.make(HarnessClock())
    before = written.capture()
    (written.source.root / "s0.jsonl").write_bytes(b"")

    touched = names_touched(bench, [before, written.capture()])

    assert touched.may_be("s0")
    assert touched.may_be("other")
    assert not touched.may_be("s1")


def test_a_lock_that_is_left_keeps_nobody_from_the_final_store(tmp_path: Path) -> None:
    """What is committed is parsed from a copy, so such a plan is judged, too."""

    def parse(path: Path) -> list[Emission]:
        with closing(sqlite3.connect(path, timeout=0)) as db:
            rows = db.execute("SELECT id, session FROM message ORDER BY id").fetchall()
        return [{"id": key, "session": session} for key, session in rows]

    script = "-- step: lock\nBEGIN EXCLUSIVE;\n-- step: end\nCOMMIT;"
    rig = database_rig(parse, tmp_path, writers=(script,))
    assert isinstance(rig.bench, DatabaseBench)
    image = rig.bench.image[:18] + b"\x01\x01" + rig.bench.image[20:]  # no WAL
    rig = replace(rig, bench=replace(rig.bench, image=image))
    behind_the_parse = Plan((Placed(0, 0, 0, Gap(0, 3)),), None, 1)
    gate = gatesound._Gate(rig)

    assert gate.run(behind_the_parse).final == gate.run(Plan(())).final
