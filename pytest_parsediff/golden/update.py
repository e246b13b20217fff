"""Decide which goldens an update writes, and write all of them or none.

The order is: every selected scenario is accounted for; nothing blocks; every golden
is still what its item compared with; all new files are written beside their goldens;
each golden is renamed aside and the new file linked into its place, so that an edit
made meanwhile is never overwritten; everything is read back; the asides are removed.
A failure on the way puts back what was there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pytest_parsediff.core.errors import (
    CommitError,
    GoldenUnreadableError,
    ParsediffError,
    StaleGoldenError,
    UpdateBlockedError,
    Where,
)
from pytest_parsediff.core.wording import counted
from pytest_parsediff.golden.stage import Staged, digest
from pytest_parsediff.golden.status import read_golden
from pytest_parsediff.golden.swap import Swap


class UpdateMode(StrEnum):
    """What ``--update-golden`` was given."""

    ALL = "all"
    NEW = "new"
    CHANGED = "changed"
    PLAN = "plan"

    @property
    def writes(self) -> bool:
        """Whether this mode may change a file."""
        return self is not UpdateMode.PLAN


class Action(StrEnum):
    """What an update does, or would do, with one golden."""

    CREATE = "create"
    WRITE = "write"
    KEEP = "keep"
    LEAVE = "leave"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Decision:
    """One scenario of an update.

    Attributes:
        staged: What the item projected.
        action: What happens to the golden.
    """

    staged: Staged
    action: Action

    @property
    def writes(self) -> bool:
        """Whether the golden's bytes change."""
        return self.action in (Action.CREATE, Action.WRITE)


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What an update did.

    Attributes:
        decisions: One per staged scenario, in selection order.
        written: Those whose golden was really written.
        before: Bytes that each written golden had, by path; ``None`` for a new one.
        errors: Why nothing, or not everything, was written; empty on success.
        skipped: Node ids that did not run, each with the reason.
    """

    decisions: tuple[Decision, ...]
    written: tuple[Decision, ...] = ()
    before: Mapping[str, bytes | None] = field(default_factory=dict)
    errors: tuple[ParsediffError, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def decide(staged: Staged, mode: UpdateMode) -> Action:
    """Return what *mode* does with one projection that nothing blocks."""
    if staged.fence is None:
        return Action.LEAVE if mode is UpdateMode.CHANGED else Action.CREATE
    if staged.fence == digest(staged.content):
        return Action.KEEP
    return Action.LEAVE if mode is UpdateMode.NEW else Action.WRITE


def conclude(
    staged: Mapping[str, Staged],
    selected: Sequence[str],
    failed: Mapping[str, str],
    skipped: Mapping[str, str],
    mode: UpdateMode,
) -> UpdateResult:
    """Finish an update: check that it is sound, then write.

    Args:
        staged: Projections by node id.
        selected: Every scenario item that was to run.
        failed: First line of the failure of each item that failed.
        skipped: Reason of each item that was skipped.
        mode: What was asked.

    Returns:
        What was done. With errors nothing was written, except that a golden which
        somebody changed meanwhile does not keep the others from being written.
    """
    good = {
        node_id: one
        for node_id, one in staged.items()
        if node_id not in failed and node_id not in skipped
    }
    decisions = tuple(
        Decision(good[node_id], decide(good[node_id], mode))
        for node_id in selected
        if node_id in good
    )
    blocks = _find_blocks(good, selected, failed, skipped)
    if blocks:
        names = "\n".join(f"  {node_id}: {why}" for node_id, why in blocks.items())
        count = len(blocks)
        message = f"nothing was written: {count} of {counted(len(selected), 'selected scenario')}"
        error = UpdateBlockedError(
            f"{message} {'is' if count == 1 else 'are'} not sound", detail=names
        )
        return UpdateResult(decisions, errors=(error,), skipped=skipped)
    if mode is UpdateMode.PLAN:
        return UpdateResult(decisions, skipped=skipped)
    return _Commit(decisions, skipped).run()


def _find_blocks(
    good: Mapping[str, Staged],
    selected: Sequence[str],
    failed: Mapping[str, str],
    skipped: Mapping[str, str],
) -> dict[str, str]:
    blocks = dict(failed)
    for node_id in selected:
        if node_id in good:
            if good[node_id].blocked:
                blocks[node_id] = good[node_id].blocked
        elif node_id not in failed and node_id not in skipped:
            blocks[node_id] = "did not run to its end"
    return blocks


# --- the commit -------------------------------------------------------------------------


class _Commit:
    """Writes all goldens that a run decided to write."""

    def __init__(
        self, decisions: tuple[Decision, ...], skipped: Mapping[str, str]
    ) -> None:
        self._decisions = list(decisions)
        self._skipped = skipped
        self._errors: list[ParsediffError] = []
        self._before: dict[str, bytes | None] = {}
        self._swaps: dict[int, Swap] = {}  # by index of the decision

    def run(self) -> UpdateResult:
        """Return what was done; nothing is half done afterwards."""
        try:
            self._fence()
            self._swap()
            self._verify()
        except (OSError, ParsediffError) as error:
            self._undo()
            self._errors.append(_as_commit_error(error))
            self._before.clear()
        except BaseException:  # an interrupt
            self._undo()
            raise
        finally:
            self._clean()
        return UpdateResult(
            tuple(self._decisions),
            tuple(d for d in self._decisions if d.staged.golden in self._before),
            self._before,
            tuple(self._errors),
            self._skipped,
        )

    def _fence(self) -> None:
        """Prepare every new file; leave out goldens that somebody has changed."""
        token = f"{os.getpid()}-{secrets.token_hex(4)}"
        for index, decision in enumerate(self._decisions):
            if not decision.writes:
                continue
            staged = decision.staged
            golden = Path(staged.golden)
            if golden.is_symlink():
                message = "the golden is a symbolic link"
                raise GoldenUnreadableError(message, Where(golden))
            now = read_golden(golden)
            if (None if now is None else digest(now)) != staged.fence:
                self._mark_stale(index)
                continue
            self._before[staged.golden] = now
            swap = Swap(golden, staged.fence, staged.content, token)
            self._swaps[index] = swap
            swap.prepare()

    def _swap(self) -> None:
        for index, swap in self._swaps.items():
            if not swap.put():
                self._mark_stale(index)

    def _mark_stale(self, index: int) -> None:
        staged = self._decisions[index].staged
        self._decisions[index] = Decision(staged, Action.STALE)
        self._before.pop(staged.golden, None)
        message = "the golden was changed while the update ran; it was left alone"
        self._errors.append(StaleGoldenError(message, Where(staged.golden)))

    def _verify(self) -> None:
        for swap in self._swaps.values():
            if swap.is_put and read_golden(swap.golden) != swap.content:
                message = "the golden reads back different from what was written"
                raise CommitError(message, Where(swap.golden))

    def _undo(self) -> None:
        for swap in reversed(self._swaps.values()):
            try:
                swap.undo()
            except OSError as error:
                message = f"the golden could not be put back: {error.strerror}"
                self._errors.append(CommitError(message, Where(swap.golden)))

    def _clean(self) -> None:
        for swap in self._swaps.values():
            for left in swap.clean():
                message = f"a copy of the golden was left in {left.name}"
                self._errors.append(CommitError(message, Where(swap.golden)))


def _as_commit_error(error: OSError | ParsediffError) -> ParsediffError:
    if isinstance(error, ParsediffError):
        return error
    where = Where(error.filename) if error.filename else None
    return CommitError(f"nothing was written: {error.strerror}", where)
