"""From a reader of this corpus to something that runs plans, and to a verdict on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from wrong_case import Reader, Shows

from pytest_parsediff.adapters.protocol import Adapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Context
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.databasebench import DatabaseBench, SQLScriptStep
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.driver import Driver
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.strategy import Numbered, Plans, Strategy
from pytest_parsediff.interleave.subject import Subject, Unit
from pytest_parsediff.interleave.token import decode, encode, fingerprint
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.filesteps import parse_file_steps
from pytest_parsediff.interleave.writers.sqlscript import parse_script
from pytest_parsediff.interleave.writers.traces import parse_trace, read_tables
from pytest_parsediff.laws.checks import PER_RUN
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.static import STATIC, why_not

#: More plans than any sweep here has.
ALL_PLANS = 100_000
#: Random plans after the sweep within which a wrong reader must be caught.
RANDOM_PLANS = 200


def make_rig(reader: type[Reader], folder: Path) -> Rig:
    """Return a rig for *reader* that works below an empty *folder*."""
    config = AdapterConfig(session="/session", key=list(reader.key))
    rules = compile_rules(config)
    subject = Subject(
        adapter=cast("Adapter", reader()),
        rules=rules,
        comparison=compile_comparison(config, rules),
        unit=Unit(reader.emits),
        tombstones=_tombstones_of(reader),
        is_exactly_once=reader.delivery == "exactly-once",
    )
    for name in ("state", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    bench = _bench_of(reader, folder)
    context = Context(time.monotonic, folder / "state", folder / "tmp")
    states = States(subject, bench.place, context)
    return Rig(
        subject=subject,
        bench=bench,
        driver=_driver_of(reader),
        context=context,
        states=states,
    )


def _tombstones_of(reader: type[Reader]) -> tuple[tuple[Pointer, tuple[bool]], ...]:
    return ((Pointer.parse(reader.tombstone), (True,)),) if reader.tombstone else ()


def _driver_of(reader: type[Reader]) -> Driver:
    match reader.library:
        case None:
            return FileDriver()
        case Library.APSW:
            return ApswDriver()
        case _:
            return StdlibDriver()


def _bench_of(reader: type[Reader], folder: Path) -> Bench:
    store, place = reader.store, Path("writer")
    names = tuple(f"writer {n}" for n, _ in enumerate(store.writers, 1))
    root, spare = folder / "store", folder / "spare"
    if store.files is not None:
        files = {path: text.encode() for path, text in store.files.items()}
        return FileBench(
            files=files,
            root=root,
            spare=spare,
            name=next(iter(files)),
            scripts=tuple(tuple(parse_file_steps(w, place)) for w in store.writers),
            names=names,
        )
    assert store.sql is not None
    assert reader.library is not None
    image = build_image(store.sql.encode(), Path("sql"), journal=store.journal)
    return DatabaseBench(
        image=image.main,
        root=root,
        spare=spare,
        name="store.db",
        library=reader.library,
        scripts=tuple(_parse_sql(w, place, image.main) for w in store.writers),
        names=names,
    )


def _parse_sql(text: str, place: Path, image: bytes) -> tuple[SQLScriptStep, ...]:
    """Return the steps of a script, or of a recorded trace."""
    if text.startswith("{"):
        return tuple(parse_trace(text.encode(), place, read_tables(image)))
    return tuple(parse_script(text, place))


def scenario_of(reader: type[Reader]) -> int:
    """Return the fingerprint for tokens of *reader*."""
    store = reader.store
    texts = (reader.name, store.sql or str(store.files), store.journal, *store.writers)
    return fingerprint(*(text.encode() for text in texts))


def judge_otherwise(rig: Rig, law: Law) -> Violation | None:
    """Return how *law* is broken, which takes runs of its own."""
    check = STATIC.get(law)
    return None if check is None or why_not(law, rig) else check(rig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """How a wrong reader was caught.

    Attributes:
        law: Which law it broke first.
        number: Of the plan; ``None`` where no plan is needed.
        is_sweep: Whether the sweep had that plan.
        steps: Writer steps of the minimum.
        token: Of the minimum; empty where no plan is needed.
        message: What the law says of the minimum.
        replays: Whether the token gives the same violation again.
        plans: How many plans were run, shrinking included.
    """

    law: Law
    number: int | None
    is_sweep: bool
    steps: int
    token: str
    message: str
    replays: bool
    plans: int = 0


def catch(
    reader: type[Reader],
    folder: Path,
    seed: int,
    strategy: Strategy = Strategy.AUTO,
) -> Caught | None:
    """Return how *reader* is caught with *seed*, or ``None`` if it is not."""
    rig = make_rig(reader, folder)
    assert reader.law is not None
    explorer = Explorer(rig=rig, laws=tuple(PER_RUN), polls=reader.polls)
    if reader.shows is Shows.QUIET:
        return _catch_quietly(reader, explorer)
    shape = explorer.quiet().shape
    sweep = Plans(shape=shape, strategy=Strategy.SWEEP, total=ALL_PLANS).sweep_size
    total = RANDOM_PLANS + (sweep if strategy is Strategy.AUTO else 0)
    plans = Plans(
        shape=shape, strategy=strategy, seed=seed, scenario=reader.name, total=total
    )
    explored = explorer.explore(plans.between(0, total), shape)
    if explored.finding is None:
        return None
    return _caught(reader, explorer, explored.finding, explored.plans, sweep)


def _caught(
    reader: type[Reader], explorer: Explorer, found: Finding, plans: int, sweep: int
) -> Caught:
    token = encode(found.plan, scenario_of(reader))
    again = explorer.replay(decode(token, scenario_of(reader)))
    return Caught(
        law=found.violation.law,
        number=found.number,
        is_sweep=found.number is not None and found.number < sweep,
        steps=len(found.plan.steps),
        token=token,
        message=found.violation.message,
        replays=isinstance(again, Finding) and again.violation == found.violation,
        plans=plans + found.replays,
    )


def _catch_quietly(reader: type[Reader], explorer: Explorer) -> Caught | None:
    assert reader.law is not None
    if reader.law in PER_RUN:
        plan = Plan((), None, reader.polls)
        found = explorer.replay(plan)
        if not isinstance(found, Finding):
            return None
        return _caught(reader, explorer, found, 1, 0)
    violation = judge_otherwise(explorer.rig, reader.law)
    if violation is None:
        return None
    return Caught(
        law=violation.law,
        number=None,
        is_sweep=False,
        steps=0,
        token="",
        message=violation.message,
        replays=_breaks_again(explorer.rig, violation),
    )


def _breaks_again(rig: Rig, violation: Violation) -> bool:
    again = judge_otherwise(rig, violation.law)
    return again is not None and again.message == violation.message


@dataclass(slots=True, kw_only=True)
class Passed:
    """What a right reader went through.

    Attributes:
        plans: How many plans were run.
        seconds: CPU time for them.
        flagged: What it was called wrong for; empty if for nothing.
    """

    plans: int = 0
    seconds: float = 0.0
    flagged: str = ""


def hold(reader: type[Reader], folder: Path, seeds: range, plans: int) -> Passed:
    """Hold a right reader to all laws: *plans* of the sweep, and as many per seed."""
    rig = make_rig(reader, folder)
    laws = (Law.READ_ONLY, *PER_RUN)
    explorer = Explorer(rig=rig, laws=laws, polls=reader.polls)
    began = time.process_time()
    passed = Passed()
    for law in reader.laws:
        violation = judge_otherwise(rig, law)
        if violation is not None:
            passed.flagged = f"{law}: {violation.message}"
            return passed
    quiet = explorer.quiet()
    passed.flagged = quiet.difference
    for run in _rounds(reader, quiet.shape, seeds, plans):
        explored = explorer.explore(run, quiet.shape)
        passed.plans += explored.plans
        if explored.finding is not None:
            found = explored.finding
            token = encode(found.plan, scenario_of(reader))
            passed.flagged = f"{found.violation.law}: {token}"
            break
    passed.seconds = time.process_time() - began
    return passed


def _rounds(
    reader: type[Reader], shape: Shape, seeds: range, plans: int
) -> Iterator[Iterator[Numbered]]:
    sweep = Plans(shape=shape, strategy=Strategy.SWEEP, total=plans)
    yield sweep.between(0, plans)
    for seed in seeds:
        random = Plans(
            shape=shape,
            strategy=Strategy.PCT,
            seed=seed,
            scenario=reader.name,
            total=plans,
        )
        yield random.between(0, plans)
