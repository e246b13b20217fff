"""Tracebacks as the author of an adapter wants them: without frames of ours."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from pytest_parsediff.core.errors import Where

#: Modules that stand between a caller and an adapter. Adapters that are built in are
#: not among them: their frames are the adapter's own.
_MACHINERY = frozenset(
    [
        importlib.__file__,
        *(
            str(Path(__file__).with_name(f"{name}.py"))
            for name in ("asking", "contain", "deadline", "emissions", "python")
        ),
    ]
)
_IMPORT_SYSTEM = "<frozen importlib"
_MAX_CHARS = 20_000
_MAX_TEXT = 500


def describe(error: BaseException) -> str:
    """Return ``ValueError: text``: the first line, at most 500 characters.

    An exception whose ``str()`` raises is described too.
    """
    lines = traceback.TracebackException.from_exception(error, limit=0)
    text = "".join(lines.format_exception_only()).strip()
    if isinstance(error, SyntaxError):  # the first lines are place and source
        return f"{type(error).__name__}: {error.msg}"
    first = text.split("\n", 1)[0]
    return first if len(first) <= _MAX_TEXT else f"{first[: _MAX_TEXT - 1]}…"


def own_traceback(error: BaseException) -> str:
    """Return the traceback of *error*, with its causes, without frames of ours.

    Returns:
        Lines as Python prints them, at most 20,000 characters: the end is kept.
    """
    trace = traceback.TracebackException.from_exception(error)
    for part in _chain(trace):
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if not _is_ours(frame.filename)]
        )
    return _clip("".join(trace.format()))


def own_stack(frame: FrameType | None) -> str:
    """Return where *frame* is, from the adapter's first frame on."""
    frames: list[traceback.FrameSummary] = []
    for summary in reversed(traceback.extract_stack(frame)):
        if _is_ours(summary.filename):
            break
        frames.append(summary)
    return _clip("".join(traceback.StackSummary.from_list(frames[::-1]).format()))


def place_below(error: BaseException, folder: Path) -> Where | None:
    """Return the innermost place below *folder* that *error* came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return Where(error.filename, error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if Path(frame.filename).is_relative_to(folder):
            return Where(frame.filename, frame.lineno)
    return None


def forget_frames(error: BaseException) -> None:
    """Drop the locals of every frame that *error* and its causes came through.

    A traceback keeps them alive, and with them an adapter's open connections.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        pending += [one.__cause__, one.__context__]


def _chain(
    trace: traceback.TracebackException,
) -> Iterator[traceback.TracebackException]:
    """Yield *trace* and everything it was caused by or contains."""
    pending: list[traceback.TracebackException | None] = [trace]
    while pending:
        part = pending.pop()
        if part is not None:
            yield part
            pending += [part.__cause__, part.__context__, *(part.exceptions or ())]


def _is_ours(filename: str) -> bool:
    return filename in _MACHINERY or filename.startswith(_IMPORT_SYSTEM)


def _clip(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else f"…{text[-_MAX_CHARS:]}"
