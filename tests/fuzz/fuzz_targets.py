"""What is fuzzed: bytes go in, and an assertion fails if something was lost.

Each target takes any bytes. A crash is any exception but the typed ones; a hang is seen
by whoever calls, by its timeout; a silent loss is what the assertions are about.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import apsw

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.adapters.opencode.cursor import decode_cursor, encode_cursor
from pytest_parsediff.adapters.opencode.decode import (
    decode_message,
    decode_part,
    decode_switch,
    peek_type,
)
from pytest_parsediff.adapters.opencode.gojson import DecodeError, parse
from pytest_parsediff.adapters.opencode.prompt import decode_prompt
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Notice, Source
from pytest_parsediff.core.pointers import Pointer

_DDL = """
CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, title TEXT, model TEXT,
    time_created INTEGER, time_updated INTEGER, time_archived INTEGER,
    time_compacting INTEGER);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,
    time_updated INTEGER, data TEXT);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT,
    time_created INTEGER, time_updated INTEGER, data TEXT);
CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT,
    seq INTEGER, time_created INTEGER, time_updated INTEGER, data TEXT);
CREATE TABLE session_input (id TEXT PRIMARY KEY, session_id TEXT, prompt TEXT,
    time_created INTEGER);
INSERT INTO session VALUES ('ses_good', '', 'Good', NULL, 1, 1, NULL, NULL);
INSERT INTO message VALUES ('msg_good', 'ses_good', 1, 1, '{"role":"user"}');
INSERT INTO part VALUES ('prt_good', 'msg_good', 'ses_good', 1, 1,
    '{"type":"compaction","auto":true}');
"""
_INSERTS = (
    "INSERT OR REPLACE INTO message VALUES ('msg_a', 'ses_a', 2, ?2, ?1)",
    "INSERT OR REPLACE INTO part VALUES ('prt_' || ?2, 'msg_a', 'ses_a', 3, ?2, ?1)",
    """INSERT OR REPLACE INTO session_message VALUES
    ('evt_' || ?2, 'ses_a', 'model-switched', ?2, 4, ?2, ?1)""",
    "INSERT OR REPLACE INTO session_input VALUES ('msg_a', 'ses_a', ?1, ?2)",
    "UPDATE session SET model = ?1 WHERE id = 'ses_a'",
    "UPDATE session SET title = ?1, time_updated = ?2 WHERE id = 'ses_a'",
    """UPDATE part SET data = ?1 WHERE id =
    (SELECT max(id) FROM part WHERE session_id = 'ses_a')""",
    "DELETE FROM part WHERE id = (SELECT max(id) FROM part WHERE session_id = 'ses_a')",
    "UPDATE session SET parent_id = ?1 WHERE id = 'ses_a'",
    "DELETE FROM message WHERE id = 'msg_a'",
)
_KEY = [Pointer.parse(place) for place in BUILTIN["opencode"].config.key or ()]

Target: TypeAlias = Callable[[bytes], None]
Scan: TypeAlias = Callable[[str | None], Iterator[Emission]]
#: Session to identity to event.
Held: TypeAlias = dict[str, dict[str, str]]


def decode(data: bytes) -> None:
    """Cells of JSON: read as strictly as JSON is, and decoded or refused."""
    text = data.decode(errors="replace")
    decoders = (decode_message, decode_prompt)
    for decoder in decoders:
        with suppress(DecodeError):
            decoder(text)
    try:
        value = parse(text)
    except DecodeError:
        assert not _is_plain_json(text), "refused what is JSON"
        return
    for one in (peek_type, decode_part, decode_switch):
        with suppress(DecodeError):
            one(value)


def _is_plain_json(text: str) -> bool:
    """Return whether *text* is JSON to everybody: shallow, and all of it Unicode."""
    if text.count("[") + text.count("{") > 100 or "\ufffd" in text or "\\u" in text:
        return False
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(name: str) -> None:
    raise ValueError(name)


def rows(data: bytes) -> None:
    """Commits of rows, byte by byte, with a poll after each: what polls say is stored.

    The first byte of each line chooses a statement, the rest is its value. After every
    commit events folded by session are those of a cold scan; the other session is never
    touched.
    """
    with _store() as (path, writer):
        clock = _Clock()
        reader = OpencodeAdapter().open(Source(path, path.parent), clock.context(path))
        with closing(reader):
            held, cursor = _poll(reader.scan, None, {})
            good = held["ses_good"]
            _commit(
                writer, "INSERT INTO session VALUES ('ses_a','','A','',1,1,0,0)", ()
            )
            for number, line in enumerate(data.split(b"\n")[:12]):
                statement = _INSERTS[line[0] % len(_INSERTS) if line else 0]
                value = line[1:].decode(errors="replace")
                _commit(writer, statement, (value, number + 5))
                clock.now += 3600
                try:
                    held, cursor = _poll(reader.scan, cursor, held)
                    cold, _ = _poll(_cold(path), None, {})
                except ParsediffError:
                    return
                assert cold == held, _differ(held, cold)
                assert good == held["ses_good"], "another session changed"
                assert "ses_a" in held, "a session is gone"


def cursor(data: bytes) -> None:
    """Cursors: refused, or the same after writing; and a poll from them ends well."""
    text = data.decode(errors="replace")
    known = decode_cursor(text)
    if known is not None:
        again = decode_cursor(encode_cursor(known))
        assert again == known, "a cursor changed by writing it"
    with _store() as (path, _writer):
        context = _Clock().context(path)
        reader = OpencodeAdapter().open(Source(path, path.parent), context)
        with closing(reader):
            held, cursor_ = _poll(reader.scan, text, {})
            if known is None:
                cold, _ = _poll(_cold(path), None, {})
                assert cold == held, "not a full scan after a cursor that is none"
            assert cursor_ is not None
            assert decode_cursor(cursor_) is not None
            quiet, _ = _poll(reader.scan, cursor_, {})
            assert {} == quiet, "a quiet store was told again"


TARGETS: dict[str, Target] = {"decode": decode, "rows": rows, "cursor": cursor}


def _differ(held: Held, cold: Held) -> str:
    """Return which events differ."""
    found = ["polls and a cold scan differ:"]
    for session in sorted({*held, *cold}):
        mine, theirs = held.get(session, {}), cold.get(session, {})
        found += [f"- {line}" for key, line in mine.items() if theirs.get(key) != line]
        found += [f"+ {line}" for key, line in theirs.items() if mine.get(key) != line]
    return "\n".join(found)


class _Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def context(self, path: Path) -> Context:
        return Context(lambda: self.now, path.parent, path.parent)


@contextmanager
def _store() -> Iterator[tuple[Path, apsw.Connection]]:
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as name:
        path = Path(name) / "opencode.db"
        with closing(apsw.Connection(str(path))) as writer:
            list(writer.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = off"))
            list(writer.execute(_DDL))
            yield path, writer


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _commit(writer: apsw.Connection, sql: str, values: tuple[Any, ...]) -> None:
    used = values[: 2 if "?2" in sql else 1 if "?1" in sql else 0]
    list(writer.execute(sql, used))


def _cold(path: Path) -> Scan:
    source = Source(path, path.parent)
    return lambda cursor: OpencodeAdapter().scan(source, cursor)


def _poll(scan: Scan, cursor: str | None, held: Held) -> tuple[Held, str | None]:
    """Return what is held after one read, and the last cursor.

    A session that is told replaces what was held of it, also within one read.
    """
    told: Held = {}
    last = cursor
    for item in scan(cursor):
        if isinstance(item, Checkpoint):
            last = item.cursor
        elif isinstance(item, Notice):
            assert item.code, "a notice without a code"
        elif isinstance(item, dict):
            payload = item["payload"]
            session = payload.get("SessionNativeID") or payload["NativeID"]
            if item["kind"] == "session_removed":
                told[session] = {}
            else:
                told.setdefault(session, dict(held.get(session, {})))
                key = repr([place.get(item) for place in _KEY])
                told[session][key] = json.dumps(item)
    merged = {**held, **told}
    return {session: lines for session, lines in merged.items() if lines}, last
