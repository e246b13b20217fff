"""Python adapters in a process of their own."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.adapters.contain import Emitted, collect
from pytest_parsediff.adapters.frames import (
    error_frame,
    frame,
    item_frame,
    read_frames,
)
from pytest_parsediff.adapters.isolated import IsolatedAdapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterExitError,
    AdapterLoadError,
    AdapterTimeoutError,
    NotAnEventError,
    OutputTooLargeError,
    ParsediffError,
    RowError,
    Unavailable,
    Where,
)
from pytest_parsediff.core.event import Checkpoint, Context, Event, Notice, Source

Run = Callable[..., Emitted]


@pytest.fixture
def run(search: Path, source: Source, context: Context) -> Run:
    """Return a function that runs the text of a module as an isolated adapter."""

    def run(
        text: str,
        cursor: str | None = None,
        timeout_s: float = 60,
        max_output_mb: float = 1,
        **table: Any,
    ) -> Emitted:
        (search / "mine.py").write_text(textwrap.dedent(text))
        config = AdapterConfig(python="mine:parse", isolation="process", **table)
        return collect(
            IsolatedAdapter("mine", "mine:parse", config, search),
            source,
            context,
            cursor,
            timeout_s=timeout_s,
            max_output_mb=max_output_mb,
        )

    return run


def test_everything_comes_back(run: Run) -> None:
    """Events with the order of their keys, checkpoints and notices are as emitted."""
    text = """
        from pytest_parsediff import Checkpoint, Notice

        def parse(path):
            yield {"z": path.name, "a": [1, 2.5, None, True, {}], "é": "\\ud800\\u2028"}
            yield Notice("odd", "a row is odd", "part/1")
            yield Checkpoint("é1")
    """

    emitted = run(text)

    event: Event = {"z": "store.db", "a": [1, 2.5, None, True, {}], "é": "\ud800\u2028"}
    expected = Emitted(
        [event], [Checkpoint("é1")], [Notice("odd", "a row is odd", "part/1")]
    )
    assert expected == emitted
    assert ["z", "a", "é"] == list(emitted.events[0])


def test_cursor_and_context_arrive(run: Run, source: Source, context: Context) -> None:
    """An adapter that is opened gets the same values as in this process."""
    text = """
        class parse:
            def open(self, source, context):
                self.given = source, context
                return self

            def scan(self, cursor):
                source, context = self.given
                yield {
                    "cursor": cursor,
                    "paths": [str(p) for p in (source.path, source.root)],
                    "folders": [str(p) for p in (context.state_dir, context.tmp)],
                    "clock": context.clock() > 0,
                }
    """

    expected = {
        "cursor": "7",
        "paths": [str(source.path), str(source.root)],
        "folders": [str(context.state_dir), str(context.tmp)],
        "clock": True,
    }
    assert [expected] == run(text, "7").events


def test_it_is_another_process(run: Run) -> None:
    """Same interpreter, other process."""
    text = """
        import os, sys
        def parse(path):
            return [{"pid": os.getpid(), "python": sys.executable}]
    """

    event = run(text).events[0]

    assert os.getpid() != event["pid"]
    assert sys.executable == event["python"]
    assert "mine" not in sys.modules


def test_variables_of_the_table_are_set(
    run: Run, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``env`` is added to our own variables, with placeholders."""
    monkeypatch.setenv("OURS", "1")
    text = """
        import os
        def parse(path):
            return [{name: os.environ[name] for name in ("OURS", "ROOT")}]
    """

    emitted = run(text, env={"ROOT": "{store_dir}"})

    assert [{"OURS": "1", "ROOT": str(source.root)}] == emitted.events


def test_what_it_prints_is_ignored(run: Run) -> None:
    """Stdout belongs to the adapter, down to the file descriptor."""
    text = """
        import os, sys
        def parse(path):
            print('["end"]')
            os.write(1, b'["event", {}]\\n')
            yield {"a": 1}
    """

    assert [{"a": 1}] == run(text).events


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("os._exit(3)", "exited with status 3 before it was done"),
        ("os._exit(0)", "exited with status 0 before it was done"),
        ("os.kill(os.getpid(), 9)", "was ended by SIGKILL before it was done"),
    ],
)
def test_a_process_that_dies(run: Run, body: str, message: str) -> None:
    """PD409 tells how, and shows the end of stderr."""
    text = f"""
        import os, sys
        def parse(path):
            yield {{"a": 1}}
            print("dying", file=sys.stderr, flush=True)
            {body}
    """

    with pytest.raises(AdapterExitError, match=f"PD409: .*'mine' {message}") as caught:
        run(text)

    assert "dying" == caught.value.detail


def test_an_interpreter_that_does_not_start(run: Run) -> None:
    """A process that dies before it could load anything is PD409 too."""
    with pytest.raises(AdapterExitError, match="before it was done") as caught:
        run("def parse(path): return []", env={"PYTHONHOME": "/nowhere"})

    assert "encodings" in caught.value.detail


def test_a_segmentation_fault_shows_where(run: Run) -> None:
    """The interpreter's last words are in the detail."""
    text = """
        import faulthandler
        def parse(path):
            faulthandler._sigsegv()
    """

    with pytest.raises(AdapterExitError, match="was ended by SIGSEGV") as caught:
        run(text)

    assert 'mine.py", line 4 in parse' in caught.value.detail


def test_a_call_for_exit(run: Run) -> None:
    """``sys.exit`` is told as in this process, with the adapter's traceback."""
    text = """
        import sys
        def parse(path):
            sys.exit(3)
    """

    with pytest.raises(
        AdapterExitError, match="called for exit: SystemExit: 3"
    ) as caught:
        run(text)

    assert "sys.exit(3)" in caught.value.detail


def test_an_exception(run: Run) -> None:
    """PD401 has the adapter's own frames and none of ours."""
    text = """
        def parse(path):
            yield {"a": 1}
            raise ValueError("no such row")
    """

    with pytest.raises(AdapterError, match="PD401") as caught:
        run(text)

    assert "adapter 'mine' raised ValueError: no such row" == caught.value.message
    assert 'mine.py", line 4, in parse' in caught.value.detail
    assert 1 == caught.value.detail.count("  File")


def test_a_hang_in_c_is_killed(run: Run) -> None:
    """A call that never looks for signals ends all the same, and its place is shown."""
    text = """
        # line 2
        def parse(path):
            sum(iter(int, 1))
    """

    with pytest.raises(
        AdapterTimeoutError, match=r"PD402: .* timeout_s=1\.2"
    ) as caught:
        run(text, timeout_s=1.2)

    assert 'mine.py", line 4 in parse' in caught.value.detail


def test_children_do_not_survive(run: Run, context: Context) -> None:
    """What the adapter started is ended with it."""
    text = """
        import subprocess, sys
        def parse(path):
            child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
            return [{"pid": child.pid}]
    """

    pid = run(text).events[0]["pid"]

    stat = Path(f"/proc/{pid}/stat")
    alive = stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    assert not alive


def test_a_missing_module(run: Run) -> None:
    """A load error of the other process is one of ours, with its place."""
    with pytest.raises(
        AdapterLoadError, match=r"PD410: .*mine\.py:2: importing"
    ) as caught:
        run("\nimport nowhere_at_all\n")

    assert caught.value.where is not None
    assert 2 == caught.value.where.line


def test_an_event_that_is_not_json(run: Run) -> None:
    """NaN and bytes cannot leave the process."""
    with pytest.raises(NotAnEventError, match=r"PD405: .* at /a/0: float nan"):
        run("def parse(path): return [{'a': [float('nan')]}]")


def test_too_much(run: Run) -> None:
    """Events without end are PD407 there as here."""
    text = """
        def parse(path):
            while True:
                yield {"a": 1}
    """

    with pytest.raises(OutputTooLargeError, match="PD407: adapter 'mine' emitted more"):
        run(text, max_output_mb=0.1)


def test_too_much_printed(run: Run) -> None:
    """What it prints counts too."""
    text = """
        def parse(path):
            while True:
                print("x" * 1000)
    """

    with pytest.raises(
        OutputTooLargeError, match=r"printed more than max_output_mb=0\.1"
    ):
        run(text, max_output_mb=0.1)


def test_limits_of_the_table(search: Path, source: Source, context: Context) -> None:
    """A reader that nobody limits keeps the limits of its table."""
    (search / "slow.py").write_text("import time\ntime.sleep(600)\n")
    config = AdapterConfig(timeout_s=0.1)
    reader = IsolatedAdapter("slow", "slow:parse", config, search).open(source, context)

    with pytest.raises(AdapterTimeoutError, match=r"timeout_s=0\.1"):
        list(reader.scan(None))
    reader.close()


def test_an_installed_module_needs_no_folder(
    search: Path, source: Source, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be imported here can be imported there."""
    (search / "installed.py").write_text("def parse(path): return [{'a': 1}]\n")
    monkeypatch.syspath_prepend(search)
    adapter = IsolatedAdapter("mine", "installed:parse", AdapterConfig(), None)

    emitted = collect(adapter, source, context, timeout_s=60, max_output_mb=1)

    assert [{"a": 1}] == emitted.events


def test_the_working_directory_hides_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file there with the name of a standard module is not imported."""
    (tmp_path / "json.py").write_text("raise RuntimeError('the wrong json')\n")
    monkeypatch.chdir(tmp_path)

    assert [{"a": 1}] == run("def parse(path): return [{'a': 1}]").events


def test_our_own_package_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that came here by another way than the path is found there."""
    package = str(Path(__file__).parents[2])
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in (package, "")])

    assert [{"a": 1}] == run("def parse(path): return [{'a': 1}]").events


def test_files_of_a_good_scan_are_removed(run: Run, context: Context) -> None:
    """Nothing of ours is left in the home folder but an empty one."""
    run("def parse(path): return []")

    assert [] == list((context.tmp / ".parsediff").iterdir())


# --- frames -------------------------------------------------------------------------


def read(path: Path, *frames: bytes) -> list[object]:
    """Return what is read back from *frames*."""
    path.write_bytes(b"".join(frames))
    return list(read_frames(path))


def test_half_a_frame_is_no_frame(tmp_path: Path) -> None:
    """A writer that was killed in the middle of a line has not ended."""
    frames = [item_frame({"a": 1}), frame("end")[:-1]]

    assert [{"a": 1}] == read(tmp_path / "frames", *frames)


@pytest.mark.parametrize(
    "error",
    [
        RowError("row 7", Where("/s/store.db", 7, 1), "Look.", "more\nlines"),
        AdapterError("no place"),
    ],
)
def test_errors_come_back_as_they_were(tmp_path: Path, error: ParsediffError) -> None:
    """Class, message, place, hint and detail pass."""
    with pytest.raises(type(error)) as caught:
        read(tmp_path / "frames", error_frame(error))

    assert str(error) == str(caught.value)


def test_a_reason_to_skip_comes_back(tmp_path: Path) -> None:
    """An adapter that cannot run says so from the other process too."""
    with pytest.raises(Unavailable, match=r"^no licence$"):
        read(tmp_path / "frames", error_frame(Unavailable("no licence")))


def test_an_error_class_of_the_adapter(tmp_path: Path) -> None:
    """A class that is not known here becomes PD401."""

    class OwnError(ParsediffError):
        code = "PD999"

    with pytest.raises(AdapterError, match="PD401: mine"):
        read(tmp_path / "frames", error_frame(OwnError("mine")))


def test_an_unknown_frame_is_our_bug(tmp_path: Path) -> None:
    """Frames are written and read by one version of this package."""
    with pytest.raises(ValueError, match="nonsense"):
        read(tmp_path / "frames", frame("nonsense"))
