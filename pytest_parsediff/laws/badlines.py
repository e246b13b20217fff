"""Trees of files with one bad line, or a last line that is not complete."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.laws.mutation import Demand, Mutation

_GARBAGE = b'{"parsediff": garbage\n'
_NULS = b"\0" * 64
#: Of a tree of many files so many are changed, spread evenly.
_MAX_FILES = 8


def mutate_files(bench: FileBench) -> Iterator[Mutation]:
    """Yield the tree with one file changed, for each way and some of its files."""
    names = [name for name, data in sorted(bench.files.items()) if _is_text(data)]
    step = -(-len(names) // _MAX_FILES) or 1
    for name in names[::step]:
        lines = _split(bench.files[name])
        if _is_json(lines[0]) and not _is_document(name, lines):
            yield from _Lines(bench, name, lines).mutations()
        else:
            yield _cut_document(bench, name)


def _split(data: bytes) -> list[bytes]:
    """Return the lines with their LF; other separators do not end a line of JSON."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _is_text(data: bytes) -> bool:
    return bool(data.strip()) and not data.startswith(b"SQLite format 3\0")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_document(name: str, lines: list[bytes]) -> bool:
    """Return whether the file is one value, which a second line would spoil as a whole."""
    return name.endswith(".json") and len(lines) == 1


def _with(bench: FileBench, name: str, data: bytes) -> FileBench:
    return replace(bench, files={**bench.files, name: data})


def _without(bench: FileBench, name: str) -> FileBench:
    """Return the tree without a file; empty where the adapter is handed just it."""
    if bench.name == name:
        return _with(bench, name, b"")
    files: Mapping[str, bytes] = {n: d for n, d in bench.files.items() if n != name}
    return replace(bench, files=files)


def _cut_document(bench: FileBench, name: str) -> Mutation:
    data = bench.files[name]
    return Mutation(
        label=f"{name} ends in the middle",
        bench=_with(bench, name, data[: len(data) // 2]),
        owner=name,
        without=_without(bench, name),
        shorter=_without(bench, name),
        demand=Demand.TAIL,
    )


class _Lines:
    """One file of JSON lines, in all its bad forms."""

    def __init__(self, bench: FileBench, name: str, lines: list[bytes]) -> None:
        self.bench = bench
        self.name = name
        self.lines = lines
        self.gone = _without(bench, name)

    def mutations(self) -> Iterator[Mutation]:
        """Yield them."""
        last = self.lines[-1]
        body = last.rstrip(b"\n")
        yield self._cut("after its first byte", len(self.lines) - 1, 1)
        yield self._cut("in the middle", len(self.lines) - 1, len(body) // 2)
        inside = self._inside_a_character()
        if inside is not None:
            yield self._cut("inside a character", *inside)
        if last != body:
            yield self._cut("before its LF", len(self.lines) - 1, len(body))
        middle = len(self.lines) // 2 or 1
        head, tail = b"".join(self.lines[:middle]), b"".join(self.lines[middle:])
        if not head.endswith(b"\n"):
            head += b"\n"
        for what, line in (("garbage", _GARBAGE), ("NULs", _NULS + b"\n")):
            label = f"a line of {what} stands at line {middle + 1} of {self.name}"
            yield self._mutation(label, head + line + tail, Demand.REPORT)
        yield self._mutation(
            f"line {middle + 1} of {self.name} is blank", head + b"\n" + tail
        )
        whole = b"".join(self.lines)
        yield self._mutation(
            f"lines of {self.name} end with CRLF", whole.replace(b"\n", b"\r\n")
        )
        yield self._mutation(f"{self.name} ends with a run of NULs", whole + _NULS)

    def _inside_a_character(self) -> tuple[int, int] | None:
        """Return the last line with a character of several bytes, and where it is."""
        for number in range(len(self.lines) - 1, -1, -1):
            for place, byte in enumerate(self.lines[number]):
                if byte >= 0xC0:
                    return number, place + 1
        return None

    def _cut(self, what: str, number: int, length: int) -> Mutation:
        kept = b"".join(self.lines[:number])
        return Mutation(
            label=f"the last line of {self.name} is cut {what}",
            bench=_with(self.bench, self.name, kept + self.lines[number][:length]),
            owner=self.name,
            without=self.gone,
            shorter=_with(self.bench, self.name, kept),
            demand=Demand.TAIL,
        )

    def _mutation(
        self, label: str, data: bytes, demand: Demand = Demand.NO_SILENT_LOSS
    ) -> Mutation:
        return Mutation(
            label=label,
            bench=_with(self.bench, self.name, data),
            owner=self.name,
            without=self.gone,
            demand=demand,
        )
