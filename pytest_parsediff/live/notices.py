"""Notices of an adapter that mean something to a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pytest_parsediff.core import event
from pytest_parsediff.core.event import Notice


class Meaning(StrEnum):
    """Codes that are acted on; any other code is for people."""

    NEEDS_RETRY = "needs-retry"
    EXCLUDED = "excluded"
    SESSION_ERROR = event.SESSION_ERROR
    INCOMPLETE = "incomplete"


@dataclass(slots=True)
class Said:
    """What an adapter said of its source so far; of two notices the first one holds.

    Attributes:
        needs_retry: Why a session wants another pass, by id; empty for the source.
        excluded: Why a session is vetoed, by id.
        errors: Why a session could not be parsed, by id.
        is_incomplete: Whether a session that is not emitted may be there all the same.
    """

    needs_retry: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    is_incomplete: bool = False

    def take(self, notice: Notice) -> None:
        """Act on *notice* if its code is one of :class:`Meaning`."""
        text = notice.message or notice.code
        match notice.code:
            case Meaning.NEEDS_RETRY:
                self.needs_retry.setdefault(notice.where, text)
                self.is_incomplete = self.is_incomplete or not notice.where
            case Meaning.EXCLUDED if notice.where:
                self.excluded.setdefault(notice.where, text)
            case Meaning.SESSION_ERROR if notice.where:
                self.errors.setdefault(notice.where, text)
            case Meaning.INCOMPLETE:
                self.is_incomplete = True
            case _:
                pass

    @property
    def sessions(self) -> set[str]:
        """Sessions that something was said of."""
        return {*self.needs_retry, *self.excluded, *self.errors} - {""}
