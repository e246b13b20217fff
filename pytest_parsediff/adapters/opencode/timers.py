"""When a poll may take more than a glance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds between two comparisons of all digests, where nothing counts changes.
VERIFY_INTERVAL_S = 60.0
#: The same where an event log counts them, and has been right so far.
LOG_VERIFY_INTERVAL_S = 1800.0
#: A walk over all rows takes at most one part in so many of the time.
_PROBE_SHARE = 5


@dataclass(slots=True)
class Timers:
    """What is due, since something was committed.

    Attributes:
        clock: Seconds, monotonic.
        verify_interval_s: Longest time for which a change may stay unseen, where no
            event log counts changes.
        trusts_log: Whether the event log, if there is one, is believed. Where it is
            not, the store is read as one without a log.
    """

    clock: Callable[[], float]
    verify_interval_s: float = VERIFY_INTERVAL_S
    trusts_log: bool = True
    _has_log: bool = False
    _verified_at: float | None = None
    _is_unverified: bool = True
    _is_unprobed: bool = True
    _probe_after: float | None = field(default=None)
    _bypassed_at: float | None = field(default=None)

    def note_commit(self, *, has_log: bool) -> None:
        """Take note that something was committed, or may have been."""
        self._has_log = has_log
        self._is_unverified = self._is_unprobed = True

    def force(self) -> None:
        """Let everything be compared in this poll: nothing of before can be relied on."""
        self._is_unverified = self._is_unprobed = True
        self._verified_at = self._probe_after = None

    def doubt_log(self) -> None:
        """Believe the log no more until all digests were compared."""
        self.trusts_log = False

    def note_bypass(self) -> None:
        """Take note that somebody writes past the log; he may do so for a while."""
        self.trusts_log = False
        self._bypassed_at = self.clock()

    def confirm_log(self) -> None:
        """Take note that a comparison of all digests found what the log says."""
        last = self._bypassed_at
        self.trusts_log = last is None or self.clock() - last >= LOG_VERIFY_INTERVAL_S

    @property
    def uses_log(self) -> bool:
        """Whether an event log takes the place of walks over all rows."""
        return self._has_log and self.trusts_log

    @property
    def must_verify(self) -> bool:
        """Whether all digests are to be compared now."""
        if not self._is_unverified:
            return False
        interval = LOG_VERIFY_INTERVAL_S if self.uses_log else self.verify_interval_s
        last = self._verified_at
        return last is None or self.clock() - last >= interval

    @property
    def must_probe(self) -> bool:
        """Whether the times of all rows are to be looked at now."""
        if self.uses_log or not self._is_unprobed:
            return False
        return self._probe_after is None or self.clock() >= self._probe_after

    @property
    def is_due(self) -> bool:
        """Whether a poll has something to do although nothing was committed since."""
        return self.must_verify or self.must_probe

    def probed(self, began: float) -> None:
        """Take note of a walk over all rows that is done."""
        now = self.clock()
        self._is_unprobed = False
        self._probe_after = now + (now - began) * (_PROBE_SHARE - 1)

    def verified(self, began: float) -> None:
        """Take note of a comparison of all digests that is done."""
        self._is_unverified = False
        self._verified_at = began
