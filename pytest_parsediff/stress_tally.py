"""Counts what became of blocks of plans, from their reports."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_parsediff.core.wording import counted

if TYPE_CHECKING:
    import pytest

#: Tokens that are kept per scenario, the newest ones.
_KEPT = 10
_SHOWN = 20


@dataclass(slots=True)
class StressTally:
    """Results of one run.

    Attributes:
        plans: How many were run.
        seconds: How long they took, in all processes together.
        proofs: Node id and what its pass proves.
        tokens: Tokens of failures, per scenario.
        passed: Scenarios whose first block, which takes remembered tokens, passed.
        stopped: Node id and why not all of its plans were run.
        notes: What could not be followed, per scenario.
        coverage: How much of its listed plans was run, per scenario.
    """

    plans: int = 0
    seconds: float = 0.0
    proofs: list[tuple[str, str]] = field(default_factory=list)
    tokens: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    passed: set[str] = field(default_factory=set)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    coverage: dict[str, Coverage] = field(default_factory=dict)

    def add(self, report: pytest.TestReport, facts: dict[str, Any]) -> None:
        """Count one report; each phase of an item has its own."""
        if report.when != "call" or "plans" not in facts:
            return
        self.plans += facts["plans"]
        self.seconds += facts["seconds"]
        if facts["token"]:
            self.tokens[facts["id"]].append(facts["token"])
        elif report.passed:
            self.proofs.append((report.nodeid, facts["proof"]))
            if facts["number"] == 0:
                self.passed.add(facts["id"])
        if "listing" in facts:
            whole = self.coverage.setdefault(facts["id"], Coverage())
            whole.add(facts["listing"], is_stopped=bool(facts["stopped"]))
        if facts["stopped"]:
            self.stopped.append((report.nodeid, facts["stopped"]))
        if facts["note"]:
            self.notes[facts["id"]] = facts["note"]

    def remember(self, before: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the tokens to replay first next time, given those of earlier runs."""
        tokens = {name: old for name, old in before.items() if name not in self.passed}
        for name, new in self.tokens.items():
            tokens[name] = list(dict.fromkeys([*new, *tokens.get(name, ())]))[:_KEPT]
        return tokens

    def write(self, reporter: pytest.TerminalReporter, unfinished: str) -> None:
        """Print a section; nothing when no plan was run."""
        if not self.plans and not unfinished:
            return
        reporter.section("parsediff stress")
        rate = self.plans / self.seconds if self.seconds else 0.0
        failed = sum(map(len, self.tokens.values()))
        found = f", {failed} broken" if failed else ""
        reporter.line(f"{counted(self.plans, 'plan')}, {rate:.0f} per second{found}")
        is_long = reporter.config.get_verbosity() > 0
        proofs = sorted(self.proofs, key=_by_block)
        shown = proofs if is_long else proofs[:_SHOWN]
        for node_id, proof in shown:
            reporter.line(f"{node_id}: {proof}")
        if len(self.proofs) > len(shown):
            reporter.line(f"… {len(self.proofs) - len(shown)} more; -v shows them")
        self._write_coverage(reporter)
        for node_id, reason in self.stopped:
            reporter.line(f"{node_id}: not all plans were run: {reason}", yellow=True)
        for name, note in sorted(self.notes.items()):
            reporter.line(f"{name}: {note}", yellow=True)
        if unfinished:
            reporter.line(f"interrupted in {unfinished}", yellow=True)

    def _write_coverage(self, reporter: pytest.TerminalReporter) -> None:
        """Print of how many scenarios all was run that is listed, and of which not."""
        known = {
            name: one
            for name, one in self.coverage.items()
            if name not in self.tokens  # a failure ended its block
        }
        for kind in sorted({one.kind for one in known.values()}):
            same = [one for one in known.values() if one.kind == kind]
            complete = sum(one.is_complete for one in same)
            what = f"{complete} of {counted(len(same), 'scenario')}"
            reporter.line(f"{kind} complete: {what}")
        cut = [(n, one) for n, one in sorted(known.items()) if not one.is_complete]
        is_long = reporter.config.get_verbosity() > 0
        shown = cut if is_long else cut[:_SHOWN]
        for name, one in shown:
            reporter.line(f"{name}: {one.describe()}", yellow=True)
        if len(cut) > len(shown):
            reporter.line(f"… {len(cut) - len(shown)} more; -v shows them")


@dataclass(slots=True)
class Coverage:
    """How much of what is listed for a scenario its blocks ran, taken together.

    Attributes:
        kind: What the listed plans are called.
        done: How many were run.
        whole: How many there are; ``None`` where nobody has counted.
        asked: How many plans the scenario was to run.
        is_stopped: Whether the time was over in some block.
    """

    kind: str = ""
    done: int = 0
    whole: int | None = None
    asked: int = 0
    is_stopped: bool = False

    def add(self, listing: dict[str, Any], *, is_stopped: bool) -> None:
        """Count one block."""
        self.kind = listing["kind"]
        self.done += listing["done"]
        self.whole = listing["whole"]
        self.asked = listing["asked"]
        self.is_stopped = self.is_stopped or is_stopped

    @property
    def is_complete(self) -> bool:
        """Whether all of it was run."""
        return self.done == self.whole

    def describe(self) -> str:
        """Return how far it went, and what makes it go on to the end."""
        size = "more" if self.whole is None else f"{self.whole:,}"
        begin = f"{self.kind} cut after {self.done} of {size} plans"
        if self.is_stopped:
            return f"{begin}; a longer --parsediff-stress-time runs more"
        if self.whole is None:
            return f"{begin}; a larger --parsediff-stress=N runs more"
        if self.asked < self.whole:
            return f"{begin}; --parsediff-stress={self.whole} runs all of it"
        return f"{begin}; its other blocks were not run"


def _by_block(proof: tuple[str, str]) -> tuple[str, int]:
    """Order node ids by scenario, then by the number of the block."""
    scenario, _, number = proof[0].rpartition("-plans-")
    return scenario, int(number)
