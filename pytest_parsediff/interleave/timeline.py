"""What happened, as people read it: the reader on the left, each writer in a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_parsediff.core.errors import strip_control
from pytest_parsediff.interleave.schedule import Kind, Moment

_READER_WIDTH = 46
_WRITER_WIDTH = 40
_MAX_LINES = 80


def render(
    moments: Sequence[Moment],
    writers: Sequence[str],
    notes: Mapping[int, str] | None = None,
) -> list[str]:
    """Return the lines of a timeline.

    Args:
        moments: In order.
        writers: Name per writer; only those that acted get a lane.
        notes: Remarks by index of the moment they stand beside.

    Returns:
        A header, and one line per moment that matters: what writers did, and the
        reader's snapshots, file calls and emissions around it. Runs of moments far
        from any writer are folded into one line that says how many there were.
    """
    if not moments:
        return ["nothing happened: no gap was reached"]
    acting = sorted({m.writer for m in moments if m.writer is not None})
    lanes = {writer: place for place, writer in enumerate(acting)}
    head = _row(" ", "reader", [writers[w] for w in acting])
    start_ms = moments[0].now_ms
    width = len(str(len(moments)))
    lines = [f"{'':{width}}{head}"]
    for index in _shown(moments, notes or {}):
        if isinstance(index, range):
            lines.append(f"{'':{width}}   … {len(index)} more")
            continue
        moment = moments[index]
        note = (notes or {}).get(index, "")
        line = _line(moment, lanes, start_ms)
        lines.append(f"{index + 1:{width}}{line}{f'  <- {note}' if note else ''}")
    return lines


def _line(moment: Moment, lanes: Mapping[int, int], start_ms: int) -> str:
    text = strip_control(moment.label).replace("\n", " ")
    if moment.writer is None:
        label = text if moment.kind is Kind.POLL else f"{moment.kind} {text}"
        return _row(" ", label, [])
    cells = [""] * len(lanes)
    blocked = "BLOCKED " if moment.kind is Kind.BLOCKED else ""
    tick = moment.now_ms - start_ms
    cells[lanes[moment.writer]] = f"{blocked}{text}  t=+{tick} ms"
    return _row(" ", "", cells)


def _row(margin: str, reader: str, cells: Sequence[str]) -> str:
    left = _clip(reader, _READER_WIDTH)
    lanes = (f"{_clip(cell, _WRITER_WIDTH):{_WRITER_WIDTH}}" for cell in cells)
    return f"{margin} {left:{_READER_WIDTH}} {' '.join(lanes)}".rstrip()


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _shown(moments: Sequence[Moment], notes: Mapping[int, str]) -> list[int | range]:
    """Return the indexes to show, and ranges that are folded, in order."""
    keep = set(notes)
    for index, moment in enumerate(moments):
        if moment.kind in (Kind.POLL, Kind.CRASH, Kind.CHECKPOINT):
            keep.add(index)
        if moment.writer is not None:
            keep |= {index - 2, index - 1, index, index + 1, index + 2}
    keep = {index for index in keep if 0 <= index < len(moments)}
    if len(moments) <= _MAX_LINES // 2:
        keep = set(range(len(moments)))
    shown: list[int | range] = []
    hidden = 0
    for index in range(len(moments)):
        if index in keep:
            if hidden:
                shown.append(range(index - hidden, index))
            shown.append(index)
            hidden = 0
        else:
            hidden += 1
    if hidden:
        shown.append(range(len(moments) - hidden, len(moments)))
    return shown
