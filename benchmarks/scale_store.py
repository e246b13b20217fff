"""A store of opencode in the shape of a large real one, at 1, 10 or 100 %.

Rows per table, the mix of part types, children and archived sessions are those of a
store of 6,778 sessions that a project published figures of; texts are made up, and their
sizes are spread like lengths of outputs: many short ones, a few up to opencode's own
limit of 50 KB. The same seed and percentage give the same rows on every machine.

100 % is about 3.9 GB with ``--body 1``; ``--body 0.1`` keeps all rows and takes a tenth
of the text. Rows are streamed: memory does not grow with the store.

    python benchmarks/scale_store.py opencode.db --percent 10

Source:
    https://github.com/netdata/ai-viewer (SOW-0005: volume of the reference database)
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import apsw

from pytest_parsediff.core.splitmix import SplitMix64

#: Rows of the whole store.
SESSIONS, CHILDREN, ARCHIVED = 6_778, 1_285, 2
MESSAGES, SESSION_MESSAGES = 127_345, 3_985
PARTS = {
    "tool": 199_635,
    "step-start": 117_119,
    "step-finish": 116_589,
    "text": 73_439,
    "reasoning": 67_576,
    "patch": 11_082,
    "compaction": 432,
    "file": 22,
}
#: Mean length of what a part says, in characters.
_MEAN = {"tool": 15_000, "text": 2_200, "reasoning": 3_000, "patch": 400, "file": 8_000}
_MOST = 50_000
_START_MS = 1_760_000_000_000
_STEP_MS = 1_700
_POOL = 2**20

_SCHEMA = """
CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL, vcs text, name text,
  time_created integer NOT NULL, time_updated integer NOT NULL, sandboxes text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, workspace_id text,
  parent_id text, slug text NOT NULL, directory text NOT NULL, path text,
  title text NOT NULL, version text NOT NULL, share_url text, summary_additions integer,
  summary_deletions integer, summary_files integer, summary_diffs text, metadata text,
  cost real DEFAULT 0 NOT NULL, tokens_input integer DEFAULT 0 NOT NULL,
  tokens_output integer DEFAULT 0 NOT NULL, tokens_reasoning integer DEFAULT 0 NOT NULL,
  tokens_cache_read integer DEFAULT 0 NOT NULL,
  tokens_cache_write integer DEFAULT 0 NOT NULL, revert text, permission text,
  agent text, model text, time_created integer NOT NULL, time_updated integer NOT NULL,
  time_compacting integer, time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL,
  session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE session_message (id text PRIMARY KEY, session_id text NOT NULL,
  type text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL,
  data text NOT NULL);
CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL,
  created_at numeric, name text, applied_at text);
INSERT INTO __drizzle_migrations (hash, name) VALUES ('1', '20260510033149_session_usage');
INSERT INTO project VALUES ('global', '/', NULL, NULL, 1, 1, '[]');
"""
_INDEXES = """
CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
CREATE INDEX part_session_idx ON part (session_id);
CREATE INDEX session_message_session_idx ON session_message (session_id);
CREATE INDEX session_project_idx ON session (project_id);
CREATE INDEX session_parent_idx ON session (parent_id);
PRAGMA journal_mode = wal;
"""
#: The change counter of opencode 1.17 and later, one row per session.
_EVENTS = """
CREATE TABLE event_sequence (aggregate_id text PRIMARY KEY, seq integer NOT NULL,
  owner_id text);
CREATE TABLE event (id text PRIMARY KEY, aggregate_id text NOT NULL, seq integer NOT NULL,
  type text NOT NULL, data text NOT NULL);
CREATE UNIQUE INDEX event_aggregate_seq_idx ON event (aggregate_id, seq);
INSERT INTO event_sequence
  SELECT session_id, count(*) + 1, NULL FROM part GROUP BY session_id;
INSERT INTO event
  SELECT 'evt_' || id, session_id, row_number() OVER (PARTITION BY session_id ORDER BY id),
    'message.part.updated.1', '{}' FROM part;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What store to make.

    Attributes:
        percent: Of the rows of the whole store.
        body: Factor on the length of texts.
        seed: Of everything that is drawn.
        has_events: Whether there is the change counter of newer releases.
    """

    percent: float = 1.0
    body: float = 1.0
    seed: int = 0
    has_events: bool = False

    def rows(self, whole: int) -> int:
        """Return how many of *whole* rows there are."""
        return max(1, round(whole * self.percent / 100))


def make_store(path: Path, shape: Shape) -> dict[str, int]:
    """Make the store at *path*, which must not exist, and return its rows per table."""
    if path.exists():
        raise FileExistsError(path)
    with closing(apsw.Connection(str(path))) as connection:
        for pragma in (
            "journal_mode = off",
            "synchronous = off",
            "cache_size = -200000",
        ):
            list(connection.execute(f"PRAGMA {pragma}"))
        list(connection.execute(_SCHEMA))
        with connection:
            for session in _Sessions(shape):
                session.insert(connection)
        if shape.has_events:
            list(connection.execute(_EVENTS))
        list(connection.execute(_INDEXES))
        tables = ("session", "message", "part", "session_message")
        counts = {}
        for table in tables:
            ((count,),) = connection.execute(f"SELECT count(*) FROM {table}")
            counts[table] = int(str(count))
    return counts


def share(total: int, weights: list[float]) -> list[int]:
    """Return whole numbers in the ratio of *weights* whose sum is *total*."""
    sums = list(accumulate(weights))
    ends = [round(total * reached / sums[-1]) for reached in sums]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


class _Sessions:
    """All sessions, one after the other; what is left to give out is counted."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._random = SplitMix64.seeded("scale-store", shape.seed)
        count = shape.rows(SESSIONS)
        weights = [self._exponential() + 0.1 for _ in range(count)]
        self._messages = share(shape.rows(MESSAGES), weights)
        self._switches = share(shape.rows(SESSION_MESSAGES), [1.0] * count)
        self._children = shape.rows(CHILDREN)
        self._archived = min(ARCHIVED, count)
        answers = sum(map(_answers_of, self._messages))
        prompts = sum(self._messages) - answers
        self._parts = {
            kind: share(self._of_answers(kind, prompts), [1.0] * max(answers, 1))
            for kind in PARTS
        }
        self._texts = _Texts(self._random, shape.body)
        self._answer = 0
        self._part = 0
        self._clock_ms = _START_MS

    def __iter__(self) -> Iterator[_Rows]:
        count = len(self._messages)
        for number, messages in enumerate(self._messages):
            # children are spread, and never the first of all
            is_child = (
                number * self._children // count
                != (number - 1) * self._children // count
            )
            parent = (
                _session_id(self._random.below(number)) if is_child and number else None
            )
            rows = _Rows(_session_id(number), parent, self._clock_ms)
            rows.is_archived = number < self._archived
            for index in range(messages):
                self._add_message(rows, index, is_answer=_is_answer(index))
            self._add_switches(rows, self._switches[number])
            rows.end_ms = self._tick()
            yield rows

    def _add_message(self, rows: _Rows, index: int, *, is_answer: bool) -> None:
        created = self._tick()
        message = f"msg_{created:012x}{index:04x}"
        if not is_answer:
            data: dict[str, object] = {
                "role": "user",
                "time": {"created": created},
                "agent": "build",
                "model": {"providerID": "anthropic", "modelID": "a-model"},
            }
            rows.prompt = message
            self._add_part(rows, message, "text", {"text": self._texts.draw(300)})
        else:
            data = {
                "role": "assistant",
                "parentID": rows.prompt,
                "agent": "build",
                "mode": "build",
                "path": {"cwd": "/home/user/project", "root": "/home/user/project"},
                "cost": 0.0123,
                "tokens": self._tokens(),
                "modelID": "a-model",
                "providerID": "anthropic",
                "time": {"created": created, "completed": created + 900},
                "finish": "stop",
            }
            self._add_answer(rows, message)
        rows.messages.append(
            (message, rows.session, created, self._tick(), _json(data))
        )

    def _add_answer(self, rows: _Rows, message: str) -> None:
        order = (
            "step-start",
            "reasoning",
            "text",
            "tool",
            "patch",
            "compaction",
            "file",
        )
        for kind in (*order, "step-finish"):
            for _ in range(self._parts[kind][self._answer]):
                self._add_part(rows, message, kind, self._content(kind))
        self._answer += 1

    def _add_part(
        self, rows: _Rows, message: str, kind: str, content: dict[str, object]
    ) -> None:
        created = self._tick(7)
        self._part += 1
        part = f"prt_{created:012x}{self._part:08x}"
        data = _json({"type": kind, **content})
        rows.parts.append((part, message, rows.session, created, created, data))

    def _content(self, kind: str) -> dict[str, object]:
        times = {"start": self._clock_ms, "end": self._clock_ms + 400}
        match kind:
            case "tool":
                state = {
                    "status": "completed",
                    "input": {
                        "command": self._texts.draw(200),
                        "description": "a tool",
                    },
                    "output": self._texts.draw(_MEAN["tool"]),
                    "title": "a tool",
                    "metadata": {"exit": 0, "truncated": False},
                    "time": times,
                }
                return {"tool": "bash", "callID": f"call_{self._part}", "state": state}
            case "step-finish":
                return {"reason": "stop", "cost": 0.0123, "tokens": self._tokens()}
            case "text" | "reasoning":
                return {"text": self._texts.draw(_MEAN[kind]), "time": times}
            case "file":
                url = f"data:text/plain,{self._texts.draw(_MEAN['file'])}"
                return {"filename": "a.txt", "mime": "text/plain", "url": url}
            case _:
                return self._small_content(kind)

    def _small_content(self, kind: str) -> dict[str, object]:
        if kind == "patch":
            files = [f"/home/user/project/{i}.py" for i in range(5)]
            return {"hash": f"{self._part:040x}", "files": files}
        return {"auto": True} if kind == "compaction" else {}

    def _of_answers(self, kind: str, prompts: int) -> int:
        """Return how many parts are the model's: each prompt has a text of its own."""
        return max(
            0, self._shape.rows(PARTS[kind]) - (prompts if kind == "text" else 0)
        )

    def _tokens(self) -> dict[str, object]:
        cache = {"read": self._random.below(90_000), "write": self._random.below(2_000)}
        tokens = {"input": self._random.below(9_000), "output": self._random.below(900)}
        return {**tokens, "reasoning": self._random.below(300), "cache": cache}

    def _add_switches(self, rows: _Rows, count: int) -> None:
        for _ in range(count):
            created = self._tick()
            row = (
                f"evt_{created:016x}",
                rows.session,
                "agent-switched",
                created,
                created,
            )
            rows.switches.append((*row, '{"agent":"build"}'))

    def _tick(self, step_ms: int = _STEP_MS) -> int:
        self._clock_ms += step_ms
        return self._clock_ms

    def _exponential(self) -> float:
        return -math.log((self._random.next_u64() + 1) / 2**64)


@dataclass(slots=True)
class _Rows:
    """The rows of one session."""

    session: str
    parent: str | None
    created_ms: int
    end_ms: int = 0
    is_archived: bool = False
    prompt: str = ""
    messages: list[tuple[str, str, int, int, str]] = field(default_factory=list)
    parts: list[tuple[str, str, str, int, int, str]] = field(default_factory=list)
    switches: list[tuple[str, str, str, int, int, str]] = field(default_factory=list)

    def insert(self, connection: apsw.Connection) -> None:
        """Write all of them."""
        model = '{"id":"a-model","providerID":"anthropic"}'
        archived = self.end_ms if self.is_archived else None
        tokens = (8_000, 700, 100, 60_000, 900)
        connection.execute(
            "INSERT INTO session (id, project_id, parent_id, slug, directory, title,"
            " version, cost, tokens_input, tokens_output, tokens_reasoning,"
            " tokens_cache_read, tokens_cache_write, agent, model, time_created,"
            " time_updated, time_archived)"
            " VALUES (?,'global',?,?,?,?,'1.15.13',?,?,?,?,?,?,'build',?,?,?,?)",
            (
                *(self.session, self.parent, f"slug-{self.session[-6:]}"),
                *("/home/user/project", f"Title of {self.session}", 0.5, *tokens),
                *(model, self.created_ms, self.end_ms, archived),
            ),
        )
        for table, rows in (
            ("message", self.messages),
            ("part", self.parts),
            ("session_message", self.switches),
        ):
            if rows:
                marks = ",".join("?" * len(rows[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


class _Texts:
    """Pieces of one long text; drawing one costs a slice, whatever its length."""

    def __init__(self, random: SplitMix64, body: float) -> None:
        self._random = random
        self._body = body
        words = [f"{random.below(2**24):x}" for _ in range(4_096)]
        words += [
            "the",
            "naïve",
            "<b>",
            '"quoted"',
            "line\n",
            "日本",
            "a & b",
            "\\path",
        ]
        pieces, length = [], 0
        while length < _POOL:
            word = words[random.below(len(words))]
            pieces.append(word)
            length += len(word) + 1
        self._pool = " ".join(pieces)

    def draw(self, mean: int) -> str:
        """Return a text of about *mean* characters; most are shorter, few far longer."""
        spread = -math.log((self._random.next_u64() + 1) / 2**64)
        length = min(round(mean * self._body * spread), _MOST)
        begin = self._random.below(_POOL - _MOST)
        return self._pool[begin : begin + length]


def _session_id(number: int) -> str:
    """Return an id that is less than those of all sessions before, as opencode's is."""
    return (
        f"ses_{0xE04000000000 - number * 0x10001:012x}ffNeverMind{number % 10_000:04}"
    )


def _is_answer(index: int) -> bool:
    """Return whether the message is one of the model's; twelve follow each prompt."""
    return index % 13 != 0


def _answers_of(messages: int) -> int:
    return sum(map(_is_answer, range(messages)))


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str] | None = None) -> int:
    """Make one store, and print what is in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--percent", type=float, default=1.0)
    parser.add_argument(
        "--body", type=float, default=1.0, help="factor on text lengths"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--events", action="store_true", help="as of 1.17 and later")
    options = parser.parse_args(arguments)
    shape = Shape(
        percent=options.percent,
        body=options.body,
        seed=options.seed,
        has_events=options.events,
    )
    counts = make_store(options.path, shape)
    size = options.path.stat().st_size / 2**20
    print(
        ", ".join(f"{n:,} {table}" for table, n in counts.items()), f"{size:,.1f} MiB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
