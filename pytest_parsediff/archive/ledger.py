"""The control plane of an archive: rows about runs and their entities.

Every run and every entity has one row that is updated in place. A run that is over has
no entity that is still to be done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import apsw

from pytest_parsediff.archive.liveness import Process, is_dead, now_ms
from pytest_parsediff.archive.rows import decode, encode
from pytest_parsediff.archive.runs import (
    OPEN,
    RUNNING,
    Entity,
    Kind,
    Run,
    RunState,
    Stage,
    Status,
)
from pytest_parsediff.core.errors import RecordingAbortedError


class Ledger:
    """The control tables on a connection; each method needs an open transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def open_run(
        self, mode: str, scope: frozenset[str] | None, parent_run_id: int | None
    ) -> tuple[int, int]:
        """Add a run in ``preflight`` and return its number and its fence."""
        [(fence,)] = self._connection.execute("SELECT revision FROM archive")
        process, now = Process.current(), now_ms()
        text = "" if scope is None else json.dumps(sorted(scope))
        self._connection.execute(
            """
            INSERT INTO sync_runs (parent_run_id, mode, state, scope, fence, pid,
                                   process, host, heartbeat_ms, started_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                *(parent_run_id, mode, str(RunState.PREFLIGHT), text, fence),
                *(process.pid, process.mark, process.host, now, now),
            ),
        )
        return self._connection.last_insert_rowid(), fence

    def put(self, run_id: int, entity: Entity) -> None:
        """Add *entity*, or replace what is known of it."""
        self._connection.execute(
            """
            INSERT OR REPLACE INTO sync_run_entities
            VALUES (?, CAST(? AS TEXT), ?, CAST(? AS TEXT), CAST(? AS TEXT),
                    ?, ?, ?, ?, CAST(? AS TEXT))""",
            (
                *(run_id, encode(entity.adapter), str(entity.kind)),
                *(encode(entity.name), encode(entity.source), str(entity.stage)),
                *(str(entity.status), entity.action, entity.code),
                encode(entity.message),
            ),
        )

    def find(self, run_id: int, kind: Kind, adapter: str, name: str) -> Entity | None:
        """Return one entity of a run."""
        where = "run_id = ? AND adapter = CAST(? AS TEXT) AND kind = ?"
        rows = _entities(
            self._connection,
            f"{where} AND name = CAST(? AS TEXT)",
            (run_id, encode(adapter), str(kind), encode(name)),
        )
        return next(iter(list(rows)), None)

    def begin_commit(self, run_id: int) -> None:
        """Note that everything was parsed.

        Raises:
            RecordingAbortedError: PD521, another process took the run for dead.
        """
        self.refuse_unless(run_id, RunState.PREFLIGHT)
        self._set_state(run_id, RunState.COMMITTING)

    def refuse_unless(self, run_id: int, state: RunState) -> None:
        """Refuse to go on with a run that is over.

        Raises:
            RecordingAbortedError: PD521.
        """
        [(found,)] = self._connection.execute(
            "SELECT state FROM sync_runs WHERE run_id = ?", (run_id,)
        )
        if found != state:
            message = f"run {run_id} is {found}: another process took it for dead"
            raise RecordingAbortedError(message)

    def close_run(
        self, run_id: int, state: RunState, code: str = "", message: str = ""
    ) -> None:
        """Give a run its last state, and entities that are still open ``aborted``."""
        self._connection.execute(
            """
            UPDATE sync_run_entities
            SET status = ?, code = ?, message = CAST(? AS TEXT)
            WHERE run_id = ? AND status IN (SELECT value FROM json_each(?))""",
            (
                *(str(Status.ABORTED), code, encode(message), run_id),
                json.dumps(sorted(OPEN)),
            ),
        )
        self._connection.execute(
            """
            UPDATE sync_runs
            SET state = ?, code = ?, message = CAST(? AS TEXT), ended_ms = ?
            WHERE run_id = ?""",
            (str(state), code, encode(message), now_ms(), run_id),
        )

    def beat(self, run_id: int) -> None:
        """Note that the run goes on."""
        self._connection.execute(
            "UPDATE sync_runs SET heartbeat_ms = ? WHERE run_id = ?", (now_ms(), run_id)
        )

    def end_dead_runs(self) -> list[int]:
        """Close the runs of dead processes as ``aborted``; return their numbers."""
        states = json.dumps(RUNNING)
        rows: list[Any] = self._connection.execute(
            """
            SELECT run_id, state, pid, process, host, heartbeat_ms FROM sync_runs
            WHERE state IN (SELECT value FROM json_each(?)) ORDER BY run_id""",
            (states,),
        ).fetchall()
        dead = []
        for run_id, state, pid, mark, host, heartbeat_ms in rows:
            if is_dead(Process(pid, mark, host), heartbeat_ms, now_ms()):
                message = (
                    f"process {pid} on {host} died in {state}; nothing was written"
                )
                self.close_run(
                    run_id, RunState.ABORTED, RecordingAbortedError.code, message
                )
                dead.append(run_id)
        return dead

    def _set_state(self, run_id: int, state: RunState) -> None:
        self._connection.execute(
            "UPDATE sync_runs SET state = ?, heartbeat_ms = ? WHERE run_id = ?",
            (str(state), now_ms(), run_id),
        )


def read_run(connection: apsw.Connection, run_id: int) -> Run | None:
    """Return one run, with counts made from its entities."""
    rows: list[Any] = connection.execute(
        """
        SELECT parent_run_id, mode, state, code, message, scope, fence FROM sync_runs
        WHERE run_id = ?""",
        (run_id,),
    ).fetchall()
    if not rows:
        return None
    parent, mode, state, code, message, scope, fence = rows[0]
    return Run(
        run_id=run_id,
        parent_run_id=parent,
        mode=mode,
        state=RunState(state),
        code=code,
        message=message,
        scope=frozenset(json.loads(scope)) if scope else None,
        fence=fence,
        counts=dict(_counts(connection, run_id)),
    )


def last_run_id(connection: apsw.Connection) -> int | None:
    """Return the number of the newest run."""
    [(found,)] = connection.execute("SELECT max(run_id) FROM sync_runs")
    return None if found is None else int(found)


def read_entities(connection: apsw.Connection, run_id: int) -> Iterator[Entity]:
    """Yield the entities of a run by adapter, kind and name."""
    return _entities(connection, "run_id = ?", (run_id,))


def _counts(connection: apsw.Connection, run_id: int) -> Iterator[tuple[str, int]]:
    for kind, status, count in connection.execute(
        """
        SELECT kind, status, count(*) FROM sync_run_entities WHERE run_id = ?
        GROUP BY kind, status ORDER BY kind, status""",
        (run_id,),
    ):
        yield (status if kind == Kind.SESSION else f"{kind}_{status}"), count


def _entities(
    connection: apsw.Connection, where: str, values: tuple[Any, ...]
) -> Iterator[Entity]:
    query = f"""
        SELECT CAST(adapter AS BLOB), kind, CAST(name AS BLOB), CAST(source AS BLOB),
               stage, status, action, code, CAST(message AS BLOB)
        FROM sync_run_entities WHERE {where} ORDER BY adapter, kind, name"""  # noqa: S608 - ours
    for row in connection.execute(query, values):
        yield Entity(
            adapter=decode(row[0]),
            kind=Kind(row[1]),
            name=decode(row[2]),
            source=decode(row[3]),
            stage=Stage(row[4]),
            status=Status(row[5]),
            action=row[6],
            code=row[7],
            message=decode(row[8]),
        )
