"""Counts what became of blocks of plans, from their reports."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    """

    plans: int = 0
    seconds: float = 0.0
    proofs: list[tuple[str, str]] = field(default_factory=list)
    tokens: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    passed: set[str] = field(default_factory=set)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

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
        reporter.line(f"{self.plans} plans, {rate:.0f} per second{found}")
        is_long = reporter.config.get_verbosity() > 0
        proofs = sorted(self.proofs, key=_by_block)
        shown = proofs if is_long else proofs[:_SHOWN]
        for node_id, proof in shown:
            reporter.line(f"{node_id}: {proof}")
        if len(self.proofs) > len(shown):
            reporter.line(f"… {len(self.proofs) - len(shown)} more; -v shows them")
        for node_id, reason in self.stopped:
            reporter.line(f"{node_id}: not all plans were run: {reason}", yellow=True)
        for name, note in sorted(self.notes.items()):
            reporter.line(f"{name}: {note}", yellow=True)
        if unfinished:
            reporter.line(f"interrupted in {unfinished}", yellow=True)


def _by_block(proof: tuple[str, str]) -> tuple[str, int]:
    """Order node ids by scenario, then by the number of the block."""
    scenario, _, number = proof[0].rpartition("-plans-")
    return scenario, int(number)
