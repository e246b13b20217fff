"""Which adapters may know, without a checkpoint, what they emitted before."""

from __future__ import annotations

from pytest_parsediff.adapters.python import capable
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.run import Keep


def may_remember(adapter: object) -> bool:
    """Return whether *adapter* keeps something open from one poll to the next.

    A function of path and context is opened too, for the context; but it is called anew
    for every scan.
    """
    return callable(getattr(adapter, "open", None)) and capable(adapter) is adapter


def reads_on(rig: Rig) -> bool:
    """Return whether the adapter claims to read on at all.

    It does if it hands out checkpoints; without them, if it is opened and does something
    else in its second poll than in the first. A command that prints everything each time,
    or an object whose ``open`` only keeps the context, claims nothing.

    Raises:
        ParsediffError: PD4xx, the adapter fails.
    """
    if rig.scan(None).checkpoints:
        return True
    if not may_remember(rig.subject.adapter):
        return False
    run = rig.run(Plan((), None, 2), keep=Keep.MOMENTS)
    rig.states.forget_contents()
    first, second = run.polls[:2]
    is_equal = first.lines == second.lines and first.statements == second.statements
    return not (first.lines and is_equal)
