"""From columns of an archive to values, and back.

Ids and names may hold lone surrogates: JSON can spell them, and undecodable file names
become them. They go in and out as bytes, with surrogates passed through, so that no
session is lost for its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import Aggregates, Record, StoredSession

_SESSION_COLUMNS = """\
CAST(adapter AS BLOB), CAST(session AS BLOB), CAST(source AS BLOB), fingerprint, form,
coalesce(record_count, (SELECT count(*) FROM records WHERE session_id = sessions.id)),
aggregates, is_observed, size, mtime_ns, content_hash, consumed, row_digest,
coalesce(data_version, 0), is_incremental, is_trashed, revision"""

#: Sessions per statement of :data:`NEXT_SESSIONS`.
PAGE = 256

#: The first sessions of all.
FIRST_SESSIONS = f"""\
SELECT {_SESSION_COLUMNS} FROM sessions ORDER BY adapter, session LIMIT {PAGE}"""  # noqa: S608 - names of ours
#: Those behind an adapter and a session. The plus takes the affinity of CAST away, with
#: which SQLite would use no more than the first column of the index.
NEXT_SESSIONS = f"""\
SELECT {_SESSION_COLUMNS} FROM sessions
WHERE (adapter, session) > (+CAST(? AS TEXT), +CAST(? AS TEXT))
ORDER BY adapter, session LIMIT {PAGE}"""  # noqa: S608 - names of ours
#: The session of an adapter and an id.
ONE_SESSION = f"""\
SELECT {_SESSION_COLUMNS} FROM sessions
WHERE adapter = CAST(? AS TEXT) AND session = CAST(? AS TEXT)"""  # noqa: S608 - names of ours
#: The sessions of an adapter and a source.
SESSIONS_OF_SOURCE = f"""\
SELECT {_SESSION_COLUMNS} FROM sessions
WHERE adapter = CAST(? AS TEXT) AND source = CAST(? AS TEXT) ORDER BY session"""  # noqa: S608 - names of ours
#: The records of an adapter and a session.
RECORDS = """\
SELECT ordinal, CAST(key AS BLOB), CAST(line AS BLOB) FROM records
WHERE session_id = (SELECT id FROM sessions
                    WHERE adapter = CAST(? AS TEXT) AND session = CAST(? AS TEXT))
ORDER BY ordinal"""
#: The source of an adapter and a name.
ONE_SOURCE = """\
SELECT CAST(adapter AS BLOB), CAST(source AS BLOB), CAST(cursor AS BLOB), size, mtime_ns,
       content_hash, consumed, consumed_hash, data_version, revision
FROM sources WHERE adapter = CAST(? AS TEXT) AND source = CAST(? AS TEXT)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """One source as the last recording of all its sessions left it.

    Attributes:
        adapter: Who parsed it.
        name: Its name.
        cursor: Behind everything that is stored; ``None`` when only a full parse can
            go on from here.
        observation: What it was.
        consumed_hash: SHA-256 of the first ``observation.consumed`` bytes; may be empty.
        data_version: Of the adapter.
        revision: Grows with every write of the row.
    """

    adapter: str
    name: str
    cursor: str | None
    observation: Observation
    consumed_hash: str
    data_version: int
    revision: int


def encode(text: str) -> bytes:
    """Return *text* for ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Return the text of a column that was ``CAST(… AS BLOB)``."""
    return data.decode("utf-8", "surrogatepass")


def stored_session(row: tuple[Any, ...]) -> StoredSession:
    """Return the session of a row of :data:`ONE_SESSION`."""
    return StoredSession(
        adapter=decode(row[0]),
        session=decode(row[1]),
        source=decode(row[2]),
        fingerprint=row[3],
        form=row[4],
        record_count=row[5],
        aggregates=json.loads(row[6]),
        observation=_observation(row[7], row[8:13]),
        data_version=row[13],
        is_incremental=bool(row[14]),
        is_trashed=bool(row[15]),
        revision=row[16],
    )


def _observation(is_observed: int, columns: tuple[Any, ...]) -> Observation | None:
    """Return what was seen; a source that was looked at may show no watermark."""
    if not is_observed and columns == (None,) * len(columns):
        return None
    size, mtime_ns, content_hash, consumed, row_digest = columns
    return Observation(
        size=size,
        mtime_ns=mtime_ns,
        content_hash=content_hash,
        consumed=consumed,
        row_digest=row_digest,
    )


def stored_record(row: tuple[Any, ...]) -> Record:
    """Return the record of a row of :data:`RECORDS`."""
    return Record(row[0], decode(row[1]), row[2])


def stored_source(row: tuple[Any, ...]) -> StoredSource:
    """Return the source of a row of :data:`ONE_SOURCE`."""
    return StoredSource(
        adapter=decode(row[0]),
        name=decode(row[1]),
        cursor=None if row[2] is None else decode(row[2]),
        observation=Observation(
            size=row[3], mtime_ns=row[4], content_hash=row[5], consumed=row[6]
        ),
        consumed_hash=row[7] or "",
        data_version=row[8],
        revision=row[9],
    )


def watermark(observation: Observation) -> tuple[Any, ...]:
    """Return the columns ``size`` to ``row_digest`` of *observation*.

    Inodes and change times are left out: they mean nothing on another machine.
    """
    return (
        observation.size,
        observation.mtime_ns,
        observation.content_hash,
        observation.consumed,
        observation.row_digest,
    )


def encode_aggregates(aggregates: Aggregates) -> str:
    """Return the column of *aggregates*; equal ones give equal text."""
    return json.dumps(aggregates, sort_keys=True)


def add_aggregates(
    one: Aggregates, other: Aggregates
) -> Mapping[str, int | float | None]:
    """Return the sums over both; ``None``, no record had it, counts as nothing."""
    return {name: _sum(one.get(name), other.get(name)) for name in {**one, **other}}


def _sum(one: float | None, other: float | None) -> int | float | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
