"""The class of one session after a parse-diff, with everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictClass(StrEnum):
    """What became of a session."""

    IDENTICAL = "identical"
    CHANGED = "changed"
    RACED = "raced"
    INCREMENTAL_SKEW = "incremental_skew"
    PENDING_RESYNC = "pending_resync"
    NEW_ON_DISK = "new_on_disk"
    SKIPPED = "skipped"
    EXCLUDED_BY_PARSER = "excluded_by_parser"
    TRANSIENT_NEEDS_RETRY = "transient_needs_retry"
    PARSE_ERROR = "parse_error"


class Reason(StrEnum):
    """Why a session has its class."""

    # raced
    MOVED_DURING_RUN = "moved_during_run"
    NEWER_THAN_ARCHIVE = "newer_than_archive"
    UNREADABLE = "unreadable"
    NO_STORED_WATERMARK = "no_stored_watermark"
    ARCHIVE_ROW_REWRITTEN = "archive_row_rewritten"
    # changed, because the source is proved untouched or nothing can prove otherwise
    CONTENT_EQUAL = "content_equal"
    NO_EVIDENCE = "no_evidence"
    # pending_resync
    OLDER_DATA_VERSION = "older_data_version"
    STALE_ID = "stale_id"
    # skipped
    TRASHED = "trashed_in_archive"
    SOURCE_MISSING = "source_missing"
    NOT_SAMPLED = "not_sampled"
    NOT_DISCOVERED = "not_discovered"
    OTHER_ADAPTER = "other_adapter"


class Phase(StrEnum):
    """Where a difference was seen."""

    PARSE = "parse"
    COMPARE = "compare"
    PRESENCE = "presence"


#: Reasons that tell of an archive behind its sources, not of a race in this run.
STALE_REASONS = frozenset({Reason.NEWER_THAN_ARCHIVE, Reason.NO_STORED_WATERMARK})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDiff:
    """One field that differs.

    Attributes:
        field: Name of a declared group, else the JSON pointer, else one of
            ``presence``, ``records``, ``order``, ``aggregate:<name>``,
            ``fingerprint``.
        stored: As shown to people, on one line; never a body.
        parsed: The same of the parsed side.
        detail: How many records differ and which is the first; may be empty.
        is_informational: Whether it cannot fail a session.
    """

    field: str
    stored: str
    parsed: str
    detail: str = ""
    is_informational: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The class of one session.

    Attributes:
        adapter: Who parsed it.
        session: Its id; empty for an error of a source without stored sessions.
        source: Name of its source; may be empty.
        cls: The class.
        reason: Why, where there is a choice.
        phase: Where the difference was seen.
        fields: What differs, real differences first.
        stored_data_version: ``None`` when nothing is stored.
        evidence: What was observed, one line per observation.
        message: Text of the parser: an error, a veto; may be empty.
    """

    adapter: str
    session: str
    source: str = ""
    cls: VerdictClass
    reason: Reason | None = None
    phase: Phase = Phase.COMPARE
    fields: tuple[FieldDiff, ...] = ()
    stored_data_version: int | None = None
    evidence: tuple[str, ...] = ()
    message: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether the archive is behind the source: to be recorded again."""
        return self.reason in STALE_REASONS

    @property
    def real_fields(self) -> tuple[str, ...]:
        """Names of the fields whose difference counts, in order."""
        return tuple(f.field for f in self.fields if not f.is_informational)
