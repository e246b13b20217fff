"""The law ``read-only``: the reader leaves no trace in the store."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_parsediff.core.proof import observe, violations
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.schedule import Schedule
from pytest_parsediff.interleave.states import StateKey
from pytest_parsediff.laws.deterministic import scan_placed
from pytest_parsediff.laws.law import Law, Violation

#: Contents that are remembered, together.
_MAX_HELD_BYTES = 64 * 2**20
#: Copies the WAL into the main file, which no row shows (https://sqlite.org/wal.html).
_CHECKPOINT = re.compile(
    r"""\s*PRAGMA\s+(?:["'`\[]?\w+["'`\]]?\s*\.\s*)?wal_checkpoint\b""", re.IGNORECASE
)


class Control:
    """Runs the steps of a run once more, with nobody reading.

    Final contents are remembered by state, so a control run is made once for all plans
    that end in one state.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._contents: dict[StateKey, bytes] = {}
        self._held = 0

    def check(self, run: Run) -> Violation | None:
        """Return the violation if the store is not what the steps alone make of it."""
        if run.witness.sniffed:
            return _sniffed(run.witness.sniffed)
        statements = (sql for poll in run.polls for sql in poll.statements)
        checkpoint = next(filter(_CHECKPOINT.match, statements), None)
        if checkpoint is not None:
            message = f"the reader asked for a checkpoint: {checkpoint}"
            return Violation(law=Law.READ_ONLY, message=message)
        state = run.states[-1]
        expected = self._contents.get(state)
        if expected is None:
            expected = self._run(run.ran)
            self._remember(state, expected)
        if expected == run.content:
            return None
        message = (
            "the store differs from what the same steps make of it without a reader"
        )
        return Violation(law=Law.READ_ONLY, message=message)

    def _run(self, ran: Sequence[Placed]) -> bytes:
        clock = HarnessClock()
        written = self._bench.make(clock)
        start = Gap(0, 0)
        steps = tuple(Placed(p.writer, p.index, p.dt_ms, start) for p in ran)
        try:
            Schedule(Plan(steps), written.writers, clock).drain()
            return written.capture()
        finally:
            written.discard()

    def _remember(self, state: StateKey, content: bytes) -> None:
        """Keep *content*, and forget everything before it gets too much."""
        if self._held + len(content) > _MAX_HELD_BYTES:
            self._contents.clear()
            self._held = 0
        self._contents[state] = content
        self._held += len(content)


def _sniffed(names: Sequence[str]) -> Violation:
    message = (
        f"{names[0]} was opened as a plain file while a connection to it was open:"
        f" closing it drops the locks of the connection"
    )
    return Violation(law=Law.READ_ONLY, message=message, details=tuple(names))


def check_quiet_store(rig: Rig) -> Violation | None:
    """Scan a store that nobody writes, twice, and compare every file of it.

    Digests are taken while nobody has the store open. A second check follows the reader
    for two polls, so that plain opens of a connected database are seen as well.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    written = rig.bench.make(HarnessClock())
    written.close()
    source = written.source
    before = observe(source.root)
    for _ in range(2):
        scan_placed(rig, source)
    found = violations(before, observe(source.root))
    if found:
        message = f"a scan of a store that nobody writes {found[0]}"
        return Violation(law=Law.READ_ONLY, message=message, details=tuple(found))
    run = rig.run(Plan((), None, 2))
    rig.states.forget_contents()
    return Control(rig.bench).check(run)
