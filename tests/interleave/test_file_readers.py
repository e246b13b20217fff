"""Readers of files: every call is a gap, and writers come between any two."""

from __future__ import annotations

import io
import json
import mmap
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import BadFileStepError
from pytest_parsediff.core.event import Checkpoint, Context, Emission, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.clock import EPOCH_MS, HarnessClock
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.plan import Gap, Placed, Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.filesteps import FileStep, parse_file_steps
from pytest_parsediff.laws.explore import Explored, Explorer
from pytest_parsediff.laws.law import Law
from pytest_parsediff.laws.snapshot import check_snapshot

WRITER = '''\
[[step]]
append_part = "a.jsonl"
text = """{"id": "m2", "data": "größer"}
"""
cuts = [5, 26]

[[step]]
append = "a.jsonl"
text = """{"id": "m3", "data": "x"}
"""
'''
LINES = b'{"id": "m0", "data": "a"}\n{"id": "m1", "data": "b"}\n'


class Tail:
    """Reads whole lines from its offset on and keeps a part for the next poll."""

    name = "tail"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield an event per line; the cursor is the offset behind the last one."""
        offset = int(cursor or 0)
        with open(source.path, "rb") as file:
            file.seek(offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            yield json.loads(line)
        yield Checkpoint(str(offset + len(whole)))


class SkipsAPart(Tail):
    """Throws a partial line away, and its offset goes past it."""

    name = "skips-a-part"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield an event per line that can be decoded."""
        offset = int(cursor or 0)
        with open(source.path, "rb") as file:
            file.seek(offset)
            data = file.read()
        for line in data.split(b"\n"):
            try:
                yield json.loads(line)
            except ValueError:
                continue
        yield Checkpoint(str(offset + len(data)))


class StaleSize(Tail):
    """Believes the size from before the read."""

    name = "stale-size"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Emission]:
        """Yield every line there is, and put the cursor where the file ended before."""
        size = os.stat(source.path).st_size
        with open(source.path, "rb") as file:
            file.seek(int(cursor or 0))
            data = file.read()
        for line in data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]:
            yield json.loads(line)
        yield Checkpoint(str(max(size, int(cursor or 0) + len(data))))


class KeepsItOpen(Tail):
    """Reads the file it has open to its end, and then turns to what is there."""

    name = "keeps-it-open"

    def open(self, source: Source, _context: Context, /) -> KeepsItOpen:
        """Return a reader with the file open."""
        reader = KeepsItOpen()
        reader.source = source
        reader.file = open(source.path, "rb")  # noqa: SIM115
        return reader

    source: Source
    file: io.BufferedIOBase

    def scan(self, *_cursor: object) -> Iterator[Emission]:
        """Yield new lines of the file that is open, or of one that took its place."""
        data = self.file.read()
        if not data:
            self.file.close()
            self.file = open(self.source.path, "rb")  # noqa: SIM115
            data = self.file.read()
        yield from map(json.loads, data.split(b"\n")[:-1])

    def close(self) -> None:
        """Close it."""
        self.file.close()


APPENDS_AND_REPLACES = r"""
[[step]]
append = "a.jsonl"
text = "{\"id\": \"m2\", \"data\": \"c\"}\n"
[[step]]
replace = "a.jsonl"
text = "{\"id\": \"m3\", \"data\": \"d\"}\n"
"""


@pytest.mark.parametrize("gap", [Gap(0, 2), Gap(1, 0), Gap(1, 1)])
def test_what_was_written_before_a_replacement_can_still_be_seen(
    tmp_path: Path, gap: Gap
) -> None:
    """Whoever has the old file open reads the line that was added to it."""
    rig = make_rig(KeepsItOpen(), tmp_path, APPENDS_AND_REPLACES)
    steps = (Placed(0, 0, 0, gap), Placed(0, 1, 0, gap))

    run = rig.run(Plan(steps, None, 2))

    seen = [json.loads(line.text)["id"] for poll in run.polls for line in poll.lines]
    assert "m2" in seen
    assert "m3" in seen
    assert check_snapshot(run, rig.states, rig.subject) is None


def make_rig(adapter: Tail, folder: Path, writer: str = WRITER) -> Rig:
    """Return a rig on one file with two lines."""
    config = AdapterConfig(key=["/id"])
    rules = compile_rules(config)
    comparison = compile_comparison(config, rules)
    subject = Subject(adapter=adapter, rules=rules, comparison=comparison)
    bench = FileBench(
        files={"a.jsonl": LINES},
        root=folder / "store",
        spare=folder / "spare",
        name="a.jsonl",
        scripts=(tuple(parse_file_steps(writer, Path("append.toml"))),),
        names=("agent",),
    )
    context = Context(time.monotonic, folder, folder)
    states = States(subject, bench.place, context)
    return Rig(
        subject=subject,
        bench=bench,
        driver=FileDriver(),
        context=context,
        states=states,
    )


def explore(rig: Rig, total: int) -> tuple[Shape, Explored]:
    """Run a sweep and random plans under the laws of content."""
    laws = (Law.SNAPSHOT, Law.CONVERGES, Law.CRASH_SAFE)
    explorer = Explorer(rig=rig, laws=laws)
    quiet = explorer.quiet()
    assert "" == quiet.difference
    plans = Plans(shape=quiet.shape, scenario="files", total=total)
    return quiet.shape, explorer.explore(plans.between(0, total), quiet.shape)


def test_a_tail_that_keeps_partial_lines_passes(tmp_path: Path) -> None:
    """Every plan, with lines cut inside a character, is read right."""
    _, explored = explore(make_rig(Tail(), tmp_path), 300)

    assert explored.finding is None
    assert 300 == explored.plans


@pytest.mark.parametrize("reader", [SkipsAPart, StaleSize])
def test_a_tail_that_loses_what_follows_is_caught(
    tmp_path: Path, reader: type[Tail]
) -> None:
    """The line that was half there is never emitted, and at most three steps show it."""
    _, explored = explore(make_rig(reader(), tmp_path), 300)

    assert explored.finding is not None
    assert explored.finding.violation.law in (Law.CONVERGES, Law.SNAPSHOT)
    assert len(explored.finding.plan.steps) <= 3


def read_all(path: Path) -> str:
    """Read by ``read_text``."""
    return path.read_text()


def read_lines(path: Path) -> str:
    """Read line by line."""
    with open(path) as file:
        return "".join(file)


def read_descriptor(path: Path) -> str:
    """Read by descriptor."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 100).decode()
    finally:
        os.close(descriptor)


def read_unbuffered(path: Path) -> str:
    """Read without a buffer."""
    with open(path, "rb", buffering=0) as file:
        return file.read().decode()


def read_io(path: Path) -> str:
    """Read by ``io.open``."""
    with io.open(path, encoding="utf-8") as file:  # noqa: UP020 - it is what is tested
        return file.read()


@pytest.mark.parametrize(
    "read", [read_all, read_lines, read_descriptor, read_unbuffered, read_io]
)
def test_every_way_to_read_has_a_gap_before_open_and_before_read(
    tmp_path: Path, read: Callable[[Path], str]
) -> None:
    """What is written at either gap is what is read."""
    path = tmp_path / "file"
    gaps: list[str] = []

    def reach(_kind: object, label: str) -> None:
        gaps.append(label)
        path.write_text(f"after {label}")

    with FileDriver().following(tmp_path, reach) as witness:
        path.touch()
        gaps.clear()
        text = read(path)

    assert ["open file", "read file"] == gaps[:2]
    assert text.startswith(("after open file", "after read file"))
    assert [] == witness.unseen


@pytest.mark.parametrize(
    ("look", "label"),
    [
        (lambda path: os.stat(path), "stat file"),  # noqa: PLW0108 - not the original
        (os.path.getsize, "stat file"),
        (os.path.exists, "stat file"),
        (Path.stat, "stat file"),
        (lambda path: list(path.parent.iterdir()), "listdir ."),
        (lambda path: list(os.scandir(path.parent)), "scandir ."),
    ],
)
def test_looking_without_opening_is_a_gap_too(
    tmp_path: Path, look: Callable[[Path], object], label: str
) -> None:
    """Sizes, times and listings can be stale as well."""
    path = tmp_path / "file"
    path.write_text("x")
    gaps: list[str] = []

    with FileDriver().following(tmp_path, lambda _, what: gaps.append(what)):
        look(path)

    allowed = {label, "scandir ."} if label == "listdir ." else {label}
    assert set(gaps) <= allowed
    assert gaps


def map_file(path: Path) -> None:
    """Map a file and let go of it."""
    with path.open("rb") as file:
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ).close()


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda path: io.FileIO(path).close(), "opened by other means"),
        (map_file, "mapped"),
        (
            lambda path: subprocess.run(
                ["cat", path], stdout=subprocess.DEVNULL, check=True
            ),
            "process",
        ),
    ],
)
def test_what_is_not_followed_is_said(
    tmp_path: Path, read: Callable[[Path], object], said: str
) -> None:
    """A pass with unseen reads is not taken for coverage."""
    path = tmp_path / "file"
    path.write_text("x")

    with FileDriver().following(tmp_path, lambda *_: None) as witness:
        read(path)

    assert any(said in line for line in witness.unseen)


def test_files_elsewhere_and_files_being_written_are_left_alone(tmp_path: Path) -> None:
    """The adapter's own state is none of the store."""
    root, other = tmp_path / "store", tmp_path / "other"
    root.mkdir()
    gaps: list[str] = []

    with FileDriver().following(root, lambda _, what: gaps.append(what)) as witness:
        other.write_text("x")
        other.read_text()
        (root / "new").write_text("x")

    assert [] == gaps
    assert [] == witness.unseen


def test_the_wrappers_are_gone_afterwards(tmp_path: Path) -> None:
    """Whatever happens in between, the process has its own functions back."""
    before = (open, io.open, os.open, os.stat, os.read, os.close)

    with pytest.raises(ZeroDivisionError), FileDriver().following(tmp_path, print):
        raise ZeroDivisionError

    assert before == (open, io.open, os.open, os.stat, os.read, os.close)


# --- steps --------------------------------------------------------------------------------


def run_steps(root: Path, toml: str) -> list[FileStep]:
    """Parse and run every step, a millisecond apart."""
    clock = HarnessClock()
    steps = parse_file_steps(toml, Path("w.toml"))
    for step in steps:
        clock.advance(1)
        step.run(root, clock)
    return steps


@given(st.text(min_size=2, max_size=40), st.data())
def test_parts_of_an_append_make_the_whole(text: str, data: st.DataObject) -> None:
    """However a line is cut, inside characters too, its bytes come in order."""
    raw = text.encode("utf-8", "surrogatepass")
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(raw) - 1, 1)), max_size=3)))
    import base64

    encoded = base64.b64encode(raw).decode()
    toml = f'[[step]]\nappend_part = "f"\nbase64 = "{encoded}"\ncuts = {cuts}\n'

    steps = parse_file_steps(toml, Path("w.toml"))

    assert raw == b"".join(step.data for step in steps)
    assert len(cuts) + 1 == len(steps)


def test_each_operation_does_what_it_says(tmp_path: Path) -> None:
    """Contents, inodes and times are as an agent would leave them."""
    file = tmp_path / "f"
    file.write_bytes(b"old")
    inode = file.stat().st_ino

    run_steps(tmp_path, '[[step]]\nrewrite = "f"\ntext = "new"\nkeep_mtime = true')
    assert (b"new", inode) == (file.read_bytes(), file.stat().st_ino)
    run_steps(tmp_path, '[[step]]\nreplace = "f"\ntext = "newer"')
    assert b"newer" == file.read_bytes()
    assert inode != file.stat().st_ino
    assert (EPOCH_MS + 1) * 10**6 == file.stat().st_mtime_ns
    run_steps(tmp_path, '[[step]]\ntruncate = "f"\nsize = 3')
    assert b"new" == file.read_bytes()
    run_steps(tmp_path, '[[step]]\ntouch = "f"\n[[step]]\ntouch = "f"')
    assert (EPOCH_MS + 2) * 10**6 == file.stat().st_mtime_ns
    run_steps(
        tmp_path,
        '[[step]]\nrename = "f"\nto = "x/g"\n[[step]]\ncreate = "f"\ntext = ""',
    )
    assert b"new" == (tmp_path / "x/g").read_bytes()
    assert b"" == file.read_bytes()
    run_steps(tmp_path, '[[step]]\ndelete = "f"')
    assert not file.exists()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "no step"),
        ("[[step]]\nlabel = 'x'", "got none"),
        ("[[step]]\nappend = 'f'\ndelete = 'f'\ntext = ''", "got append, delete"),
        ("[[step]]\nappend = 'f'", "one of text and base64"),
        ("[[step]]\ndelete = 'f'\ntext = 'x'", "no content"),
        ("[[step]]\nrename = 'f'", "needs `to`"),
        ("[[step]]\nappend = '../f'\ntext = 'x'", "leaves the store"),
        ("[[step]]\nrename = 'f'\nto = '/etc/f'", "leaves the store"),
        ("[[step]]\nappend_part = 'f'\ntext = 'abc'\ncuts = [2, 1]", "cuts must rise"),
        ("[[step]]\nappend_part = 'f'\ntext = 'abc'\ncuts = [3]", "cuts must rise"),
        ("[[step]]\nappend = 'f'\nbase64 = '!'", "base64"),
    ],
)
def test_a_step_that_says_too_little_or_too_much_is_refused(
    toml: str, said: str
) -> None:
    """Each mistake is named, with the number of the step."""
    with pytest.raises(BadFileStepError, match="PD619") as caught:
        parse_file_steps(toml, Path("w.toml"))

    assert said in caught.value.message


@pytest.mark.parametrize(
    "toml",
    [
        '[[step]]\ndelete = "gone"',
        '[[step]]\nrewrite = "gone"\ntext = ""',
        '[[step]]\ncreate = "here"\ntext = ""',
    ],
)
def test_a_step_that_cannot_be_done_is_an_error(tmp_path: Path, toml: str) -> None:
    """A script that does not fit its store is never half run in silence."""
    (tmp_path / "here").touch()

    with pytest.raises(BadFileStepError, match="PD619"):
        run_steps(tmp_path, toml)


def test_a_captured_tree_is_placed_as_it_was(tmp_path: Path) -> None:
    """Content, folders and times of a state are what a parse of it sees."""
    rig = make_rig(Tail(), tmp_path)
    written = rig.bench.make(HarnessClock())
    run_steps(written.source.root, '[[step]]\ncreate = "sub/b"\ntext = "x"')

    source = rig.bench.place(written.capture())

    copy = tmp_path / "spare/sub/b"
    assert "x" == copy.read_text()
    assert (EPOCH_MS + 1) * 10**6 == copy.stat().st_mtime_ns
    assert tmp_path / "spare/a.jsonl" == source.path
    assert rig.run(Plan((), None, 1)).polls[0].lines
