"""One store of a conformance run on its stand, and how its failures are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_parsediff.core.errors import InconclusiveError, LawBrokenError, Where
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.diff.declared import declared_in, marked_in
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.timeline import render
from pytest_parsediff.interleave.token import encode
from pytest_parsediff.laws.explore import Explored, Explorer, Finding, Quiet
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.proof import state_proof, why_inconclusive
from pytest_parsediff.stress.quietly import (
    QUIET,
    find_quiet_violation,
    hint_of,
    is_of_quiet_run,
)
from pytest_parsediff.stress.raced import (
    Contradiction,
    RacedWatch,
    find_contradiction,
    watch_over,
)
from pytest_parsediff.stress.stand import Stand

#: Where stores are made; a scenario below such a folder is one of ours.
PREFIX = "parsediff-conformance-"
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStand:
    """One scenario on its stand, and how its failures are told.

    Attributes:
        scenario: Which one.
        stand: Its store, writers and adapter.
        laws: Those that apply.
        explorer: Runs its plans.
        watch: Holds declared races against what the plans do.
    """

    scenario: Scenario
    stand: Stand
    laws: Sequence[Law]
    explorer: Explorer
    watch: RacedWatch

    @classmethod
    def of(cls, scenario: Scenario, stand: Stand, laws: Sequence[Law]) -> TrialStand:
        """Return what runs plans of *stand*, and watches declared races.

        Raises:
            BadValueError: PD103, a declaration is none.
        """
        watch = watch_over(scenario, [*declared_in(scenario), *marked_in(scenario)])
        explorer = Explorer(
            rig=stand.rig,
            laws=laws,
            may_crash=Law.CRASH_SAFE in laws,
            watches=watch.checks,
        )
        return cls(
            scenario=scenario, stand=stand, laws=laws, explorer=explorer, watch=watch
        )

    def conclude(
        self,
        quiet: Quiet,
        explored: Explored,
        plans: Plans,
        *,
        may_show_nothing: bool,
    ) -> str:
        """Return what plans prove none of which breaks a law, one line.

        Raises:
            InconclusiveError: PD616, they prove nothing.
            RacedDeclarationError: PD618, they did otherwise than is declared.
        """
        proof = state_proof(explored, plans.shape, whole=plans.count_listed())
        unseen = "" if self.stand.is_followed else self.stand.note
        reason = unseen or why_inconclusive(quiet, explored)
        if reason and not may_show_nothing:
            raise InconclusiveError(f"{self.scenario.id}: {reason} ({proof})")
        if not reason:
            found = find_contradiction(
                self.watch, self.explorer, plans.shape, asks_stale=True
            )
            self.fail_contradicted(found)
        return f"{self.scenario.id}: {'; '.join((proof, *quiet.escapes))}"

    # --- failures -----------------------------------------------------------------------

    def fail_quietly(self, laws: Sequence[Law]) -> None:
        """Try those of *laws* that need no plan.

        Raises:
            LawBrokenError: PD615, one of them is broken.
        """
        violation = find_quiet_violation(self.stand.rig, laws)
        if violation is not None:
            raise self.broken_quietly(violation, self.explorer.quiet().run)

    def broken_quietly(self, violation: Violation, run: Run) -> LawBrokenError:
        """Return the error of a law that is broken where nobody writes."""
        shown = [QUIET, *self._timeline(run)] if is_of_quiet_run(violation.law) else []
        lines = [*violation.details[:_SHOWN], "", *shown, self._call(run.plan)]
        return self._law_broken(violation, lines, hint_of(violation.law))

    def broken(self, finding: Finding) -> LawBrokenError:
        """Return the error of a law that is broken under a plan."""
        violation = finding.violation
        timeline = self._timeline(finding.run, violation.notes)
        lines = [*violation.details[:_SHOWN], "", *timeline, self._call(finding.plan)]
        return self._law_broken(violation, lines)

    def fail_contradicted(self, found: Contradiction | None) -> None:
        """Raise what declared races and steps differ in, if they do.

        Raises:
            RacedDeclarationError: PD618.
        """
        if found is None:
            return
        error = found.error
        error.message = f"{self.scenario.id}: {error.message}"
        error.where = _where(self.scenario)
        if found.run is not None:
            timeline = self._timeline(found.run)
            lines = [found.origin, *timeline, self._call(found.run.plan)]
            error.detail = "\n".join(lines)
        raise error

    def _timeline(self, run: Run, notes: Mapping[int, str] | None = None) -> list[str]:
        return [*render(run.moments, self.stand.rig.bench.names, notes), ""]

    def _call(self, plan: Plan) -> str:
        """Return the line that says how *plan* is run again."""
        token = encode(plan, self.stand.fingerprint)
        return f"replay: run_conformance(…, replay={token!r})"

    def _law_broken(
        self, violation: Violation, lines: Sequence[str], hint: str | None = None
    ) -> LawBrokenError:
        what = f"law {violation.law} is broken: {violation.message}"
        message = f"{self.scenario.id}: {what}"
        return LawBrokenError(message, _where(self.scenario), hint, "\n".join(lines))


def _where(scenario: Scenario) -> Where | None:
    """Return where the scenario stands, unless it is one of ours, which is gone then."""
    is_ours = any(part.startswith(PREFIX) for part in scenario.folder.parts)
    return None if is_ours else Where(scenario.anchor)
