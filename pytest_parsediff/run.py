"""Run one scenario from store to outcome. The whole product, without pytest."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from pytest_parsediff.adapters.contain import Emitted, collect
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.adapters.resolve import Resolved, resolve
from pytest_parsediff.core.canonical import join_lines
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    EmptyProjectionError,
    GoldenUnreadableError,
    MergeMarkersError,
    NoAdapterError,
    ParsediffError,
    SourceParseError,
    StoreChangedError,
    UnstableProjectionError,
    Where,
)
from pytest_parsediff.core.event import SESSION_ERROR, Context, Notice
from pytest_parsediff.core.paths import with_encoded
from pytest_parsediff.core.place import Placed, StorePlacer
from pytest_parsediff.core.proof import observe, violations
from pytest_parsediff.core.rules import Rules, compile_rules
from pytest_parsediff.core.scenario import GOLDEN, Scenario
from pytest_parsediff.core.workspace import Desk, Workspace
from pytest_parsediff.environment import Environment, variables_of, with_env
from pytest_parsediff.golden.stage import Staged, digest
from pytest_parsediff.golden.status import (
    GoldenCheck,
    check_golden,
    read_golden,
)

_DEFAULT_TIMEOUT_S = 60.0
_DEFAULT_OUTPUT_MB = 256.0
_SHOWN_ERRORS = 20
_NO_CONTEXT = Context(time.monotonic, Path(os.devnull), Path(os.devnull))


class Mode(StrEnum):
    """What a run does with the golden."""

    VERIFY = "verify"
    UPDATE = "update"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one scenario.

    Attributes:
        scenario: What ran.
        lines: Canonical lines of the adapter's events; empty if it did not get there.
        golden: Bytes that were compared with; ``None`` when there is no golden.
        check: The comparison; ``None`` if it did not get there.
        error: Why the scenario fails; ``None`` when it passes.
        notices: What the adapter noticed.
        rules: How the events were made canonical; ``None`` if it did not get there.
        desk: Folders that were kept for a look; ``None`` when they were removed.
    """

    scenario: Scenario
    lines: Sequence[bytes] = ()
    golden: bytes | None = None
    check: GoldenCheck | None = None
    error: ParsediffError | None = None
    notices: tuple[Notice, ...] = ()
    rules: Rules | None = None
    desk: Desk | None = None

    @property
    def jsonl(self) -> bytes:
        """The bytes that a golden of this output has."""
        return join_lines(self.lines)

    def staged(self, node_id: str) -> Staged:
        """Return the projection that an update decides on."""
        return Staged(
            node_id=node_id,
            golden=str(self.scenario.golden),
            fence=None if self.golden is None else digest(self.golden),
            content=self.jsonl,
            blocked=self._why_blocked(),
        )

    def _why_blocked(self) -> str:
        error = self.check.error if self.check else None
        if isinstance(error, (GoldenUnreadableError, MergeMarkersError)):
            return error.headline
        if not self.lines and not self.scenario.config.empty:
            where = Where(self.scenario.golden)
            return EmptyProjectionError("the adapter emitted no event", where).headline
        return ""


@dataclass(frozen=True, slots=True)
class _Setup:
    """What is needed to project a scenario, resolved once per configuration."""

    resolved: Resolved
    rules: Rules
    adapters: object  # keeps the id() of the cache key from being used again


@dataclass(slots=True)
class Runner:
    """Runs scenarios, one after another, in one process.

    Attributes:
        workspace: Where throwaway folders are made.
        folder: Where an adapter given as ``module:callable`` is looked for.
        registered: Adapters that plugins and conftest files registered, by name.
        default_adapter: Adapter of scenarios that name none; ``None`` without one.
    """

    workspace: Workspace
    folder: Path
    registered: Mapping[str, object] = field(default_factory=dict)
    default_adapter: str | None = None
    _placer: StorePlacer = field(default_factory=StorePlacer, init=False)
    _setups: dict[object, _Setup] = field(default_factory=dict, init=False)

    def run(self, scenario: Scenario, mode: Mode = Mode.VERIFY) -> Outcome:
        """Return what comes of *scenario*.

        Every error that is somebody's to mend ends up in the outcome. In update mode
        a difference from the golden is none, but two projections must agree.

        Raises:
            Unavailable: The scenario cannot run on this machine.
        """
        try:
            setup = self._set_up(scenario)
        except ParsediffError as error:
            return Outcome(scenario=scenario, error=error)
        outcome = self._attempt(scenario, setup)
        if mode is Mode.UPDATE and outcome.check is not None:
            outcome = self._confirm(outcome, setup)
        return outcome

    def project(
        self, scenario: Scenario, adapter: object | None = None
    ) -> tuple[list[bytes], tuple[Notice, ...]]:
        """Return canonical lines and notices, without looking at a golden.

        Args:
            scenario: Where the store comes from.
            adapter: An adapter, or a function that yields events, to use instead of
                the scenario's own.

        Raises:
            ParsediffError: Anything that would fail a scenario, but for the golden.
            Unavailable: The scenario cannot run on this machine.
        """
        if adapter is not None:
            inline = as_adapter(adapter, "inline")
            resolved = Resolved(inline, AdapterConfig())
            setup = _Setup(resolved, compile_rules(resolved.config), None)
        else:
            setup = self._set_up(scenario)
        desk = self.workspace.new_desk()
        try:
            return self._project(scenario, setup, desk)
        except ParsediffError as error:
            raise _placed(error, scenario) from error.__cause__
        finally:
            desk.remove()

    def resolve(self, scenario: Scenario) -> tuple[Resolved, Rules]:
        """Return the adapter of *scenario*, and how its events become canonical.

        Raises:
            ParsediffError: PD1xx and PD4xx, there is none or it cannot be used.
        """
        setup = self._set_up(scenario)
        return setup.resolved, setup.rules

    def adapter_name(self, scenario: Scenario) -> str:
        """Return the name of the adapter that reads *scenario*.

        Raises:
            NoAdapterError: PD113, nothing names one.
        """
        name = scenario.config.adapter or self.default_adapter
        if not name:
            message = "nothing says which adapter reads this scenario"
            raise NoAdapterError(message, Where(scenario.anchor))
        return name

    def _set_up(self, scenario: Scenario) -> _Setup:
        name = self.adapter_name(scenario)
        config = scenario.config
        variables = config.env or {}, config.redact or ()
        encoded = msgspec.json.encode(variables) if any(variables) else b""
        key = (name, id(scenario.adapters), encoded)
        setup = self._setups.get(key)
        if setup is None:
            resolved = resolve(
                name,
                configured=with_env(scenario.adapters, config.env or {}),
                registered=self.registered,
                folder=self.folder,
            )
            rules = compile_rules(resolved.config, config.redact or ())
            setup = self._setups[key] = _Setup(resolved, rules, scenario.adapters)
        return setup

    def _attempt(self, scenario: Scenario, setup: _Setup) -> Outcome:
        """Project and compare once; keep the desk if the scenario fails."""
        desk = self.workspace.new_desk()
        try:
            lines, notices = self._project(scenario, setup, desk)
            _expect_no_errors(notices, scenario)
            # as text, because making a path takes longer than reading the file
            path = f"{scenario.folder}{os.sep}{GOLDEN}"
            golden = read_golden(path)
        except ParsediffError as error:
            return Outcome(scenario=scenario, error=_placed(error, scenario), desk=desk)
        except BaseException:
            desk.remove()
            raise
        rules = setup.rules
        check = check_golden(golden, lines, path, ordered=rules.ordered)
        if check.passed:
            desk.remove()
        return Outcome(
            scenario=scenario,
            lines=lines,
            golden=golden,
            check=check,
            error=check.error,
            notices=notices,
            rules=rules,
            desk=None if check.passed else desk,
        )

    def _project(
        self, scenario: Scenario, setup: _Setup, desk: Desk
    ) -> tuple[list[bytes], tuple[Notice, ...]]:
        """Build the store, read it, and prove that it was only read."""
        placed = self._placer.place(scenario, desk.store)
        try:
            before = observe(desk.store_text, placed.known)
            with Environment(variables_of(scenario, setup.resolved, placed, desk)):
                try:
                    emitted = _collect(scenario, setup.resolved, placed, desk)
                except ParsediffError as error:
                    changes = violations(before, observe(desk.store_text))
                    raise _with_changes(error, changes) from error.__cause__
            after = observe(desk.store_text, likely=placed.contents)
            changes = violations(before, after)
        finally:
            placed.close()
        if changes:
            name = setup.resolved.adapter.name
            message = f"adapter {name!r} changed the store: {'; '.join(changes)}"
            raise StoreChangedError(message, Where(scenario.anchor))
        paths = with_encoded(
            {
                desk.tmp_text: "<TMP>",
                desk.store_text: "<STORE_DIR>",
                str(placed.source.path): "<ROOT>",
            }
        )
        return setup.rules.apply(emitted.events, paths), tuple(emitted.notices)

    def _confirm(self, outcome: Outcome, setup: _Setup) -> Outcome:
        """Return *outcome* as a projection that a second one agrees with."""
        if outcome.desk is not None:
            outcome.desk.remove()
        again = self._attempt(outcome.scenario, setup)
        if again.check is None:
            return again
        if again.desk is not None:
            again.desk.remove()
        if again.lines != outcome.lines:
            sums = [digest(join_lines(one.lines))[:12] for one in (outcome, again)]
            message = f"two runs over one store differ: sha256 {'… and '.join(sums)}…"
            error = UnstableProjectionError(message, Where(outcome.scenario.anchor))
            return msgspec.structs.replace(outcome, check=None, error=error, desk=None)
        return msgspec.structs.replace(outcome, error=None, desk=None)


def _expect_no_errors(notices: Iterable[Notice], scenario: Scenario) -> None:
    """Let a scenario fail of which something could not be read.

    Raises:
        SourceParseError: PD515, the adapter said so, and went on.
    """
    errors = [notice for notice in notices if notice.code == SESSION_ERROR]
    if errors:
        lines = [f"{one.where}: {one.message}" for one in errors]
        first, more = lines[0], len(lines) - 1
        message = f"{first}, and {more} more" if more else first
        detail = "\n".join(lines[1:_SHOWN_ERRORS])
        raise SourceParseError(message, Where(scenario.anchor), detail=detail)


def _with_changes(error: ParsediffError, changes: list[str]) -> ParsediffError:
    """Return *error* with what the adapter did to the store before it failed."""
    if changes:
        lines = (f"the store was changed too: {'; '.join(changes)}", error.detail)
        error.detail = "\n".join(filter(None, lines))
    return error


def _collect(
    scenario: Scenario, resolved: Resolved, placed: Placed, desk: Desk
) -> Emitted:
    config = resolved.config
    timeout_s = scenario.config.timeout_s or config.timeout_s or _DEFAULT_TIMEOUT_S
    return collect(
        resolved.adapter,
        placed.source,
        _context(resolved.adapter, desk),
        timeout_s=timeout_s,
        max_output_mb=config.max_output_mb or _DEFAULT_OUTPUT_MB,
    )


def _context(adapter: Adapter | OpenableAdapter, desk: Desk) -> Context:
    """Return what *adapter* may use; for who cannot ask for it nothing is made."""
    if hasattr(adapter, "open") or hasattr(adapter, "limited"):
        return Context(time.monotonic, desk.state, desk.tmp)
    return _NO_CONTEXT


def _placed(error: ParsediffError, scenario: Scenario) -> ParsediffError:
    """Return *error* with the scenario as its place, if it has none."""
    if error.where is None:
        error.where = Where(scenario.anchor)
    return error
