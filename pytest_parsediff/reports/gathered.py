"""Everything the items of a live run told, gathered one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_parsediff.diff.totals import Totals, count_verdicts
from pytest_parsediff.reports.finding import Finding


@dataclass(slots=True)
class Gathered:
    """What a run found so far.

    Attributes:
        totals: Counts over all findings.
        listed: Findings that say more than *identical*, in the order they came.
    """

    totals: Totals = field(default_factory=Totals)
    listed: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count one finding; identical ones are not kept."""
        has_come_true = bool(finding.declared) and not finding.error
        self.totals += count_verdicts([finding.verdict], lambda _: has_come_true)
        if finding.is_listed:
            self.listed.append(finding)

    @property
    def failing(self) -> int:
        """How many findings fail by themselves."""
        return sum(bool(one.error) for one in self.listed)

    def sorted_findings(self) -> list[Finding]:
        """Return what is listed by class, adapter and session."""
        return sorted(
            self.listed,
            key=lambda one: (
                one.verdict.cls,
                one.verdict.adapter,
                one.verdict.session,
                one.verdict.source,
            ),
        )
