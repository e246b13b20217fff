"""The plugin object of a recording: one item per source, one commit at the end.

Items parse; nothing of an archive's content is written before all of them have. The
controller alone writes, after every other process has ended.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_parsediff import live_stage
from pytest_parsediff.core.errors import (
    ParsediffError,
    RecordingAbortedError,
    SourceParseError,
    Unavailable,
    strip_control,
)
from pytest_parsediff.core.wording import counted
from pytest_parsediff.live_base import FACTS, LiveRunPlugin
from pytest_parsediff.live_collect import LiveFile, LiveItem, RecordItem, VerdictFailed
from pytest_parsediff.live_options import LiveOptions
from pytest_parsediff.live_progress import progress_of
from pytest_parsediff.report import restore, shown

if TYPE_CHECKING:
    from pytest_parsediff.archive.recording import Recording
    from pytest_parsediff.archive.runs import Run
    from pytest_parsediff.live_stage import Stager

_BEAT_S = 60.0


class RecordPlugin(LiveRunPlugin):
    """Parses sources in one process, and writes the archive in the controller.

    Attributes:
        run_of_archive: What was recorded; ``None`` if nothing was.
        error: Why nothing was recorded; ``None`` if something was.
    """

    def __init__(self, config: pytest.Config, options: LiveOptions) -> None:
        super().__init__(config, options)
        self.run_of_archive: Run | None = None
        self.error: ParsediffError | None = None
        self._recording: Recording | None = None
        self._stager: Stager | None = None
        self._last_beat_s = time.monotonic()

    def prepare(self) -> None:
        """Note in the archive that a run begins, and in the run what there is."""
        settings = self.live_config.settings(self.options)
        is_real = not self.config.option.collectonly
        self._recording = live_stage.begin(
            settings, self.options, self.rundb_path, is_real=is_real
        )

    @property
    def stager(self) -> Stager:
        """What parses in this process, made on first use."""
        if self._stager is None:
            settings = self.live_config.settings(self.options)
            self._stager = live_stage.Stager.open(
                settings, self.options, self.rundb_path, progress_of(self.config)
            )
        return self._stager

    def items_of(self, file: LiveFile) -> Iterator[LiveItem]:
        """Yield one item per source."""
        for adapter, source, number in self.stager.sources():
            yield RecordItem.make(file, adapter, source, number)

    def run(self, item: LiveItem) -> None:
        """Parse one source.

        Raises:
            VerdictFailed: The adapter failed on it.
        """
        assert isinstance(item, RecordItem)
        try:
            result = self.stager.parse(item.number)
        except Unavailable as reason:
            pytest.skip(str(reason))
        if result.error_code:
            headline, _, rest = result.error.partition("\n")
            message = f"{item.adapter} source {item.source!r} cannot be parsed"
            detail = "\n".join(filter(None, (headline, rest)))
            raise VerdictFailed(SourceParseError(message, detail=detail))

    def failure_of(self, item: LiveItem, error: ParsediffError) -> object:
        """Return what pytest prints for a failing item."""
        from pytest_parsediff.failure import Crash  # noqa: PLC0415 - for failures
        from pytest_parsediff.live_failure import describe  # noqa: PLC0415
        from pytest_parsediff.longrepr import FailureRepr  # noqa: PLC0415

        flags = self.options.record_flags(self.config.invocation_params.dir)
        commands = [f"again: pytest {flags} --parsediff-retry-failed"]
        lines = describe(error, [], commands)
        return FailureRepr(lines, Crash(str(item.path), 1, error.summary))

    # --- reporting ----------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let facts travel on the report, so that they cross process borders."""
        report = yield
        if isinstance(item, LiveItem) and call.when == "call":
            facts: dict[str, Any] = {"selected": self.selected}
            if report.failed:
                facts |= shown(report.longrepr)
            vars(report)[FACTS] = facts
            if report.skipped and isinstance(report.longrepr, tuple):
                report.longrepr = (str(item.path), 1, report.longrepr[2])
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what is done, and tell the archive now and then that the run goes on."""
        facts = getattr(report, FACTS, None)
        if not self.is_controller or facts is None:
            return
        restore(report, facts)
        self.selected = max(self.selected, facts["selected"])
        self.reported += not report.skipped
        now_s = time.monotonic()
        if self._recording is not None and now_s - self._last_beat_s > _BEAT_S:
            self._last_beat_s = now_s
            self._recording.beat()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Write everything or nothing, before anybody prints."""
        try:
            if self._recording is not None:
                self._end(session, self._recording)
            return (yield)
        finally:
            self.close()

    def _end(self, session: pytest.Session, recording: Recording) -> None:
        try:
            if session.exitstatus == pytest.ExitCode.INTERRUPTED:
                recording.abort("interrupted")
                raise RecordingAbortedError("interrupted; nothing was written")
            self.run_of_archive = self.stager.commit(recording)
        except ParsediffError as error:
            self.error = error
            if session.exitstatus in (
                pytest.ExitCode.OK,
                pytest.ExitCode.NO_TESTS_COLLECTED,
            ):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def close(self) -> None:
        """Release handles, and remove the run folder if this process made it."""
        if self._stager is not None:
            self._stager.close()
            self._stager = None
        super().close()

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Say what was recorded, or why nothing was."""
        if self.error is None and self.run_of_archive is None:
            return
        terminalreporter.section("parse-diff recording")
        if self.run_of_archive is not None:
            for line in _lines(self.run_of_archive, str(self.options.record)):
                terminalreporter.line(strip_control(line))
        if self.error is not None:
            for line in str(self.error).split("\n"):
                terminalreporter.line(strip_control(line), red=True)


def _lines(run: Run, archive: str) -> Iterator[str]:
    sessions = {k: n for k, n in run.counts.items() if not k.startswith("source_")}
    counts = ", ".join(
        f"{number} {status}" for status, number in sorted(sessions.items())
    )
    yield f"run {run.run_id} into {archive}: {run.state}"
    yield f"{counted(sum(sessions.values()), 'session')}: {counts or 'none'}"
