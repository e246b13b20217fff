"""One adapter, held to the laws store by store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.adapters.resolve import Resolved, refine, resolve
from pytest_parsediff.conformancestand import TrialStand
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    BadValueError,
    ForeignTokenError,
)
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.variables import find_bad_variables
from pytest_parsediff.core.wording import counted
from pytest_parsediff.core.workspace import Workspace
from pytest_parsediff.environment import Environment
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.run import Run
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.token import decode
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.static import STATIC, why_not
from pytest_parsediff.stress.quietly import (
    is_quiet,
)
from pytest_parsediff.stress.stand import Stand, build_stand

#: Plans per generated store; there are many stores.
_FEW_PLANS = 30
#: On generated stores only these of the laws with runs of their own are tried: the others
#: take a hundred scans each, or say little of a store with two rows.
_QUICK = frozenset({Law.READ_ONLY, Law.DETERMINISTIC, Law.RESUME, Law.NO_PIN})
#: Laws that look at the store as it is; several scenarios may begin with the same one.
_OF_THE_STORE = _QUICK | {Law.IDLE_CHEAP, Law.TOLERANT}


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


@dataclass(slots=True, kw_only=True)
class Trial:
    """One adapter, held to the laws store by store.

    Attributes:
        adapter: As the caller names or gives it.
        keys: Of its table.
        skipped: Reason per law that is not to be tried.
        plans: How many are run per store.
        seed: What random plans depend on.
        folder: For everything that is written.
        is_thorough: Whether generated stores are held to the slow laws too.
        result: What came of it so far.
    """

    adapter: object
    keys: Mapping[str, Any]
    skipped: Mapping[Law, str]
    plans: int
    seed: int
    folder: Path
    is_thorough: bool = False
    result: Conformance = field(default_factory=Conformance)
    _tried: set[Law] = field(default_factory=set)
    _images: set[bytes] = field(default_factory=set)
    _why_not: dict[Law, str] = field(default_factory=dict)
    _placer: StorePlacer = field(default_factory=StorePlacer)

    def hold(self, scenario: Scenario, *, is_generated: bool = False) -> None:
        """Try every law that applies on one store."""
        with self._standing(scenario) as store:
            self._hold_quietly(store, is_generated=is_generated)
            is_brief = is_generated and not self.is_thorough
            plans = min(self.plans, _FEW_PLANS) if is_brief else self.plans
            if plans:
                self._hold_plans(store, plans, is_generated=is_generated)

    def replay(self, scenarios: Sequence[Scenario], token: str) -> None:
        """Run the plan of *token* on the store that it was made for."""
        for scenario in scenarios:
            with self._standing(scenario) as store:
                try:
                    plan = decode(token, store.stand.fingerprint)
                except ForeignTokenError:
                    continue
                if is_quiet(plan):
                    store.fail_quietly(store.laws)
                store.watch.begin()
                found = store.explorer.replay(plan)
                if not isinstance(found, Run):
                    raise store.broken(found)
                store.fail_contradicted(store.watch.contradiction())
                return
        message = f"{token!r} belongs to none of {counted(len(scenarios), 'store')}"
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

    def _hold_quietly(self, store: TrialStand, *, is_generated: bool) -> None:
        """Try the laws that need no plan, those that tell something new here."""
        wanted = [law for law in store.laws if law in STATIC]
        if is_generated and not self.is_thorough:
            wanted = [law for law in wanted if law in _QUICK]
        elif not is_generated and self._knows_image(store.stand):
            wanted = [law for law in wanted if law not in _OF_THE_STORE]
        self._tried.update(wanted)
        store.fail_quietly(wanted)

    def _knows_image(self, stand: Stand) -> bool:
        """Return whether an earlier scenario began with the same store."""
        bench = stand.rig.bench
        if not isinstance(bench, DatabaseBench):
            return False
        if bench.image in self._images:
            return True
        self._images.add(bench.image)
        return False

    def _hold_plans(self, store: TrialStand, total: int, *, is_generated: bool) -> None:
        quiet = store.explorer.quiet()
        if quiet.difference and Law.DETERMINISTIC in store.laws:
            message = f"two runs without writers differ: {quiet.difference}"
            violation = Violation(law=Law.DETERMINISTIC, message=message)
            raise store.broken_quietly(violation, quiet.run)
        plans = Plans(
            shape=quiet.shape, seed=self.seed, scenario=store.scenario.id, total=total
        )
        store.watch.begin()
        explored = store.explorer.explore(plans.between(0, total), quiet.shape)
        if explored.finding is not None:
            raise store.broken(explored.finding)
        found = store.conclude(quiet, explored, plans, may_show_nothing=is_generated)
        self._tried |= {law for law in store.laws if law not in STATIC}
        if not is_generated:
            self.result.proofs.append(found)

    @contextmanager
    def _standing(self, scenario: Scenario) -> Iterator[TrialStand]:
        """Set the stand of *scenario* up, as long as it is needed."""
        resolved = self._resolved(scenario)
        desks = self.folder / "desks"
        desks.mkdir(exist_ok=True)
        desk = Workspace(Path(tempfile.mkdtemp(dir=desks))).new_desk()
        try:
            with Environment(desk.homes()):
                rules = compile_rules(resolved.config)
                stand = build_stand(scenario, resolved, rules, self._placer, desk)
                laws = [law for law in Law if self._applies(law, stand)]
                yield TrialStand.of(scenario, stand, laws)
        finally:
            desk.remove()

    def _resolved(self, scenario: Scenario) -> Resolved:
        try:
            config = msgspec.convert(dict(self.keys), AdapterConfig)
        except msgspec.ValidationError as error:
            raise BadValueError(f"config: {error}") from error
        for bad in find_bad_variables(config):
            raise BadValueError(f"config: {bad.message}", hint=bad.hint)
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
