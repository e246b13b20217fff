"""A project of a user's with live sources: real ones, or verdicts made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

# kept in sys.modules, where inner runs in this process find what a conftest patched
import pytest_parsediff.live_record
import pytest_parsediff.live_session  # noqa: F401
from pytest_parsediff.diff.verdict import FieldDiff, Verdict, VerdictClass

ARCHIVE = "--parsediff-archive=a.db"
SOURCE = "--parsediff-source=lines=store"
COMPARE = (ARCHIVE, SOURCE)
RECORD = ("--parsediff-record=a.db", SOURCE)

ADAPTER = """\
import json
from pathlib import Path

import pytest


def lines(path):
    shout = Path(__file__).with_name("shout").exists()
    for line in Path(path).read_text().split("\\n")[:-1]:
        event = json.loads(line)
        if shout and "title" in event:
            event["title"] = event["title"].upper()
        yield event


@pytest.hookimpl(optionalhook=True)
def pytest_parsediff_adapters(config):
    return {"lines": lines}
"""
TOML = """\
[adapters.lines]
files = "*.jsonl"
session = "sid"
key = ["id"]
"""

FAKE = """\
import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

# kept in sys.modules, where inner runs in this process find what a conftest patched
import pytest_parsediff.live_record
import pytest_parsediff.live_session  # noqa: F401

from pytest_parsediff import live_engine
from pytest_parsediff.diff.verdict import Verdict

REAL = live_engine.take_inventory, live_engine.open_engine
HERE = Path(__file__).parent


class Engine:
    def __init__(self, *_):
        found = msgspec.json.decode((HERE / "verdicts.json").read_bytes())
        self.verdicts = [msgspec.convert(one, Verdict) for one in found["items"]]
        self.swept = [msgspec.convert(one, Verdict) for one in found["swept"]]

    def entries(self):
        for one in self.verdicts:
            yield SimpleNamespace(adapter=one.adapter, session=one.session)

    def judge(self, adapter, session):
        if session == "interrupt":
            raise KeyboardInterrupt
        return next(one for one in self.verdicts if one.session == session)

    def sweep(self):
        return self.swept

    def knows(self, session):
        return any(one.session == session for one in self.verdicts)

    def close(self):
        pass


def pytest_configure(config):
    live_engine.take_inventory = lambda *_: None
    live_engine.open_engine = Engine


def pytest_unconfigure(config):
    live_engine.take_inventory, live_engine.open_engine = REAL
"""


def verdict(cls: str, session: str | None = None, **more: Any) -> Verdict:
    """Return a verdict on a session that is called like its class."""
    kind = VerdictClass(cls)
    return Verdict(adapter="lines", session=session or cls, cls=kind, **more)


def diff(field: str, stored: str = "1", parsed: str = "2", **more: Any) -> FieldDiff:
    """Return a difference."""
    return FieldDiff(field=field, stored=stored, parsed=parsed, **more)


class FakeRun:
    """A project whose sessions have the verdicts that a test made up.

    Attributes:
        pytester: pytest's own.
    """

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        (pytester.path / "pytest.ini").write_text("[pytest]\n")

    def of(self, *items: Verdict, swept: tuple[Verdict, ...] = ()) -> FakeRun:
        """Take *items* as the verdicts of the sessions of the run."""
        document = {"items": items, "swept": swept}
        content = msgspec.json.encode(document)
        (self.pytester.path / "verdicts.json").write_bytes(content)
        self.pytester.makeconftest(FAKE)
        return self

    def conftest(self, text: str) -> None:
        """Add *text* to the conftest."""
        path = self.pytester.path / "conftest.py"
        path.write_text(f"{path.read_text()}\n{text}")

    def run(self, *flags: str, new_process: bool = False) -> pytest.RunResult:
        """Run pytest with both sides named."""
        if new_process:
            return self.pytester.runpytest_subprocess(*COMPARE, *flags)
        return self.pytester.runpytest(*COMPARE, *flags)


class LiveProject:
    """A project with files of JSON lines, each with the session that it names.

    Attributes:
        pytester: pytest's own.
        store: The folder with the files.
    """

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.store = pytester.mkdir("store")
        pytester.makeconftest(ADAPTER)
        (pytester.path / "pytest.ini").write_text("[pytest]\n")
        (pytester.path / "parsediff.toml").write_text(TOML)

    def write(self, session: str, *titles: str, file: str | None = None) -> Path:
        """Write the file of one session anew, a record per title."""
        path = self.store / f"{file or session}.jsonl"
        events = [
            {"sid": session, "id": number, "title": title}
            for number, title in enumerate(titles)
        ]
        path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
        return path

    def mutate(self, *, on: bool = True) -> None:
        """Let the parser write all titles in capitals, or stop that."""
        path = self.pytester.path / "shout"
        path.touch() if on else path.unlink()

    def record(self, *flags: str) -> pytest.RunResult:
        """Record all sources."""
        return self.pytester.runpytest(*RECORD, *flags)

    def compare(self, *flags: str, new_process: bool = False) -> pytest.RunResult:
        """Compare all sources."""
        if new_process:
            return self.pytester.runpytest_subprocess(*COMPARE, *flags)
        return self.pytester.runpytest(*COMPARE, *flags)
