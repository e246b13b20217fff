"""What was seen of a source, or of one session inside it, at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen at one moment; ``None`` is *not seen*, never *not there*.

    A file source has the first seven attributes. One session of a shared database has
    only ``exists`` and ``row_digest``: the file as a whole is no evidence about it.

    Attributes:
        exists: Whether the file, or the session's rows, were there and readable.
        size: Bytes of the file.
        mtime_ns: Modification time, nanoseconds since the epoch.
        ctime_ns: Change time of the inode, nanoseconds since the epoch; never
            compared across machines, only within one run.
        inode: ``device:inode``.
        content_hash: SHA-256 of the bytes, hex.
        consumed: Bytes up to the end of the last complete valid JSON line.
        row_digest: Digest of everything that belongs to the session, hex.
        error: Why it could not be read; empty when it could.
    """

    exists: bool = True
    size: int | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None
    inode: str | None = None
    content_hash: str | None = None
    consumed: int | None = None
    row_digest: str | None = None
    error: str = ""
