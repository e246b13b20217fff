"""Everything that is needed to run plans of one scenario, made once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec
from msgspec import UNSET

from pytest_parsediff.adapters.contain import name_of
from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.core.config import AdapterConfig, StressConfig
from pytest_parsediff.core.event import Context
from pytest_parsediff.core.place import StorePlacer
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.states import NEEDS_WAL
from pytest_parsediff.core.workspace import Desk
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.databasebench import DatabaseBench, SQLScriptStep
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.strategy import Strategy
from pytest_parsediff.interleave.subject import Marks, Subject, Unit
from pytest_parsediff.interleave.token import fingerprint
from pytest_parsediff.interleave.writers.filesteps import FileStep
from pytest_parsediff.laws.law import DEFAULT_LAWS, Law
from pytest_parsediff.stress.detect import Detected, detect
from pytest_parsediff.stress.scripts import Scripted, read_writers

_DEFAULT_POLLS = 2
#: Plans that a scenario with writers runs when nobody asks for stress.
DEFAULT_PLANS = 200
_DEFAULT_TIMEOUT_S = 60.0
_DEFAULT_OUTPUT_MB = 256.0

#: Makes a writer for the content of a database; ``None`` where none can be made.
MakeWriter: TypeAlias = Callable[[bytes], Scripted | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StressSettings:
    """What holds for one scenario, its own table and the flags taken together.

    Attributes:
        laws: What every plan is held to.
        plans: How many are run.
        polls: Polls while steps are due.
        strategy: How plans are chosen.
        seed: What random ones depend on.
        writer: What makes a writer where the scenario has none; empty for nothing.
        is_whole: Whether a space that is larger than *plans* is passed over, and not
            begun.
    """

    laws: tuple[Law, ...] = DEFAULT_LAWS
    plans: int = DEFAULT_PLANS
    polls: int = _DEFAULT_POLLS
    strategy: Strategy = Strategy.AUTO
    seed: int = 0
    writer: str = ""
    is_whole: bool = False

    @classmethod
    def of(
        cls,
        table: StressConfig,
        *,
        plans: int | None = None,
        seed: int | None = None,
        strategy: Strategy | None = None,
    ) -> StressSettings:
        """Return the settings of a scenario's table; arguments that are given win."""
        laws = DEFAULT_LAWS if table.laws is UNSET else tuple(map(Law, table.laws))
        own_plans = DEFAULT_PLANS if table.plans is UNSET else table.plans
        own_seed = 0 if table.seed is UNSET else table.seed
        return cls(
            laws=laws,
            plans=own_plans if plans is None else plans,
            polls=_DEFAULT_POLLS if table.polls is UNSET else table.polls,
            strategy=strategy or Strategy(table.strategy or "auto"),
            seed=own_seed if seed is None else seed,
            is_whole=strategy is Strategy.EXHAUSTIVE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A scenario on its stand.

    Attributes:
        rig: Runs plans.
        fingerprint: Tells its tokens from those of other scenarios.
        note: What people should know of how the store is read and written; may be empty.
        is_followed: Whether nothing of that escapes the driver, as far as is known.
    """

    rig: Rig
    fingerprint: int
    note: str
    is_followed: bool


def build_stand(  # noqa: PLR0913 - what a stand is made of
    scenario: Scenario,
    resolved: Resolved,
    rules: Rules,
    placer: StorePlacer,
    desk: Desk,
    *,
    make_writer: MakeWriter | None = None,
) -> Stand:
    """Return the stand of *scenario* in the folders of *desk*.

    Args:
        scenario: Its store and its writers.
        resolved: The adapter.
        rules: How its events become canonical.
        placer: Builds the store.
        desk: Where everything is.
        make_writer: Makes a writer where the scenario has none.

    Raises:
        ParsediffError: PD1xx to PD4xx and PD6xx: store, adapter or writers cannot be
            used.
    """
    subject = make_subject(resolved, rules, scenario)
    context = Context(time.monotonic, desk.state, desk.tmp)
    ground = _look(subject, placer, scenario, desk.base / "store", context)
    writers = read_writers(scenario, ground.image)
    if not writers and ground.image is not None and make_writer is not None:
        made = make_writer(ground.image)
        writers = [made] if made is not None else []
    detected = ground.detected
    bench = _bench(ground, writers, desk)
    rig = Rig(
        subject=subject,
        bench=bench,
        driver=detected.driver,
        context=context,
        states=States(subject, bench.place, context),
        timeout_s=subject.timeout_s,
    )
    notes = [detected.note, *(writer.note for writer in writers)]
    return Stand(
        rig=rig,
        fingerprint=_fingerprint(scenario, resolved, ground, writers),
        note="; ".join(filter(None, notes)),
        is_followed=detected.is_followed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """The store of a scenario before anybody writes, and how it is read.

    Attributes:
        name: Of the source, as a POSIX path below the root; ``.`` for the root itself.
        image: Content of the database; ``None`` for a store of files.
        files: Content of each file by its path below the root; empty for a database.
        detected: How the adapter reads it.
    """

    name: str
    image: bytes | None
    files: Mapping[str, bytes]
    detected: Detected


def _look(
    subject: Subject,
    placer: StorePlacer,
    scenario: Scenario,
    store: Path,
    context: Context,
) -> _Ground:
    """Build the store once, keep what is in it, and see how the adapter reads it.

    Raises:
        ParsediffError: The store cannot be built, or the adapter fails on it.
    """
    placed = placer.place(_at_rest(scenario), store)
    try:
        source = placed.source
        return _Ground(
            name=source.path.relative_to(store).as_posix(),
            image=source.path.read_bytes() if scenario.is_sql else None,
            files={} if scenario.is_sql else _read_tree(store),
            detected=detect(subject, source, store, context),
        )
    finally:
        placed.close()


def _bench(ground: _Ground, writers: Sequence[Scripted], desk: Desk) -> Bench:
    """Return what makes the store anew for each plan, with its writers."""
    store, spare = desk.base / "store", desk.base / "spare"
    names = tuple(writer.name for writer in writers)
    if ground.image is None:
        return FileBench(
            files=ground.files,
            root=store,
            spare=spare,
            name="" if ground.name == "." else ground.name,
            scripts=tuple(cast("tuple[FileStep, ...]", w.steps) for w in writers),
            names=names,
        )
    return DatabaseBench(
        image=ground.image,
        root=store,
        spare=spare,
        name=ground.name,
        library=ground.detected.library,
        scripts=tuple(cast("tuple[SQLScriptStep, ...]", w.steps) for w in writers),
        names=names,
    )


def _at_rest(scenario: Scenario) -> Scenario:
    """Return *scenario* with what a writer left in the WAL in the database itself.

    Plans start from what is committed, and writers of their own keep a WAL alive.
    """
    if scenario.config.state not in NEEDS_WAL or scenario.config.state == "main-only":
        return scenario
    config = msgspec.structs.replace(scenario.config, state=UNSET, journal="wal")
    return replace(scenario, config=config)


def make_subject(resolved: Resolved, rules: Rules, scenario: Scenario) -> Subject:
    """Return the adapter with everything its configuration, or itself, declares."""
    config, adapter = resolved.config, resolved.adapter
    timeout_s = scenario.config.timeout_s or config.timeout_s or _DEFAULT_TIMEOUT_S
    delivery = _declared(config, adapter, "delivery", "at-least-once")
    return Subject(
        adapter=adapter,
        rules=rules,
        comparison=compile_comparison(config, rules),
        unit=Unit(_declared(config, adapter, "emits", "event")),
        tombstones=_marks(_declared(config, adapter, "tombstones", {})),
        amends=_marks(_declared(config, adapter, "amends", {})),
        is_exactly_once=delivery == "exactly-once",
        is_exact_resume=bool(_declared(config, adapter, "exact_resume", False)),
        catches_up=bool(_declared(config, adapter, "catches_up", False)),
        timeout_s=timeout_s,
        max_output_mb=config.max_output_mb or _DEFAULT_OUTPUT_MB,
        config=config,
    )


def _declared(config: AdapterConfig, adapter: object, name: str, default: Any) -> Any:
    """Return what the table says, else what the adapter says of itself."""
    value = getattr(config, name)
    return getattr(adapter, name, default) if value is UNSET else value


def _marks(table: Mapping[str, Sequence[Any]]) -> Marks:
    return tuple((Pointer.parse(place), tuple(v)) for place, v in table.items())


def _read_tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _fingerprint(
    scenario: Scenario,
    resolved: Resolved,
    ground: _Ground,
    writers: Sequence[Scripted],
) -> int:
    tree = [
        part for path, data in ground.files.items() for part in (path.encode(), data)
    ]
    scripts = [part for w in writers for part in (w.name.encode(), w.content)]
    adapter = name_of(resolved.adapter).encode()
    image = ground.image or b""
    return fingerprint(scenario.id.encode(), adapter, image, *tree, *scripts)
