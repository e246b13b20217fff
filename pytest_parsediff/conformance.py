"""All laws that apply to an adapter, from one call in a test written by hand."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pytest_parsediff.conformancestand import PREFIX
from pytest_parsediff.conformancestores import find_scenarios, write_scenario
from pytest_parsediff.conformancetrial import Conformance, Trial
from pytest_parsediff.core.errors import (
    BadValueError,
    LawBrokenError,
    NoScenariosError,
)
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.laws.law import Law
from pytest_parsediff.opencodeshipped import SHIPPED

#: One path, or several.
Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def run_conformance(  # noqa: PLR0913 - all but the first are options
    adapter: object,
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    config: Mapping[str, Any] | None = None,
    scenarios: Paths = (),
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
        RacedDeclarationError: PD618, what a scenario declares raced is not what its
            writers do.
        ParsediffError: PD4xx, the adapter fails where nobody writes.
    """
    skipped = _read_skip(skip or {})
    _check_format(format)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as text:
        trial = Trial(
            adapter=adapter,
            keys=config or {},
            skipped=skipped,
            plans=plans,
            seed=seed,
            folder=Path(text).resolve(),
            is_thorough=thorough,
        )
        listed = _list_stores(format, scenarios, trial.folder)
        return _try(trial, listed, 0 if format is None else examples, replay)


def _try(
    trial: Trial, listed: Sequence[Scenario], examples: int, replay: str | None
) -> Conformance:
    if replay is not None:
        trial.replay(listed, replay)
        return trial.result
    for scenario in listed:
        trial.hold(scenario)
    if examples:
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


def _check_format(name: str | None) -> None:
    """Check the name of a format.

    Raises:
        BadValueError: PD103, there is none of that name.
    """
    if name is not None and name not in SHIPPED:
        known = ", ".join(sorted(SHIPPED))
        raise BadValueError(f"unknown format {name!r}; known are {known}")


def _list_stores(name: str | None, scenarios: Paths, folder: Path) -> list[Scenario]:
    """Return the scenarios of the caller, and the shipped ones of a format.

    Raises:
        NoScenariosError: PD110, there are none.
    """
    listed = list(find_scenarios(scenarios))
    for store in SHIPPED[name] if name is not None else ():
        place = folder / "shipped" / store.name
        listed.append(write_scenario(place, store.sql, store.writer))
    if not listed:
        message = "run_conformance: give format=, scenarios=, or both"
        raise NoScenariosError(message, hint="Name a scenario folder.")
    return listed


def _hold_generated(trial: Trial, examples: int) -> None:
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
