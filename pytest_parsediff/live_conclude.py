"""The end of a live run: the gate's decision, and everything that is written of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Protocol

import pytest

from pytest_parsediff.core.errors import (
    DeclarationUnmetError,
    ParsediffError,
    ReportFileError,
    VacuousRunError,
)
from pytest_parsediff.diff.budget import Budget
from pytest_parsediff.diff.expectation import Expectation
from pytest_parsediff.diff.gate import Cause, GateSettings, decide
from pytest_parsediff.live_options import LiveOptions
from pytest_parsediff.reports import github
from pytest_parsediff.reports.gathered import Gathered
from pytest_parsediff.reports.json import (
    REPORT_VERSION,
    Report,
    RunRow,
    SideRow,
    gate_row,
    session_row,
    totals_row,
    write_report,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a run amounts to.

    Attributes:
        causes: Why it fails as a whole; empty when it passes.
        failing: How many sessions fail by themselves.
        is_complete: Whether every selected item came to its end.
        gathered: What items found.
        undecided: Why the gate has nothing to decide; empty if it has.
    """

    causes: tuple[Cause, ...]
    failing: int
    is_complete: bool
    gathered: Gathered
    undecided: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing fails the run."""
        return not self.causes and not self.failing


class RunState(Protocol):
    """What is known of a run at its end."""

    options: LiveOptions
    gathered: Gathered
    selected: int
    selected_sessions: int
    reported: int
    narrowed_to: int | None

    def count_sessions(self) -> int:
        """Return how many sessions there are to be examined, selected or not."""
        ...

    def unknown_declared(self) -> list[Expectation]:
        """Return declarations of files that name a session nobody knows."""
        ...


def conclude(run: RunState, *, is_empty: bool = False) -> Conclusion:
    """Decide whether a run passes, and write the report and the step summary.

    Args:
        run: What items found.
        is_empty: Whether not a single test was run, which pytest itself reports.
    """
    unselected = "" if run.selected else _describe_unselected(run.count_sessions())
    undecided = unselected if is_empty else ""
    causes = [] if undecided else [*_causes(run, unselected)]
    conclusion = Conclusion(
        causes=tuple(causes),
        failing=run.gathered.failing,
        is_complete=not undecided and run.reported >= run.selected,
        gathered=run.gathered,
        undecided=undecided,
    )
    if run.options.report is not None:
        try:
            write_report(_report(run, conclusion), run.options.report)
        except ReportFileError as error:
            causes.append(_cause(error))
            conclusion = replace(conclusion, causes=tuple(causes))
    if github.is_github() and "GITHUB_STEP_SUMMARY" in os.environ:
        text = github.summary(run.gathered, conclusion.causes)
        github.append_summary(text, Path(os.environ["GITHUB_STEP_SUMMARY"]))
    return conclusion


def _describe_unselected(sessions: int) -> str:
    """Return that nobody selected any of so many sessions; empty if there is none."""
    return f"no session was selected, of {sessions}" if sessions else ""


def _causes(run: RunState, unselected: str) -> Iterator[Cause]:
    """Yield why a run fails as a whole; *unselected* says why it looked at nothing."""
    for cause in decide(run.gathered.totals, _gate_of(run)).causes:
        is_vacuous = cause.code == VacuousRunError.code
        yield replace(cause, text=unselected) if is_vacuous and unselected else cause
    yield from _unmet_declarations(run)


def _gate_of(run: RunState) -> GateSettings:
    """Return the settings; who selects some sessions is not asked for more of them."""
    gate, narrowed_to = run.options.gate, run.narrowed_to
    least = gate.min_examined
    if narrowed_to is None or least.is_percent or least.amount <= narrowed_to:
        return gate
    return replace(gate, min_examined=Budget.of(max(narrowed_to, 1)))


def _unmet_declarations(run: RunState) -> Iterator[Cause]:
    for one in run.unknown_declared():
        text = f"{one.origin}: session {one.sessions[0]!r} was declared {one.kind}"
        yield _cause(DeclarationUnmetError(f"{text}: no such session"))


def _cause(error: ParsediffError) -> Cause:
    return Cause(error.code, error.headline.removeprefix(f"{error.code}: "), error.hint)


def _report(run: RunState, conclusion: Conclusion) -> Report:
    options, totals = run.options, run.gathered.totals
    return Report(
        report_version=REPORT_VERSION,
        generated_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        plugin_version=metadata.version("pytest-parsediff"),
        complete=conclusion.is_complete,
        run=RunRow(
            stored=str(options.archive or options.stored),
            sources=[SideRow(adapter=n, path=str(path)) for n, path in options.sources],
            sessions=list(options.sessions),
            limit=options.limit,
            sample=options.sample,
            seed=options.seed,
        ),
        totals=totals_row(totals, run.selected_sessions),
        field_counts=dict(totals.histogram),
        gate=gate_row(
            conclusion.causes,
            has_failures=bool(conclusion.failing) or not conclusion.is_complete,
        ),
        sessions=[session_row(one) for one in run.gathered.sorted_findings()],
    )


def is_annotated_by_others(config: pytest.Config) -> bool:
    """Return whether another plugin turns failures into annotations."""
    return config.pluginmanager.hasplugin("pytest_github_actions_annotate_failures")
