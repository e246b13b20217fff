"""All laws that apply to an adapter, from one call in a test written by hand."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.adapters.resolve import Resolved, refine, resolve
from pytest_parsediff.conformancestores import find_scenarios, write_scenario
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    BadValueError,
    ForeignTokenError,
    InconclusiveError,
    LawBrokenError,
    NoScenariosError,
    Where,
)
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.workspace import Workspace
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.rig import Run
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.timeline import render
from pytest_parsediff.interleave.token import decode, encode
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.proof import state_proof, why_inconclusive
from pytest_parsediff.laws.static import STATIC, why_not
from pytest_parsediff.opencodeshipped import SHIPPED
from pytest_parsediff.run import Environment
from pytest_parsediff.stress.stand import Stand, build_stand

#: Plans per generated store; there are many stores.
_FEW_PLANS = 30
#: On generated stores only these of the laws with runs of their own are tried: the others
#: take a hundred scans each, or say little of a store with two rows.
_QUICK = frozenset({Law.READ_ONLY, Law.DETERMINISTIC, Law.RESUME, Law.NO_PIN})
#: Laws that look at the store as it is; several scenarios may begin with the same one.
_OF_THE_STORE = _QUICK | {Law.IDLE_CHEAP, Law.TOLERANT}
_SHOWN = 20
_PREFIX = "parsediff-conformance-"


@dataclass(slots=True)
class Conformance:
    """What a conformance run showed.

    Attributes:
        held: Laws that were tried and hold, in the order of the laws.
        skipped: Reason per law that was not tried anywhere.
        proofs: Per store what its plans prove, and what could not be followed, one
            line.
        examples: How many generated stores were tried.
    """

    held: tuple[Law, ...] = ()
    skipped: dict[Law, str] = field(default_factory=dict)
    proofs: list[str] = field(default_factory=list)
    examples: int = 0


def run_conformance(  # noqa: PLR0913 - all but the first are options
    adapter: object,
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    config: Mapping[str, Any] | None = None,
    scenarios: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    skip: Mapping[str, str] | None = None,
    plans: int = 200,
    examples: int = 10,
    seed: int = 0,
    replay: str | None = None,
    thorough: bool = False,
) -> Conformance:
    """Hold *adapter* to every law that applies to it.

    Args:
        adapter: Its name, ``module:callable``, an object with ``scan`` or ``open``, or a
            function of a path that yields events.
        format: ``opencode`` takes the shipped stores of that shape, and generated ones.
        config: Keys of ``[adapters.<name>]``: where session and identity stand in an
            event, above all.
        scenarios: Scenario folders, or folders of them, to run on as well.
        skip: Reason by name of a law.
        plans: How many plans are run per store; 0 runs none.
        examples: How many stores are generated; 0 generates none.
        seed: What random plans and stores depend on.
        replay: A token: then nothing but its plan is run, on the store it was made for.
        thorough: Hold generated stores to the slow laws too, with as many plans as the
            others.

    Returns:
        What was tried, and what it proves.

    Raises:
        LawBrokenError: PD615, an ``AssertionError`` too: the law, what was seen, the
            timeline, the token, and for a generated store its SQL.
        InconclusiveError: PD616, nobody saw how the adapter reads.
        BadValueError: PD103, *format*, *skip* or *config* is not understood.
        NoScenariosError: PD110, there is neither a format nor a scenario.
        ForeignTokenError: PD613, *replay* belongs to none of the stores.
        ParsediffError: PD4xx, the adapter fails where nobody writes.
    """
    skipped = _read_skip(skip or {})
    if format is not None and format not in SHIPPED:
        known = ", ".join(sorted(SHIPPED))
        raise BadValueError(f"unknown format {format!r}; known are {known}")
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as text:
        folder = Path(text).resolve()
        trial = _Trial(adapter, config or {}, skipped, plans, seed, folder, thorough)
        listed = [*find_scenarios(scenarios), *_shipped(format, folder)]
        if not listed:
            message = "run_conformance: give format=, scenarios=, or both"
            raise NoScenariosError(message, hint="Name a scenario folder.")
        if replay is not None:
            trial.replay(listed, replay)
            return trial.result
        for scenario in listed:
            trial.hold(scenario)
        if format is not None and examples:
            _hold_generated(trial, examples)
        return trial.finish()


def _read_skip(skip: Mapping[str, str]) -> dict[Law, str]:
    """Check names and reasons.

    Raises:
        BadValueError: PD103, a name is no law, or has no reason.
    """
    found = {}
    for name, reason in skip.items():
        try:
            law = Law(name)
        except ValueError:
            near = difflib.get_close_matches(name, list(Law), n=1)
            nearest = f"; the nearest is {str(near[0])!r}" if near else ""
            raise BadValueError(f"skip: {name!r} is no law{nearest}") from None
        if not reason.strip():
            raise BadValueError(f"skip: {name!r} needs a reason")
        found[law] = reason
    return found


def _shipped(format: str | None, folder: Path) -> Iterator[Scenario]:  # noqa: A002 - as above
    for store in SHIPPED[format] if format is not None else ():
        yield write_scenario(folder / "shipped" / store.name, store.sql, store.writer)


def _hold_generated(trial: _Trial, examples: int) -> None:
    """Try generated stores; of one that fails, the simplest that is found is shown."""
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - slow
    from hypothesis import seed as seeded  # noqa: PLC0415 - only here

    from pytest_parsediff.strategies import (  # noqa: PLC0415 - imports hypothesis
        opencode_stores,
        opencode_writers,
    )

    def hold(store: str, writer: str) -> None:
        scenario = write_scenario(trial.folder / "generated", store, writer)
        trial.hold(scenario, is_generated=True)
        trial.result.examples += 1

    wrapped = given(store=opencode_stores(), writer=opencode_writers())(hold)
    chosen = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        chosen(seeded(trial.seed)(wrapped))()
    except LawBrokenError as error:
        shown = [
            f"{name}:\n{(trial.folder / 'generated' / name).read_text('utf-8')}"
            for name in ("fixture.sql", "writers/writer.sql")
        ]
        detail = "\n".join([error.detail, "", *shown])
        raise LawBrokenError(error.message, detail=detail, hint=_KEEP) from None


_KEEP = (
    "Keep both files as a scenario folder, then run it with "
    "run_conformance(…, scenarios=folder)."
)


@dataclass(slots=True)
class _Trial:
    """One adapter, held to the laws store by store."""

    adapter: object
    keys: Mapping[str, Any]
    skipped: Mapping[Law, str]
    plans: int
    seed: int
    folder: Path
    thorough: bool = False
    result: Conformance = field(default_factory=Conformance)
    _tried: set[Law] = field(default_factory=set)
    _images: set[bytes] = field(default_factory=set)
    _why_not: dict[Law, str] = field(default_factory=dict)
    _placer: StorePlacer = field(default_factory=StorePlacer)

    def hold(self, scenario: Scenario, *, is_generated: bool = False) -> None:
        """Try every law that applies on one store."""
        with self._standing(scenario) as stand:
            laws = [law for law in Law if self._applies(law, stand)]
            wanted = [law for law in laws if law in STATIC]
            is_brief = is_generated and not self.thorough
            if is_brief:
                wanted = [law for law in wanted if law in _QUICK]
            elif not is_generated and self._knows_store(stand):
                wanted = [law for law in wanted if law not in _OF_THE_STORE]
            for law in wanted:
                self._tried.add(law)
                _raise(scenario, STATIC[law](stand.rig))
            plans = min(self.plans, _FEW_PLANS) if is_brief else self.plans
            if plans:
                self._explore(scenario, stand, laws, plans, is_generated=is_generated)

    def replay(self, scenarios: Sequence[Scenario], token: str) -> None:
        """Run the plan of *token* on the store that it was made for."""
        for scenario in scenarios:
            with self._standing(scenario) as stand:
                try:
                    plan = decode(token, stand.fingerprint)
                except ForeignTokenError:
                    continue
                laws = [law for law in Law if self._applies(law, stand)]
                explorer = Explorer(rig=stand.rig, laws=laws)
                found = explorer.replay(plan)
                if not isinstance(found, Run):
                    raise _broken(scenario, found, token, stand)
                return
        message = f"{token!r} belongs to none of {len(scenarios)} stores"
        raise ForeignTokenError(message)

    def finish(self) -> Conformance:
        """Return the result: what was tried, and why the rest was not."""
        self.result.held = tuple(law for law in Law if law in self._tried)
        self.result.skipped = {
            **{k: v for k, v in self._why_not.items() if k not in self._tried},
            **self.skipped,
        }
        return self.result

    def _applies(self, law: Law, stand: Stand) -> bool:
        if law in self.skipped:
            return False
        reason = why_not(law, stand.rig)
        if reason:
            self._why_not[law] = reason
        return not reason

    def _knows_store(self, stand: Stand) -> bool:
        """Return whether an earlier scenario began with the same store."""
        bench = stand.rig.bench
        if not isinstance(bench, DatabaseBench):
            return False
        if bench.image in self._images:
            return True
        self._images.add(bench.image)
        return False

    def _explore(
        self,
        scenario: Scenario,
        stand: Stand,
        laws: Sequence[Law],
        total: int,
        *,
        is_generated: bool,
    ) -> None:
        may_crash = Law.CRASH_SAFE in laws
        explorer = Explorer(rig=stand.rig, laws=laws, may_crash=may_crash)
        quiet = explorer.quiet()
        if quiet.difference and Law.DETERMINISTIC in laws:
            message = f"two runs without writers differ: {quiet.difference}"
            _raise(scenario, Violation(law=Law.DETERMINISTIC, message=message))
        plans = Plans(
            shape=quiet.shape, seed=self.seed, scenario=scenario.id, total=total
        )
        explored = explorer.explore(plans.between(0, total), quiet.shape)
        if explored.finding is not None:
            token = encode(explored.finding.plan, stand.fingerprint)
            raise _broken(scenario, explored.finding, token, stand)
        proof = state_proof(explored, quiet.shape, whole=plans.count_listed())
        unseen = "" if stand.is_followed else stand.note
        reason = unseen or why_inconclusive(quiet, explored)
        if reason and not is_generated:
            raise InconclusiveError(f"{scenario.id}: {reason} ({proof})")
        self._tried |= {law for law in laws if law not in STATIC}
        if not is_generated:
            found = "; ".join((proof, *quiet.escapes))
            self.result.proofs.append(f"{scenario.id}: {found}")

    def _standing(self, scenario: Scenario) -> _Standing:
        return _Standing(self._resolved(scenario), scenario, self._placer, self.folder)

    def _resolved(self, scenario: Scenario) -> Resolved:
        try:
            config = msgspec.convert(dict(self.keys), AdapterConfig)
        except msgspec.ValidationError as error:
            raise BadValueError(f"config: {error}") from error
        if isinstance(self.adapter, str):
            found = resolve(
                self.adapter,
                configured=scenario.adapters,
                registered={},
                folder=Path.cwd(),
            )
            return Resolved(found.adapter, refine(found.config, config))
        name = getattr(self.adapter, "__name__", type(self.adapter).__name__)
        return Resolved(as_adapter(self.adapter, name), config)


class _Standing:
    """The stand of one scenario, as long as it is needed."""

    def __init__(
        self,
        resolved: Resolved,
        scenario: Scenario,
        placer: StorePlacer,
        folder: Path,
    ) -> None:
        self._resolved = resolved
        self._scenario = scenario
        self._placer = placer
        run = folder / "desks"
        run.mkdir(exist_ok=True)
        self._desk = Workspace(Path(tempfile.mkdtemp(dir=run))).new_desk()
        self._environment = Environment(self._desk.homes())

    def __enter__(self) -> Stand:
        self._environment.__enter__()
        try:
            rules = compile_rules(self._resolved.config)
            return build_stand(
                self._scenario, self._resolved, rules, self._placer, self._desk
            )
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_error: object) -> None:
        self._environment.__exit__()
        self._desk.remove()


def _raise(scenario: Scenario, violation: Violation | None) -> None:
    """Raise *violation*, if it is one, as an error without a plan."""
    if violation is None:
        return
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    detail = "\n".join(violation.details[:_SHOWN])
    hint = "See docs/laws.md, which says how to read it."
    raise LawBrokenError(message, _where(scenario), hint, detail)


def _where(scenario: Scenario) -> Where | None:
    """Return where the scenario stands, unless it is one of ours, which is gone then."""
    is_ours = any(part.startswith(_PREFIX) for part in scenario.folder.parts)
    return None if is_ours else Where(scenario.anchor)


def _broken(
    scenario: Scenario, finding: Finding, token: str, stand: Stand
) -> LawBrokenError:
    violation = finding.violation
    message = f"{scenario.id}: law {violation.law} is broken: {violation.message}"
    names = stand.rig.bench.names
    timeline = render(finding.run.moments, names, violation.notes)
    lines = [
        *violation.details[:_SHOWN],
        "",
        *timeline,
        "",
        f"replay: run_conformance(…, replay={token!r})",
    ]
    return LawBrokenError(message, _where(scenario), detail="\n".join(lines))
