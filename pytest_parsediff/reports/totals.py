"""Counts over the findings of a live run, gathered one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.reports.finding import Finding

#: Classes of sessions that were compared with what is stored of them.
EXAMINED = frozenset(
    {
        VerdictClass.IDENTICAL,
        VerdictClass.CHANGED,
        VerdictClass.RACED,
        VerdictClass.INCREMENTAL_SKEW,
        VerdictClass.PENDING_RESYNC,
    }
)


@dataclass(slots=True)
class Totals:
    """What a run found so far.

    Attributes:
        classes: How many sessions have each class.
        stale: How many of the raced ones only tell of an archive that is behind.
        informational: How many identical ones differ in what cannot fail.
        fields: How many changed sessions differ really in each field.
        listed: Findings that say more than *identical*, in the order they came.
    """

    classes: Counter[VerdictClass] = field(default_factory=Counter)
    stale: int = 0
    informational: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    listed: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count one finding; identical ones are not kept."""
        verdict = finding.verdict
        self.classes[verdict.cls] += 1
        self.stale += verdict.cls is VerdictClass.RACED and verdict.is_stale
        if verdict.cls is VerdictClass.IDENTICAL:
            self.informational += bool(verdict.fields)
        elif verdict.cls is VerdictClass.CHANGED:
            self.fields.update(set(verdict.real_fields))
        if finding.is_listed:
            self.listed.append(finding)

    @property
    def judged(self) -> int:
        """How many sessions have a verdict."""
        return self.classes.total()

    @property
    def examined(self) -> int:
        """How many sessions were compared with what is stored."""
        return sum(self.classes[cls] for cls in EXAMINED)

    def histogram(self) -> list[tuple[str, int]]:
        """Return fields and numbers of changed sessions, most frequent first."""
        return sorted(self.fields.items(), key=lambda item: (-item[1], item[0]))

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
