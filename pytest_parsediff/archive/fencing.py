"""What a recording may do with one session: pure decisions, no database.

Two guards keep a fresher row. The *revision fence* is the archive's revision before
anything was parsed: a row with a later one was written by somebody else since. The
*watermark* catches rows from a newer state of the source than the one that was parsed,
for example by another machine. Both are looked at inside the write transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_parsediff.archive.rows import StoredSource
from pytest_parsediff.archive.staged import StagedSession, StagedSource
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, StoredSession


class Action(StrEnum):
    """What is done with one session.

    ``insert``: it was not stored. ``rewrite``: everything is replaced. ``append``: new
    records go behind the stored ones. ``refresh``: only the observation is written.
    ``keep``: nothing is written. ``stale``: nothing is written, what is stored is
    fresher.
    """

    INSERT = "insert"
    REWRITE = "rewrite"
    APPEND = "append"
    REFRESH = "refresh"
    KEEP = "keep"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One session that is to be recorded.

    Attributes:
        parsed: What was parsed.
        observation: What the source was when it was parsed.
        data_version: Of the adapter that parsed it.
        is_append: Whether it holds only what came after the stored cursor.
    """

    parsed: ParsedSession
    observation: Observation
    data_version: int
    is_append: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and for ``stale`` the reason on one line."""

    action: Action
    reason: str = ""


def decide(stored: StoredSession | None, payload: Payload, fence: int) -> Decision:
    """Return what a recording does with one session.

    Args:
        stored: The row as it is inside the write transaction.
        payload: What was parsed.
        fence: Revision of the archive before anything was parsed.
    """
    if stored is None:
        return Decision(Action.INSERT)
    stale = _why_stale(stored, payload, fence)
    if _is_equal(stored, payload):  # also when somebody else recorded the very same
        has_news = not stale and _has_news(stored.observation, payload.observation)
        return Decision(Action.REFRESH if has_news else Action.KEEP)
    if stale:
        return Decision(Action.STALE, stale)
    if not payload.is_append:
        return Decision(Action.REWRITE)
    has_records = payload.parsed.record_count > 0
    return Decision(Action.APPEND if has_records else Action.REFRESH)


def _why_stale(stored: StoredSession, payload: Payload, fence: int) -> str:
    if stored.revision > fence:
        return f"written at revision {stored.revision}, and this run began at {fence}"
    if is_newer(stored.observation, payload.observation):
        return "stored from a newer state of the source"
    return ""


def _is_equal(stored: StoredSession, payload: Payload) -> bool:
    """Return whether a full write of *payload* would change nothing a verdict sees.

    A row that was appended to is never equal: its marker goes with a full write.
    """
    parsed = payload.parsed
    return (
        not payload.is_append
        and not stored.is_incremental
        and stored.fingerprint != ""
        and (stored.fingerprint, stored.form, stored.record_count, stored.source)
        == (parsed.fingerprint, parsed.form, parsed.record_count, parsed.source)
        and stored.aggregates == parsed.aggregates
        and stored.data_version == payload.data_version
    )


def _has_news(stored: Observation | None, parsed: Observation) -> bool:
    """Return whether *parsed* says more, or later things, than what is stored."""
    old, new = stored.mtime_ns if stored else None, parsed.mtime_ns
    if old is not None and new is not None and old > new:
        return False
    return stored != _kept_of(parsed)


def _kept_of(observation: Observation) -> Observation:
    """Return *observation* as an archive keeps it: what holds on any machine."""
    return Observation(
        size=observation.size,
        mtime_ns=observation.mtime_ns,
        content_hash=observation.content_hash,
        consumed=observation.consumed,
        row_digest=observation.row_digest,
    )


def is_newer(stored: Observation | None, parsed: Observation) -> bool:
    """Return whether *stored* is from a strictly newer state of the source.

    Equal bytes are equal states whatever the clock says. Equal times are no reason to
    keep the stored row: the fence proves that it was written before the source was
    looked at, so what was parsed is the later look.
    """
    if stored is None or stored.mtime_ns is None or parsed.mtime_ns is None:
        return False
    if stored.content_hash is not None and stored.content_hash == parsed.content_hash:
        return False
    return stored.mtime_ns > parsed.mtime_ns


def has_moved(before: Observation, after: Observation) -> bool:
    """Return whether a source was written, or vanished, between two observations.

    Digests decide where both have one; then a new time alone is no move.
    """
    if (before.exists, before.error) != (after.exists, after.error):
        return True
    if before.row_digest is not None or after.row_digest is not None:
        return before.row_digest != after.row_digest
    if before.content_hash is not None and after.content_hash is not None:
        return before.content_hash != after.content_hash
    return (before.size, before.mtime_ns, before.inode) != (
        after.size,
        after.mtime_ns,
        after.inode,
    )


def payload_of(source: StagedSource, session: StagedSession) -> Payload:
    """Return *session* as it is to be recorded."""
    return Payload(
        parsed=session.parsed,
        observation=source.before if session.before is None else session.before,
        data_version=source.data_version,
        is_append=source.base is not None,
    )


def is_moving(source: StagedSource, session: StagedSession) -> bool:
    """Return whether the parse of *session* may be torn."""
    if session.before is not None and session.after is not None:
        return has_moved(session.before, session.after)
    return has_moved(source.before, source.after)


def why_no_base(stored: StoredSource | None, source: StagedSource) -> str:
    """Return why an incremental parse does not go on from *stored*; empty if it does.

    The bytes that were recorded must still be there: all of them, or, where a partial
    last line was replaced, those up to the consumed boundary.
    """
    base = source.base
    if base is None:
        return ""
    if stored is None or stored.cursor is None:
        return "the archive has no cursor of this source"
    if stored.cursor != base.cursor:
        return "the archive has another cursor of this source"
    if stored.data_version != source.data_version:
        return "the archive has it from another data version"
    seen = stored.observation
    if (base.size, base.content_hash) in (
        (seen.size, seen.content_hash),
        (seen.consumed, stored.consumed_hash),
    ):
        return ""
    return "the beginning of the source is no longer what was recorded"


def why_not_appendable(stored: StoredSession | None, payload: Payload) -> str:
    """Return why records cannot go behind those of *stored*; empty if they can."""
    if stored is None or not payload.is_append:
        return ""
    if stored.form != payload.parsed.form:
        return "recorded by other rules"
    if stored.data_version != payload.data_version:
        return "recorded from another data version"
    if stored.source != payload.parsed.source:
        return f"recorded from another source, {stored.source!r}"
    return ""
