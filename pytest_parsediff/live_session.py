"""The plugin object of a comparison: what the hooks hand over to.

One lives in every process. The controller takes the inventory, gathers what items
found, and decides at the end whether the run passes.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_parsediff import live_engine
from pytest_parsediff.core.errors import (
    ParsediffError,
    Unavailable,
)
from pytest_parsediff.diff.totals import Totals, count_verdicts
from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass
from pytest_parsediff.live.ruling import Ruling, rule
from pytest_parsediff.live_base import FACTS, LiveRunPlugin
from pytest_parsediff.live_collect import (
    LiveFile,
    LiveItem,
    SessionItem,
    SweepItem,
    VerdictFailed,
)
from pytest_parsediff.live_conclude import (
    Conclusion,
    conclude,
    is_annotated_by_others,
)
from pytest_parsediff.live_marks import expectations_of
from pytest_parsediff.live_options import LiveOptions
from pytest_parsediff.live_progress import progress_of
from pytest_parsediff.report import restore, shown
from pytest_parsediff.reports.finding import Finding, from_plain
from pytest_parsediff.reports.gathered import Gathered
from pytest_parsediff.reports.junit import properties

if TYPE_CHECKING:
    from pytest_parsediff.diff.expectation import Expectation
    from pytest_parsediff.live_engine import Engine

#: Reasons of sessions that the user left out: they are counted, not listed.
_LEFT_OUT = frozenset({Reason.NOT_SAMPLED, Reason.OTHER_ADAPTER})
#: Letter and word of each category that pytest does not know.
_SHOWN = {
    "raced": ("~", "RACED"),
    "stale": ("~", "STALE"),
    "skew": ("i", "SKEW"),
    "pending": ("p", "PENDING"),
    "retry": ("t", "RETRY"),
    "excluded": ("e", "EXCLUDED"),
    "changed": ("c", "CHANGED"),
    "unparsed": ("c", "UNPARSED"),
}


class ComparePlugin(LiveRunPlugin):
    """Collects, judges and reports sessions in one process.

    Attributes:
        gathered: What items found; filled in the controller only.
        conclusion: What the run amounts to; ``None`` before its end.
        narrowed_to: How many sessions are left after ``-k`` and its like; ``None``
            when none was left out.
    """

    def __init__(self, config: pytest.Config, options: LiveOptions) -> None:
        super().__init__(config, options)
        self.gathered = Gathered()
        self.conclusion: Conclusion | None = None
        self.narrowed_to: int | None = None
        self._offered = 0
        self._engine: Engine | None = None

    def prepare(self) -> None:
        """Take the inventory."""
        config = self.live_config
        side = config.side(self.options)
        settings = config.settings(self.options)
        shows = progress_of(self.config)
        live_engine.take_inventory(settings, side, self.rundb_path, shows)

    @property
    def engine(self) -> Engine:
        """The engine of this process, opened on first use."""
        if self._engine is None:
            self._engine = live_engine.open_engine(
                self.live_config.settings(self.options),
                self.live_config.side(self.options),
                self.rundb_path,
                progress_of(self.config),
            )
        return self._engine

    def items_of(self, file: LiveFile) -> Iterator[LiveItem]:
        """Yield one item per session, and one for the rest."""
        self._offered = 0
        for entry in self.engine.entries():
            self._offered += 1
            yield SessionItem.make(file, entry.adapter, entry.session)
        yield SweepItem.make(file)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note whether somebody selected some of the sessions."""
        super().pytest_collection_finish(session)
        sessions = sum(isinstance(item, SessionItem) for item in session.items)
        self.narrowed_to = sessions if sessions < self._offered else None

    # --- running ------------------------------------------------------------------------

    def run(self, item: LiveItem) -> None:
        """Find out what becomes of *item*.

        Raises:
            VerdictFailed: It fails.
        """
        try:
            if isinstance(item, SessionItem):
                self._run_session(item)
            elif isinstance(item, SweepItem):
                self._run_sweep(item)
        except Unavailable as reason:
            pytest.skip(str(reason))

    def _run_session(self, item: SessionItem) -> None:
        declared = self.live_config.declared(item.adapter, item.session_id)
        declared += expectations_of(item, item.adapter, item.session_id)
        verdict = self.engine.judge(item.adapter, item.session_id)
        ruling = rule(verdict, self.options.gate, declared)
        if ruling.expected and self.config.option.runxfail:
            ruling = rule(verdict, self.options.gate)  # shows what is expected
        item.findings = [_finding(item, verdict, ruling)]
        item.user_properties += properties(verdict)
        if ruling.error is not None:
            raise VerdictFailed(ruling.error)
        if ruling.expected:
            pytest.xfail(ruling.expected)
        if ruling.skip:
            pytest.skip(ruling.skip)

    def _run_sweep(self, item: SweepItem) -> None:
        found, left_out = [], []
        for verdict in self.engine.sweep():
            if verdict.reason in _LEFT_OUT:
                left_out.append(verdict)
                continue
            ruling = rule(verdict, self.options.gate)
            found.append((ruling, _finding(item, verdict, ruling)))
        item.left_out = count_verdicts(left_out)
        item.findings = [finding for _, finding in found]
        errors = [ruling.error for ruling, _ in found if ruling.error is not None]
        if errors:
            raise VerdictFailed(errors[0])

    def failure_of(self, item: LiveItem, error: ParsediffError) -> object:
        """Return what pytest prints for a failing item."""
        from pytest_parsediff.failure import Crash  # noqa: PLC0415 - for failures
        from pytest_parsediff.live_failure import describe  # noqa: PLC0415
        from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415

        failing = [finding.verdict for finding in item.findings if finding.error]
        lines = describe(error, failing, list(self._commands(item)))
        return FailureRepr(lines, Crash(str(item.path), 1, error.summary))

    def _commands(self, item: LiveItem) -> Iterator[str]:
        """Yield what can be typed next."""
        here = self.config.invocation_params.dir
        yield self.again(item, self.options.flags(here))
        record = self.options.record_flags(here)
        changed = any(f.verdict.cls is VerdictClass.CHANGED for f in item.findings)
        if isinstance(item, SessionItem) and record and changed:
            scope = shlex.quote(f"--parsediff-session={item.session_id}")
            yield f"accept: pytest {record} {scope}"

    # --- reporting ----------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let findings travel on the report, so that they cross process borders."""
        report = yield
        if isinstance(item, LiveItem) and call.when == "call":
            facts = _facts(report, self._complete(item, report))
            left_out = msgspec.to_builtins(
                item.left_out if isinstance(item, SweepItem) else Totals()
            )
            vars(report)[FACTS] = {
                **facts,
                "left_out": left_out,
                "selected": self.selected,
                "selected_sessions": self.selected_sessions,
                "narrowed_to": self.narrowed_to,
            }
            item.findings = ()  # what is reported need not be kept any longer
            if report.skipped and isinstance(report.longrepr, tuple):
                report.longrepr = (str(item.path), 1, report.longrepr[2])
        return report

    def _complete(self, item: LiveItem, report: pytest.TestReport) -> list[Finding]:
        """Return the findings of *item*, with one for an error without a verdict."""
        if item.findings or not (report.failed and isinstance(item, SessionItem)):
            return list(item.findings)
        cause = report.longreprtext.partition("\n")[0]
        verdict = Verdict(
            adapter=item.adapter,
            session=item.session_id,
            cls=VerdictClass.PARSE_ERROR,
            message=cause,
        )
        code = cause.partition(":")[0] if cause.startswith("PD") else "PD515"
        return [
            Finding(
                node_id=item.nodeid,
                verdict=verdict,
                outcome="failed",
                category="failed",
                error=code,
                cause=cause,
            )
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Count classes that are no failure as what they are."""
        facts = getattr(report, FACTS, None)
        if facts is None or not report.passed:
            return None
        category = facts["category"]
        if category not in _SHOWN:
            return None
        letter, word = _SHOWN[category]
        return category, letter, (word, {"yellow": True})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather findings in the controller."""
        facts = getattr(report, FACTS, None)
        if self.is_controller and facts is not None:
            restore(report, facts)
            self.selected = max(self.selected, facts["selected"])
            sessions = max(self.selected_sessions, facts["selected_sessions"])
            self.selected_sessions = sessions
            self.narrowed_to = facts["narrowed_to"]
            self.reported += 1
            self.gathered.totals += msgspec.convert(facts["left_out"], Totals)
            for plain in facts["findings"]:
                self.gathered.add(from_plain(plain))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Decide whether the run passes, before anybody prints or writes it."""
        try:
            if self.is_controller and not session.config.option.collectonly:
                self._conclude(session)
            return (yield)
        finally:
            self.close()

    def _conclude(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        is_empty = session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
        self.conclusion = conclude(self, is_empty=is_empty)
        ends = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if not self.conclusion.passed and session.exitstatus in ends:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def count_sessions(self) -> int:
        """Return how many sessions there are to be examined, selected or not."""
        return sum(1 for _ in self.engine.entries())

    def unknown_declared(self) -> list[Expectation]:
        """Return declarations of files that name a session nobody knows."""
        declared = self.live_config.expectations
        return [one for one in declared if not self.engine.knows(one.sessions[0])]

    def close(self) -> None:
        """Release handles, and remove the run folder if this process made it."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        super().close()

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print what a line of letters cannot say."""
        if self.is_controller and self.conclusion is not None:
            from pytest_parsediff.live_terminal import write_summary  # noqa: PLC0415

            here = self.config.invocation_params.dir
            write_summary(terminalreporter, self.conclusion, self.options, here)
            self._annotate(terminalreporter, self.conclusion)

    def _annotate(
        self, reporter: pytest.TerminalReporter, conclusion: Conclusion
    ) -> None:
        """Print workflow commands, where they are read and nobody else prints them."""
        from pytest_parsediff.reports import github  # noqa: PLC0415 - at the end

        if github.is_github() and not is_annotated_by_others(self.config):
            file = os.path.relpath(self.anchor, self.config.rootpath)
            findings = conclusion.gathered.sorted_findings()
            reporter.ensure_newline()
            for line in github.workflow_commands(
                findings, conclusion.causes, Path(file).as_posix()
            ):
                reporter.line(line)


def _finding(item: LiveItem, verdict: Verdict, ruling: Ruling) -> Finding:
    error = ruling.error
    if error is not None:
        outcome = category = "failed"
    elif ruling.expected:
        outcome, category = "skipped", "xfailed"
    elif ruling.skip:
        outcome = category = "skipped"
    else:
        outcome, category = "passed", ruling.category
    return Finding(
        node_id=str(item.nodeid),
        verdict=verdict,
        outcome=outcome,
        category=category,
        declared=ruling.declared,
        error=error.code if error else "",
        cause=error.summary if error else "",
    )


def _facts(report: pytest.TestReport, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what the controller needs, as plain JSON values."""
    category = findings[0].category if len(findings) == 1 else report.outcome
    return {
        "findings": [finding.to_plain() for finding in findings],
        "category": category,
        **(shown(report.longrepr) if report.failed else {}),
    }
