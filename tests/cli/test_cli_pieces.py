"""What scan and tail are made of, each piece by itself."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from cli_project import WAIT_S, wait_for

from pytest_parsediff.cli.cadence import AWAKE_FOR_S, AWAKE_S, PRODUCTIVE_S, Cadence
from pytest_parsediff.cli.console import Console
from pytest_parsediff.cli.cursors import read_cursor, write_cursor
from pytest_parsediff.cli.novelty import Novelty
from pytest_parsediff.cli.sight import look
from pytest_parsediff.cli.stopping import Stopper
from pytest_parsediff.cli.watching import Watcher
from pytest_parsediff.core.errors import CursorFileError
from pytest_parsediff.core.event import Notice

# --- cadence --------------------------------------------------------------------------


def test_cadence() -> None:
    """Quiet stores are polled by the interval, busy ones sooner, for a while."""
    now = 100.0
    cadence = Cadence(lambda: now, 2.0)

    assert 2.0 == cadence.wait_s
    cadence.polled(productive=True)
    assert PRODUCTIVE_S == cadence.wait_s
    cadence.woken()
    assert AWAKE_S == cadence.wait_s
    cadence.polled(productive=False)
    assert AWAKE_S == cadence.wait_s
    now += AWAKE_FOR_S
    assert 2.0 == cadence.wait_s


def test_no_wait_is_longer_than_the_interval() -> None:
    """Whoever asks for more gets it always."""
    cadence = Cadence(lambda: 0.0, 0.1)
    cadence.polled(productive=True)

    assert 0.1 == cadence.wait_s


# --- novelty --------------------------------------------------------------------------


def test_only_news_pass() -> None:
    """Lines of the read before do not, others do, as often as they come more."""
    novelty = Novelty()

    assert [b"a", b"a", b"b"] == novelty.news_in([b"a", b"a", b"b"])
    novelty.turn(was_whole=True)
    assert [b"a", b"c"] == novelty.news_in([b"a", b"a", b"a", b"c"])
    novelty.turn(was_whole=True)
    assert [b"b"] == novelty.news_in([b"b"])


def test_what_comes_back_is_news() -> None:
    """A value that was another one for a while is told again."""
    novelty = Novelty()
    told = []
    for line in (b"1", b"2", b"1"):
        told += novelty.news_in([line])
        novelty.turn(was_whole=True)

    assert [b"1", b"2", b"1"] == told


def test_a_failed_read_forgets_nothing() -> None:
    """What it did not reach is no news afterwards, and what it told is none either."""
    novelty = Novelty()
    novelty.news_in([b"a", b"b"])
    novelty.turn(was_whole=True)
    assert [b"c"] == novelty.news_in([b"c"])
    novelty.turn(was_whole=False)

    assert [b"d"] == novelty.news_in([b"a", b"b", b"c", b"d"])


# --- sight ----------------------------------------------------------------------------


def age(path: Path, seconds: float) -> None:
    """Date a file back."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_was_left_alone_is_the_same(tmp_path: Path) -> None:
    """Also if an empty sidecar, which a reader leaves, comes or goes."""
    path = tmp_path / "a.db"
    path.write_bytes(b"1")
    wait_for(lambda: look(path).is_settled)
    seen = look(path)
    Path(f"{path}-wal").touch()
    Path(f"{path}-shm").write_bytes(b"index")

    assert seen.proves_same(look(path))
    Path(f"{path}-wal").write_bytes(b"frames")
    assert not seen.proves_same(look(path))


def test_what_was_written_just_now_proves_nothing(tmp_path: Path) -> None:
    """Another write within a tick of the clock would not show."""
    path = tmp_path / "a.db"
    path.write_bytes(b"1")
    future = time.time() + 60
    os.utime(path, (future, future))
    seen = look(path)

    assert seen.files == look(path).files
    assert not seen.proves_same(look(path))


def test_a_replaced_file_is_another_one(tmp_path: Path) -> None:
    """Whatever its size and time are."""
    path, other = tmp_path / "a", tmp_path / "b"
    for one in (path, other):
        one.write_bytes(b"1")
        os.utime(one, (10, 10))
    seen = look(path)
    other.replace(path)

    assert not seen.proves_same(look(path))


def test_a_folder_is_all_that_is_below(tmp_path: Path) -> None:
    """A new file deep inside shows; a source that is not there is not."""
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    before = look(tmp_path)
    (inner / "c").write_text("1")

    assert before.files != look(tmp_path).files
    assert not look(tmp_path / "gone").is_there


# --- watching -------------------------------------------------------------------------


@pytest.fixture
def woken() -> threading.Event:
    """What a watcher sets."""
    return threading.Event()


def fail(reason: str) -> None:
    """Not expected."""
    pytest.fail(reason)


def wait_until_woken(woken: threading.Event, write: object) -> None:
    """Write again and again until the watcher, which starts in its time, tells."""
    assert callable(write)
    end = time.monotonic() + WAIT_S
    while not woken.wait(0.05):
        assert time.monotonic() < end
        write()


def test_a_watcher_tells_of_the_log_beside_a_database(
    tmp_path: Path, woken: threading.Event
) -> None:
    """And of nothing else in the folder; its thread has ended when it is left."""
    path = tmp_path / "a.db"
    path.touch()
    with Watcher(path, woken.set, fail):
        wait_until_woken(woken, lambda: Path(f"{path}-wal").write_bytes(b"x"))
        time.sleep(0.3)  # what was written last may still be told
        woken.clear()
        Path(f"{path}-shm").write_bytes(b"x")
        (tmp_path / "other").write_bytes(b"x")
        assert not woken.wait(0.5)

    assert not _threads()


def test_a_watcher_is_renewed_for_another_folder(
    tmp_path: Path, woken: threading.Event
) -> None:
    """One of the same name that came instead of the first one."""
    folder = tmp_path / "store"
    folder.mkdir()
    path = folder / "a.db"
    with Watcher(path, woken.set, fail) as watcher:
        wait_until_woken(woken, lambda: path.write_bytes(b"x"))
        folder.rename(tmp_path / "old")
        watcher.renew()
        folder.mkdir()
        watcher.renew()
        time.sleep(0.3)
        woken.clear()
        wait_until_woken(woken, lambda: path.write_bytes(b"x"))

    assert not _threads()


def test_a_system_without_notification_is_told_once(
    tmp_path: Path, woken: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason comes back, and it is not tried again."""
    import watchfiles

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError("too many watches")

    monkeypatch.setattr(watchfiles, "watch", refuse)
    reasons: list[str] = []
    with Watcher(tmp_path / "a", woken.set, reasons.append) as watcher:
        wait_for(lambda: bool(reasons))
        for _ in range(3):
            watcher.renew()

    assert ["OSError: too many watches"] == reasons


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("parsediff-")]


# --- cursor files ---------------------------------------------------------------------


@pytest.mark.parametrize("cursor", ["1", '{"a": "ä"}', "two\r\nlines"])
def test_a_cursor_comes_back_as_it_was(tmp_path: Path, cursor: str) -> None:
    """Byte for byte; line ends are part of it."""
    path = tmp_path / "cursor"
    write_cursor(path, cursor)

    assert cursor == read_cursor(path)


def test_a_cursor_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last step fails the old one stands, and nothing else is left."""
    path = tmp_path / "cursor"
    write_cursor(path, "old")

    def refuse(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CursorFileError, match=r"PD117: .*No space left"):
        write_cursor(path, "new")

    assert "old" == read_cursor(path)
    assert [path] == [*tmp_path.iterdir()]


# --- console --------------------------------------------------------------------------


class Terminal(io.StringIO):
    """Something that says that it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown now and then, and taken away before anything else is said."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    screen, file = Terminal(), io.StringIO()
    consoles = [Console(stream, quiet=False) for stream in (screen, file)]
    now += 2
    for console in consoles:
        console.progress(1234, 2**21)
        console.progress(1235, 2**21)
        console.notice(Notice("a", "b\x1b[0m", "c"))

    said = "notice: a: c: b\\x1b[0m\n"
    assert said == file.getvalue()
    shown = "1,234 events, 2.0 MiB, 1.0 MiB/s"
    assert f"\r{shown}\r{'':<{len(shown)}}\r{said}" == screen.getvalue()


def test_a_signal_that_is_sent_twice_at_once_is_one() -> None:
    """``timeout -s INT`` sends it to the process, and to its group; people take longer."""
    now = [10.0]
    with Stopper(lambda: now[0]) as stopper:
        signal.raise_signal(signal.SIGINT)
        now[0] += 0.1
        signal.raise_signal(signal.SIGINT)
        assert stopper.signal == signal.SIGINT
        now[0] += 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
