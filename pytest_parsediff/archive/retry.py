"""Find out what an earlier recording left to be done."""

from __future__ import annotations

from pathlib import Path

from pytest_parsediff.archive.connect import (
    WAIT_S,
    recording_connection,
    transaction,
    translated,
)
from pytest_parsediff.archive.ledger import (
    Ledger,
    last_run_id,
    read_entities,
    read_run,
)
from pytest_parsediff.archive.runs import RUNNING, Retry, select_retry
from pytest_parsediff.core.errors import OptionError, Where


def find_retry(
    path: Path, run_id: int | None = None, *, wait_s: float = WAIT_S
) -> Retry:
    """Return what a run left to be done.

    Args:
        path: The archive.
        run_id: Its number; ``None`` for the last one.
        wait_s: How long locks of others are waited for, in seconds.

    Raises:
        OptionError: PD116, there is no such run, or it is not over.
        ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
        ArchiveLockedError: PD503. ArchiveMissingError: PD504.
    """
    with (
        recording_connection(path, wait_s, must_exist=True) as connection,
        translated(path, wait_s),
    ):
        with transaction(connection):  # a run that died is over
            Ledger(connection).end_dead_runs()
        number = last_run_id(connection) if run_id is None else run_id
        run = None if number is None else read_run(connection, number)
        if run is None:
            known = last_run_id(connection)
            message = f"no run {run_id} to retry; the last one is {known}"
            raise OptionError(message, Where(path))
        if run.state in RUNNING:
            raise OptionError(f"run {run.run_id} is not over yet", Where(path))
        return select_retry(run, read_entities(connection, run.run_id))
