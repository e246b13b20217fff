"""The law ``tolerant``: files of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from law_bench import file_rig

from pytest_parsediff.core.event import Emission, Notice, Source
from pytest_parsediff.laws.badlines import mutate_files
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.tolerant import check_tolerant, try_bad_stores

FILES = {
    "a.jsonl": '{"id":"1","v":"x"}\n{"id":"2","v":"é"}\n{"id":"3","v":"z"}\n'.encode(),
    "b.jsonl": b'{"id":"4","v":"x"}\n{"id":"5","v":"y"}\n',
}


class Lines:
    """Reads whole lines, and tells of those it cannot read."""

    name = "lines"

    def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
        """Yield an event per line; each file is a session."""
        for path in sorted(source.path.glob("*.jsonl")):
            yield from self.read(path)

    def read(self, path: Path) -> Iterator[Emission]:
        """Yield what one file gives."""
        *lines, tail = path.read_bytes().split(b"\n")
        for number, line in enumerate(self.whole(lines, tail), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:
                yield from self.bad(f"{path.name}:{number}")
            else:
                yield {"session": path.stem, **value}

    def whole(self, lines: list[bytes], _tail: bytes) -> list[bytes]:
        """Return the lines that are complete."""
        return lines

    def bad(self, where: str) -> Iterator[Emission]:
        """Tell of a line."""
        yield Notice("bad-line", "not JSON", where)


class Silent(Lines):
    """Passes over bad lines."""

    def bad(self, _where: str) -> Iterator[Emission]:
        """Yield nothing."""
        yield from ()


class TakesTheTail(Lines):
    """Takes an unfinished last line for a line, and tells of it."""

    def whole(self, lines: list[bytes], tail: bytes) -> list[bytes]:
        """Return all of them."""
        return [*lines, tail]


class CrashesAtTheTail(TakesTheTail):
    """Takes an unfinished last line for a line."""

    def bad(self, where: str) -> Iterator[Emission]:
        """Raise what the decoder raises."""
        yield json.loads(f"{{{where}")


class LosesTheFile(Lines):
    """Leaves a file out that has a bad line, and tells of it."""

    def read(self, path: Path) -> Iterator[Emission]:
        """Yield all or nothing."""
        found = list(super().read(path))
        notices = [one for one in found if isinstance(one, Notice)]
        yield from notices or found


class StopsAtNULs(Lines):
    """Reads a file up to the first NUL, like a C string."""

    def read(self, path: Path) -> Iterator[Emission]:
        """Yield what stands before it."""
        head = path.read_bytes().partition(b"\0")[0]
        for line in head.split(b"\n")[:-1]:
            if line.strip():
                try:
                    yield {"session": path.stem, **json.loads(line)}
                except ValueError:
                    yield Notice("bad-line", "not JSON", path.name)


@pytest.mark.parametrize("reader", [Lines, TakesTheTail])
def test_a_reader_that_tells_of_bad_lines_is_tolerant(
    tmp_path: Path, reader: type[Lines]
) -> None:
    """An unfinished last line may be left out, or taken if it is complete."""
    tolerated = try_bad_stores(file_rig(reader(), tmp_path, FILES))

    assert tolerated.violation is None
    assert 17 == tolerated.tried


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (Silent, "a line of garbage stands at line 2 of a.jsonl: it is passed over"),
        (CrashesAtTheTail, "the whole scan ends with JSONDecodeError"),
        (LosesTheFile, "a line of garbage stands at line 2 of a.jsonl: 3 events are"),
        (StopsAtNULs, "a line of NULs stands at line 2 of a.jsonl: 2 events are lost"),
    ],
)
def test_a_bad_line_must_be_told_of_and_cost_nothing_else(
    tmp_path: Path, reader: type[Lines], message: str
) -> None:
    """File, line and kind are named."""
    violation = check_tolerant(file_rig(reader(), tmp_path, FILES))

    assert violation is not None
    assert Law.TOLERANT is violation.law
    assert message in violation.message


def test_every_class_of_cut_is_made(tmp_path: Path) -> None:
    """At the start, in the middle, inside a character, before the LF."""
    bench = file_rig(Lines(), tmp_path, FILES).bench

    labels = [one.label for one in mutate_files(bench) if "a.jsonl" in one.label]  # type: ignore[arg-type]

    assert 9 == len(labels)
    assert [
        "the last line of a.jsonl is cut after its first byte",
        "the last line of a.jsonl is cut in the middle",
        "the last line of a.jsonl is cut inside a character",
        "the last line of a.jsonl is cut before its LF",
    ] == labels[:4]


def test_a_document_that_ends_in_the_middle_may_fail(tmp_path: Path) -> None:
    """A whole file of JSON, torn while it is written, is told of or left out."""

    def parse(path: Path) -> Iterator[dict[str, str]]:
        for file in sorted(path.glob("*.json")):
            yield json.loads(file.read_text())

    files = {
        name: b'{\n "session": "%s",\n "id": "1"\n}\n' % name.encode()
        for name in ("a.json", "b.json")
    }

    violation = check_tolerant(file_rig(parse, tmp_path, files))

    assert violation is not None
    assert violation.message.startswith("a.json ends in the middle: the whole scan")


def test_a_document_in_one_line_is_not_lines_of_json(tmp_path: Path) -> None:
    """Garbage behind it spoils all of it: to say so is enough."""

    class Documents(Lines):
        def scan(self, source: Source, _cursor: str | None) -> Iterator[Emission]:
            for path in sorted(source.path.glob("*.json*")):
                try:
                    yield {"session": path.stem, **json.loads(path.read_bytes())}
                except ValueError:
                    yield from self.bad(path.name)

    for suffix, is_broken in ((".json", False), (".jsonl", True)):
        files = {f"{name}{suffix}": b'{"id":"1"}\n' for name in "ab"}
        rig = file_rig(Documents(), tmp_path / suffix, files)
        assert is_broken is (check_tolerant(rig) is not None)
