"""The law ``deterministic``: one state gives one output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_parsediff.adapters.contain import gather
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.interleave.bench import empty_folder
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.subject import Line, paths_of
from pytest_parsediff.laws.law import Law, Violation, show

_SHOWN = 20


def check_deterministic(rig: Rig) -> Violation | None:
    """Parse one store twice, then a fresh copy of it with a fresh reader.

    Canonical lines must be equal byte for byte; their order counts where the adapter
    is ``ordered``.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    first, second = _scan_twice(rig)
    found = _difference(first, second, rig)
    if found:
        return _violation("a second scan of the same store differs", found)
    found = _difference(first, rig.scan(None).lines, rig)
    if found:
        return _violation("a scan of an equal store differs", found)
    return None


def _scan_twice(rig: Rig) -> tuple[list[Line], list[Line]]:
    """Return what two scans of one store emit, its files not made anew between."""
    written = rig.bench.make(HarnessClock())
    written.close()
    return scan_placed(rig, written.source), scan_placed(rig, written.source)


def scan_placed(rig: Rig, source: Source) -> list[Line]:
    """Return the events of a full scan of *source*; see :func:`gather_placed`."""
    return lines_of(rig, source, gather_placed(rig, source))


def gather_placed(rig: Rig, source: Source) -> list[Emission]:
    """Return what a full scan of *source* emits, the adapter's state folder empty.

    Args:
        rig: Whose adapter scans.
        source: A store that nobody writes.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    subject, context = rig.subject, rig.context
    state = context.state_dir / "run"
    empty_folder(str(state))
    emissions = gather(
        subject.adapter,
        source,
        Context(context.clock, state, context.tmp),
        limits=Limits(subject.timeout_s, subject.max_output_mb),
    )
    return list(emissions)


def lines_of(rig: Rig, source: Source, emissions: Iterable[Emission]) -> list[Line]:
    """Return the events among *emissions*, which *source* gave, taken apart."""
    line_of = rig.subject.taking_apart(paths_of(source))
    lines = (line_of(event) for event in emissions if isinstance(event, dict))
    return [line for line in lines if line is not None]


def _difference(first: Sequence[Line], second: Sequence[Line], rig: Rig) -> list[str]:
    """Return the first lines that differ, those of the first scan before the other's."""
    one, other = [[line.text for line in lines] for lines in (first, second)]
    if not rig.subject.comparison.is_ordered:
        one, other = sorted(one), sorted(other)
    if one == other:
        return []
    place = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return [
        f"{name}: {show(texts[place]) if place < len(texts) else 'nothing'}"
        for name, texts in (("first", one), ("then", other))
    ]


def _violation(what: str, details: list[str]) -> Violation:
    return Violation(
        law=Law.DETERMINISTIC, message=what, details=tuple(details[:_SHOWN])
    )
