"""Throw stored sessions away, and take them back: a verb of its own."""

from __future__ import annotations

from pathlib import Path

from pytest_parsediff.archive.connect import (
    WAIT_S,
    recording_connection,
    transaction,
    translated,
)
from pytest_parsediff.archive.writer import ContentWriter


def set_trashed(
    path: Path, adapter: str, session: str, *, is_trashed: bool, wait_s: float = WAIT_S
) -> bool:
    """Throw one session of an archive away, or take it back.

    A session that is trashed keeps its records, is compared no longer, and stays
    trashed when it is recorded again.

    Returns:
        Whether the archive has that session.

    Raises:
        ArchiveUnreadableError: PD501. ArchiveVersionError: PD502.
        ArchiveLockedError: PD503. ArchiveMissingError: PD504.
    """
    with (
        recording_connection(path, wait_s, must_exist=True) as connection,
        translated(path, wait_s),
        transaction(connection),
    ):
        writer = ContentWriter(connection, None)
        return writer.set_trashed(adapter, session, is_trashed=is_trashed)
