"""What the harness costs per scenario, besides building, parsing and encoding.

N scenarios share one tiny store of 20 rows; their adapter reads the rows; each golden
has 20 lines, 4 KB. From the instructions per scenario those of a bare loop are taken
that writes the same store, runs the same function, encodes the same lines, and removes
the store. The rest stands beside a parametrized ``open().read() ==`` test and beside
syrupy's single-file extension, on goldens of the same size.

The loop encodes with json, as a user would; how much of the difference is owed to the
harness's faster encoder shows beside a second loop that shares it. No budget is held
against that one.

The figure is the slope between two numbers of items, so start-up is not part of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import (
    PLUGIN,
    SYRUPY,
    Table,
    arguments,
    conclude,
    has_callgrind,
    instructions,
    per_item,
    pytest,
    run,
    scratch_folder,
    write,
)

READER = """\
import json

import apsw


def parse(path):
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for (body,) in connection.execute("SELECT body FROM event ORDER BY rowid"):
            yield json.loads(body)
    finally:
        connection.close()
"""
BARE = """\
import json
import os
import sys
from pathlib import Path

import apsw
from reader import parse

count = int(sys.argv[1])
builder = apsw.Connection(":memory:")
for _ in builder.execute(Path("fixture.sql").read_text()):
    pass
image = builder.serialize("main")
builder.close()
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
for number in range(count):
    path = f"store-{number}.db"
    with open(path, "wb") as file:
        file.write(image)
    lines = [encode(event).encode() + b"\\n" for event in parse(path)]
    os.unlink(path)
assert b"".join(lines) == Path("golden.jsonl").read_bytes() or count == 0
"""
#: The same loop with the harness's own encoder, which is faster than json's.
BARE_OWN = BARE.replace(
    'encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode',
    "from pytest_parsediff.core.canonical import Encoder, encode_lines",
).replace(
    '[encode(event).encode() + b"\\n" for event in parse(path)]',
    '[line + b"\\n" for line in encode_lines(parse(path), Encoder.SORTED)]',
)
PLAIN = """\
import pytest


@pytest.mark.parametrize("number", range(COUNT))
def test_golden(number):
    with open(f"goldens/{number}.jsonl") as file:
        assert file.read() == TEXT
"""
EMPTY = """\
import pytest


@pytest.mark.parametrize("number", range(COUNT))
def test_golden(number):
    pass
"""
SINGLE_FILE = """\
import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class Jsonl(SingleFileSnapshotExtension):
    file_extension = "jsonl"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(Jsonl)


@pytest.mark.parametrize("number", range(COUNT))
def test_golden(number, golden):
    assert TEXT == golden
"""


def lines() -> list[str]:
    """Return the 20 canonical lines of every golden, about 4 KB."""
    return [
        f'{{"id":"msg_{n:04}","kind":"message","seq":{n},"text":"{"lorem ipsum " * 12}"}}'
        for n in range(20)
    ]


def make_scenarios(folder: Path, count: int) -> None:
    """Write *count* scenarios with one store, and what the bare loop reads."""
    text = "".join(f"{line}\n" for line in lines())
    rows = ",\n".join(f"    ('{line}')" for line in lines())
    sql = (
        f"CREATE TABLE event (body TEXT NOT NULL);\nINSERT INTO event VALUES\n{rows};\n"
    )
    for number in range(count):
        write(folder / f"scenarios/s{number:05}/fixture.sql", sql)
        write(folder / f"scenarios/s{number:05}/expected.jsonl", text)
    write(folder / "fixture.sql", sql)
    write(folder / "golden.jsonl", text)
    write(folder / "reader.py", READER)
    write(folder / "bare.py", BARE)
    write(folder / "bare_own.py", BARE_OWN)
    write(folder / "pytest.ini", "[pytest]\nparsediff_adapter = reader:parse\n")


def make_tests(body: str, folder: Path, count: int) -> None:
    """Write a test module with *count* items and their goldens."""
    text = "".join(f"{line}\n" for line in lines())
    module = f"COUNT = {count}\nTEXT = {text!r}\n{body}"
    write(folder / "test_it.py", module)
    write(folder / "pytest.ini", "[pytest]\n")
    if "goldens/" in body:
        for number in range(count):
            write(folder / f"goldens/{number}.jsonl", text)
    if "Jsonl" in body:
        for number in range(count):
            name = f"test_golden[{number}].jsonl"
            write(folder / "__snapshots__/test_it" / name, text)


def counted(
    make: Callable[[Path, int], None], argv: Callable[[int], list[str]]
) -> Callable[[int], int]:
    """Return a function from a number of items to instructions."""

    def count(items: int) -> int:
        with scratch_folder() as folder:
            make(folder, items)
            run(argv(items), folder)  # byte code is cached from now on
            return instructions(argv(items), folder)

    return count


def of_tests(body: str, sizes: tuple[int, int], *plugins: str) -> float:
    """Return the instructions per item of a test module."""
    make = partial(make_tests, body)
    return per_item(counted(make, lambda _count: pytest(*plugins)), *sizes)


def of_scenarios(argv: Callable[[int], list[str]], sizes: tuple[int, int]) -> float:
    """Return the instructions per scenario of a command."""
    return per_item(counted(make_scenarios, argv), *sizes)


def loop_command(script: str, count: int) -> list[str]:
    """Return the command that runs a loop *count* times."""
    return [sys.executable, script, str(count)]


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__)
    if not has_callgrind():
        print("valgrind is not installed: nothing to count with")
        return 0
    sizes = (50, 150) if options.quick else (200, 1000)
    loaded = (*SYRUPY, *PLUGIN)
    whole = of_scenarios(lambda _count: pytest(*loaded, "--parsediff"), sizes)
    bare, bare_own = (
        of_scenarios(partial(loop_command, script), sizes)
        for script in ("bare.py", "bare_own.py")
    )
    alone = whole - bare
    empty = of_tests(EMPTY, sizes)
    plain = of_tests(PLAIN, sizes)
    same_plugins = of_tests(PLAIN, sizes, *loaded)
    single = of_tests(SINGLE_FILE, sizes, *SYRUPY)

    table = Table(("per item", "thousand instructions", "harness against it"))
    against_plain = table.hold("harness against a plain test", alone / plain, 1.15)
    against_syrupy = table.hold("harness against syrupy", alone / single, 0.4)
    for name, figure, cell in (
        ("scenario, whole", whole, ""),
        ("bare loop: write the store, read it, encode", bare, ""),
        ("harness alone: the difference", alone, ""),
        ("bare loop with the harness's encoder", bare_own, ""),
        (
            "the difference to that loop",
            whole - bare_own,
            f"{(whole - bare_own) / plain:.2f} x plain, {(whole - bare_own) / single:.2f} x syrupy",
        ),
        ("empty parametrized test", empty, f"{alone / empty:.2f} x"),
        ("`open().read() ==`", plain, against_plain),
        ("the same, our plugins loaded", same_plugins, f"{alone / same_plugins:.2f} x"),
        ("syrupy single file", single, against_syrupy),
    ):
        table.add(name, f"{figure / 1000:.0f}", cell)
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())
