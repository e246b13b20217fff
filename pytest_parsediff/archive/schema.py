"""The tables of an archive, as SQL that people read too.

``docs/archive.md`` shows :data:`SCHEMA` and :data:`HISTORY`; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: ``PRAGMA application_id`` of every archive: "pdif" in ASCII.
APPLICATION_ID = 0x70646966

#: What each version of the schema brought, the last one is the current one.
HISTORY: tuple[tuple[int, str], ...] = (
    (1, "sessions, records, sources; sync_runs, sync_run_entities"),
)

SCHEMA = """\
-- Content -------------------------------------------------------------------------

-- One row: the last revision that a row was given. It only ever grows.
CREATE TABLE archive (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO archive (id, revision) VALUES (1, 0);

-- One row per source that was recorded as a whole.
CREATE TABLE sources (
    adapter       TEXT NOT NULL,
    source        TEXT NOT NULL,    -- path below the root that was given, with /
    cursor        TEXT,             -- everything before it is stored; NULL: parse in full
    size          INTEGER,          -- bytes
    mtime_ns      INTEGER,          -- nanoseconds since the epoch
    content_hash  TEXT,             -- SHA-256 of the bytes parsed, hex
    consumed      INTEGER,          -- bytes up to the last complete valid JSON line
    consumed_hash TEXT,             -- SHA-256 of that many bytes, hex
    data_version  INTEGER NOT NULL DEFAULT 0,
    revision      INTEGER NOT NULL DEFAULT 0,
    run_id        INTEGER,          -- run that wrote the row
    PRIMARY KEY (adapter, source)
) STRICT, WITHOUT ROWID;

-- One row per session. The columns from size to row_digest say what the source was
-- when the session was parsed; the last one is for sessions in a shared database.
CREATE TABLE sessions (
    id              INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    adapter         TEXT NOT NULL,
    session         TEXT NOT NULL,
    source          TEXT NOT NULL DEFAULT '',
    fingerprint     TEXT NOT NULL DEFAULT '',   -- of all records; '': not known
    form            TEXT NOT NULL DEFAULT '',   -- digest of the rules of these lines
    record_count    INTEGER,                    -- NULL: not said, count the rows
    aggregates      TEXT NOT NULL DEFAULT '{}', -- declared sums, a JSON object
    is_observed     INTEGER NOT NULL DEFAULT 0, -- 1: looked at, even if all are NULL
    size            INTEGER,
    mtime_ns        INTEGER,
    content_hash    TEXT,
    consumed        INTEGER,
    row_digest      TEXT,
    data_version    INTEGER,                    -- of the adapter; NULL: not said, 0
    is_incremental  INTEGER NOT NULL DEFAULT 0, -- 1: the last write appended
    is_trashed      INTEGER NOT NULL DEFAULT 0, -- 1: no longer compared
    revision        INTEGER NOT NULL DEFAULT 0, -- grows with every write but observations
    run_id          INTEGER,                    -- run that last wrote what is stored
    observed_run_id INTEGER,                    -- run that last wrote the observation
    UNIQUE (adapter, session),
    CHECK (json_valid(aggregates) AND json_type(aggregates) = 'object')
) STRICT;

CREATE INDEX sessions_by_source ON sessions (adapter, source, session);

-- One row per canonical event of a session.
CREATE TABLE records (
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,         -- 0-based, without gaps
    key        TEXT NOT NULL DEFAULT '', -- JSON of the values at the adapter's key places
    line       TEXT NOT NULL,            -- canonical JSON, without LF
    PRIMARY KEY (session_id, ordinal)
) STRICT;

-- Control: what recordings did. Survives an aborted recording --------------------------

-- One row per recording. Numbers are never used again.
CREATE TABLE sync_runs (
    run_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_run_id INTEGER REFERENCES sync_runs (run_id), -- the run that is retried
    mode          TEXT NOT NULL,            -- full, append
    state         TEXT NOT NULL,            -- see "Ledger"
    code          TEXT NOT NULL DEFAULT '', -- error code
    message       TEXT NOT NULL DEFAULT '',
    scope         TEXT NOT NULL DEFAULT '', -- JSON array of session ids; '': all
    fence         INTEGER NOT NULL,         -- archive.revision before anything was parsed
    pid           INTEGER NOT NULL,
    process       TEXT NOT NULL,            -- tells processes of one pid apart; may be ''
    host          TEXT NOT NULL,
    heartbeat_ms  INTEGER NOT NULL,         -- milliseconds since the epoch
    started_ms    INTEGER NOT NULL,
    ended_ms      INTEGER                   -- NULL while it runs
) STRICT;

-- One row per source and per session that a run had in scope.
CREATE TABLE sync_run_entities (
    run_id   INTEGER NOT NULL REFERENCES sync_runs (run_id) ON DELETE CASCADE,
    adapter  TEXT NOT NULL,
    kind     TEXT NOT NULL,            -- source, session
    name     TEXT NOT NULL,            -- of the source, or id of the session
    source   TEXT NOT NULL DEFAULT '', -- where a session was found
    stage    TEXT NOT NULL,            -- parse, write
    status   TEXT NOT NULL,            -- see "Ledger"
    action   TEXT NOT NULL DEFAULT '', -- what was written
    code     TEXT NOT NULL DEFAULT '', -- error code
    message  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, adapter, kind, name)
) STRICT, WITHOUT ROWID;
"""

#: Tables whose rows a verdict depends on; a recording writes them in one transaction.
CONTENT_TABLES = ("archive", "sources", "sessions", "records")
#: Tables that tell what recordings did.
CONTROL_TABLES = ("sync_runs", "sync_run_entities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One version of the tables, and how to get there.

    Attributes:
        version: ``PRAGMA user_version``.
        script: SQL that makes the tables in an empty database.
        migrations: Version to SQL that leads from it to the next one; there is one for
            every version that can still be migrated. Each ends with the very tables
            that *script* makes.
    """

    version: int
    script: str
    migrations: Mapping[int, str] = field(default_factory=dict)


#: The schema of this version of the plugin.
CURRENT = Schema(version=HISTORY[-1][0], script=SCHEMA)
