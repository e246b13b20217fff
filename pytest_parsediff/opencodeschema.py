"""The tables of opencode 1.18, as far as readers look at them."""

from __future__ import annotations

#: The columns that matter, and the indexes that make a difference to a query plan.
OPENCODE_SCHEMA = """\
CREATE TABLE session(
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, slug TEXT NOT NULL,
    directory TEXT NOT NULL, title TEXT NOT NULL, version TEXT NOT NULL,
    agent TEXT, model TEXT, cost REAL NOT NULL DEFAULT 0,
    tokens_input INTEGER NOT NULL DEFAULT 0, tokens_output INTEGER NOT NULL DEFAULT 0,
    tokens_reasoning INTEGER NOT NULL DEFAULT 0,
    tokens_cache_read INTEGER NOT NULL DEFAULT 0,
    tokens_cache_write INTEGER NOT NULL DEFAULT 0,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL,
    time_archived INTEGER, time_compacting INTEGER
);
CREATE TABLE message(
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session(id),
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE INDEX message_by_session ON message(session_id, time_created, id);
CREATE TABLE part(
    id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES message(id),
    session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE INDEX part_by_message ON part(message_id, id);
CREATE INDEX part_by_session ON part(session_id);
CREATE TABLE session_message(
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL,
    seq INTEGER NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE TABLE session_input(
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL, prompt TEXT NOT NULL,
    time_created INTEGER NOT NULL
);
"""
