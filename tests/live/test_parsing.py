"""What becomes of the events of one source, and at what price."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import Unavailable
from pytest_parsediff.core.event import Checkpoint, Notice
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.live.inventory import prepare
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.results import (
    Emitted,
    Parse,
    read_notices,
    read_records,
    read_sessions,
)
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import Stage


def settings(tmp: Path, parse: Any, **keys: Any) -> LiveSettings:
    """Return settings for one source that *parse* makes events of."""
    (tmp / "source").touch()
    return LiveSettings(
        sources=(f"toy={tmp}/source",),
        configured={"toy": (AdapterConfig(**keys), tmp)},
        registered={"toy": parse},
        folder=tmp,
    )


class Parsed:
    """One source after its parse."""

    def __init__(self, tmp: Path, items: list[Any], **keys: Any) -> None:
        self.config = AdapterConfig(**keys)
        given = settings(tmp, lambda _path: iter(items), **keys)
        self.run, _ = prepare(given, tmp / "run.db")
        self.parse = ensure_parsed(self.run, 1)

    def session(self, name: str) -> Emitted:
        """Return one session."""
        return next(
            one
            for one in read_sessions(self.run.rundb, self.parse)
            if one.session.session == name
        )

    def lines(self, name: str) -> list[str]:
        """Return the lines of one session."""
        number = self.session(name).no
        return [one.line.decode() for one in read_records(self.run.rundb, number)]


EVENTS = [
    {"sid": "a", "n": 2, "kind": "x"},
    {"sid": "b", "n": 9, "kind": "x"},
    {"sid": "a", "n": 1, "kind": "drop"},
    {"sid": "a", "n": 1, "kind": "x"},
]


def test_sessions_that_take_turns_are_told_apart(tmp_path: Path) -> None:
    """Each has its records in its own order, numbered from 0, with keys."""
    parsed = Parsed(tmp_path, EVENTS, session="sid", key=["n"], keep=["n"])
    assert ['{"n":2}', '{"n":1}', '{"n":1}'] == parsed.lines("a")
    number = parsed.session("a").no
    records = list(read_records(parsed.run.rundb, number))
    assert [0, 1, 2] == [one.ordinal for one in records]
    assert ['{"0":2}', '{"0":1}', '{"0":1}'] == [one.key for one in records]
    assert 1 == parsed.session("b").session.record_count


@pytest.mark.parametrize("keys", [{}, {"ordered": False}, {"sort": ["n"]}])
@pytest.mark.parametrize("dropped", [{}, {"kind": ["drop"]}])
@pytest.mark.parametrize("count", [1, 300])
def test_records_and_fingerprints_are_those_of_the_whole(
    tmp_path: Path, keys: Any, dropped: Any, count: int
) -> None:
    """However batches are cut: as if all events had gone through the rules at once."""
    events = [{**event, "at": n} for n in range(count) for event in EVENTS]
    table = {"session": "sid", **keys, **({"drop_events": dropped} if dropped else {})}
    parsed = Parsed(tmp_path, events, **table)
    rules = compile_rules(parsed.config)
    expected = rules.apply([one for one in events if one["sid"] == "a"], {})
    fingerprint = compile_comparison(parsed.config, rules).new_fingerprint()
    for line in expected:
        fingerprint.add(line)
    session = parsed.session("a").session
    assert (fingerprint.hexdigest(), len(expected)) == (
        session.fingerprint,
        session.record_count,
    )
    got = parsed.lines("a")
    texts = [line.decode() for line in expected]
    if rules.ordered:
        assert texts == got
    else:
        assert sorted(texts) == sorted(got)


def test_aggregates_are_summed(tmp_path: Path) -> None:
    """Over the canonical events of each session."""
    from pytest_parsediff.core.config import CompareConfig

    compare = CompareConfig(aggregates={"total": "n", "none": "x"})
    parsed = Parsed(tmp_path, EVENTS, session="sid", compare=compare)
    assert {"total": 4, "none": None} == parsed.session("a").session.aggregates


def test_paths_are_replaced(tmp_path: Path) -> None:
    """A source may lie elsewhere tomorrow."""
    events = [{"at": f"{tmp_path}/source:3"}, {"at": f"{tmp_path}/x"}]
    expected = ['{"at":"<ROOT>:3"}', '{"at":"<STORE_DIR>/x"}']
    assert expected == Parsed(tmp_path, events).lines("source")


def test_an_adapter_is_at_home_in_a_throwaway_folder(tmp_path: Path) -> None:
    """It reads the source that it is given, and not what else lies at home."""
    homes = []

    def parse(_path: Path) -> Iterator[dict[str, int]]:
        homes.append(Path.home())
        yield {"n": 1}

    before = Path.home()
    run, _ = prepare(settings(tmp_path, parse), tmp_path / "run.db")
    ensure_parsed(run, 1)
    assert before == Path.home() != homes[0]
    assert homes[0].is_relative_to(tmp_path)


def test_an_empty_source_is_an_empty_session(tmp_path: Path) -> None:
    """Where each source is one session, it is there without any event."""
    assert 0 == Parsed(tmp_path, []).session("source").session.record_count


def test_checkpoint_and_notices_are_kept(tmp_path: Path) -> None:
    """The last cursor, and all notices in order."""
    notices = [Notice("b", "2", "w"), Notice("a", "1")]
    items = [notices[0], Checkpoint("c1"), {"n": 1}, notices[1], Checkpoint("c2")]
    parsed = Parsed(tmp_path, items)
    assert "c2" == parsed.parse.result.cursor
    assert notices == read_notices(parsed.run.rundb, parsed.parse.no)


def test_a_failed_parse_shows_no_session(tmp_path: Path) -> None:
    """Nobody can tell which of them are complete."""
    parsed = Parsed(tmp_path, [{"n": n} for n in range(2000)] + [3])
    assert "PD405" == parsed.parse.result.error_code
    assert "int 3" in parsed.parse.result.error
    assert [] == list(read_sessions(parsed.run.rundb, parsed.parse))
    assert [(0,)] == parsed.run.rundb.fetch("SELECT count(*) FROM record")


def test_a_rule_that_does_not_fit_is_an_error_of_the_source(tmp_path: Path) -> None:
    """The others go on."""
    parsed = Parsed(tmp_path, [{"n": "text"}], derive={"m": "n"})
    assert "PD414" == parsed.parse.result.error_code


def test_a_retry_replaces_what_was_there(tmp_path: Path) -> None:
    """The last attempt is the one that is read; asking for the first changes nothing."""
    count = iter((2, 1))
    given = settings(tmp_path, lambda _path: iter([{"n": 1}] * next(count)))
    run, _ = prepare(given, tmp_path / "run.db")
    with closing(run.rundb):

        def counts(parse: Parse) -> tuple[int, list[int]]:
            sessions = read_sessions(run.rundb, parse)
            return parse.attempt, [one.session.record_count for one in sessions]

        assert (0, [2]) == counts(ensure_parsed(run, 1))
        assert (0, [2]) == counts(ensure_parsed(run, 1))
        assert (1, [1]) == counts(ensure_parsed(run, 1, 1))
        assert (1, [1]) == counts(ensure_parsed(run, 1))
        assert [(1,)] == run.rundb.fetch("SELECT count(*) FROM record")


def test_stages_come_in_order(tmp_path: Path) -> None:
    """One per event, and the adapter is not read ahead."""
    told: list[Stage] = []
    asked: list[int] = []

    def parse(_path: Path) -> Iterator[dict[str, int]]:
        for number in range(3):
            asked.append(len(told))
            yield {"n": number}

    run, _ = prepare(settings(tmp_path, parse), tmp_path / "run.db", told.append)
    ensure_parsed(run, 1)
    names = [one.name.value for one in told]
    assert ["observed", *["emitted"] * 3, "parsed", "observed_after"] == names
    assert [1, 2, 3] == asked
    assert [0, 1, 2, 3, 0, 0] == [one.count for one in told]


def test_a_machine_that_cannot_run_the_adapter(tmp_path: Path) -> None:
    """It is a reason to skip, and the claim is taken back."""

    def parse(path: Path) -> Iterator[dict[str, int]]:
        if path.exists():
            raise Unavailable("no such program")
        yield {}

    run, _ = prepare(settings(tmp_path, parse), tmp_path / "run.db")
    with pytest.raises(Unavailable, match="no such program"):
        ensure_parsed(run, 1)
    assert [] == run.rundb.fetch("SELECT * FROM parse")


def test_no_folder_of_a_scan_is_left(tmp_path: Path) -> None:
    """Neither after a parse nor after one that failed."""
    Parsed(tmp_path, [{"n": 1}, 3])
    assert {"source", "run.db", "run.db-wal", "run.db-shm"} >= {
        path.name for path in tmp_path.iterdir()
    }


_PEAK = """\
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_parsing import prepare, settings, ensure_parsed
count, tmp = int(sys.argv[2]), Path(sys.argv[3])
def parse(_path):
    for number in range(count):
        yield {"sid": f"s{number % 7}", "n": number, "text": "hello world " * 20}
run, _ = prepare(settings(tmp, parse, session="sid", key=["n"]), tmp / "run.db")
parse = ensure_parsed(run, 1)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([parse.result.event_count, peak]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="KiB are Linux's unit")
def test_memory_does_not_grow_with_records(tmp_path: Path) -> None:
    """Ten times the records take less than 4 MiB more; held, they would take 30."""
    peaks = []
    for count in (5_000, 50_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        arguments = [str(Path(__file__).parent), str(count), str(folder)]
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, *arguments],
            stdout=subprocess.PIPE,
            check=True,
        )
        events, peak = json.loads(done.stdout)
        assert count == events
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 4 * 1024


def test_a_run_of_its_own_in_each_process(tmp_path: Path) -> None:
    """Adapters are resolved once, and limits of the run win over the table's."""
    given = settings(tmp_path, lambda _path: iter(()), timeout_s=7)
    run, _ = prepare(given, tmp_path / "run.db")
    adapter = run.adapter("toy")
    assert adapter is run.adapter("toy")
    assert 7 == run.limits(adapter).timeout_s
    from dataclasses import replace

    again = LiveRun(run.rundb, replace(given, timeout_s=3))
    assert 3 == again.limits(adapter).timeout_s
