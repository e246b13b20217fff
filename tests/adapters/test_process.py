"""A command runs to its end, and nothing of it survives."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_parsediff.adapters import process
from pytest_parsediff.adapters.process import Command, End, Ended, run_command

Make = Callable[..., Command]

#: A command that starts a grandchild, which ignores SIGTERM, and notes its pid.
FAMILY = """
    import os, signal, subprocess, sys, time
    child = '''
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open("pid.part", "w") as file:
        file.write(str(os.getpid()))
    os.replace("pid.part", "pid")
    time.sleep(600)
    '''
    subprocess.Popen([sys.executable, "-S", "-c", textwrap.dedent(child)])
    while not os.path.exists("pid"):
        time.sleep(0.001)
"""

#: What makes us end a command that has come so far: too much output, then a hang.
FLOOD = "print('x' * 2000, flush=True); time.sleep(600)"


def script(path: Path, text: str) -> list[str]:
    """Write a Python program and return how to run it, quickly."""
    path.write_text(f"import textwrap\n{textwrap.dedent(text)}")
    return [sys.executable, "-S", "-E", str(path)]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a command of a Python program."""

    def make(text: str) -> Command:
        return Command(
            argv=script(tmp_path / "program.py", text),
            cwd=tmp_path,
            env={"A": "1"},
            stdout=tmp_path / "stdout",
            stderr=tmp_path / "stderr",
        )

    return make


def is_gone(pid: int) -> bool:
    """Return whether process *pid* has ended; one that nobody waits for has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


@pytest.fixture
def survivors(tmp_path: Path) -> Iterator[Callable[[], list[int]]]:
    """Return a function that lists which noted processes still run; end them."""

    def alive() -> list[int]:
        pid = int((tmp_path / "pid").read_text())
        return [] if is_gone(pid) else [pid]

    yield alive
    if (tmp_path / "pid").exists():
        for pid in alive():
            os.kill(pid, signal.SIGKILL)


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")


def test_a_command_has_its_own_place(make: Make, tmp_path: Path) -> None:
    """Folder, variables and streams are those given; stdin is empty."""
    command = make(
        """
        import os, sys
        print(os.getcwd(), os.environ["A"], "HOME" in os.environ, repr(sys.stdin.read()))
        print("told", file=sys.stderr)
        """
    )

    ended = run_command(command, end=math.inf, max_bytes=1000)

    assert Ended(End.EXITED, 0) == ended
    assert f"{tmp_path.resolve()} 1 False ''\n" == command.stdout.read_text()
    assert "told\n" == command.stderr.read_text()


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("raise SystemExit(3)", 3, "exited with status 3"),
        ("import os; os.abort()", -signal.SIGABRT, "was ended by SIGABRT"),
        ("import os; os.kill(os.getpid(), 50)", -50, "was ended by signal 50"),
    ],
)
def test_a_status_is_told(make: Make, text: str, status: int, told: str) -> None:
    """Exit status and signal are kept apart."""
    ended = run_command(make(text), end=math.inf, max_bytes=1000)

    assert Ended(End.EXITED, status) == ended
    assert told == ended.text


def test_a_command_that_cannot_be_started(make: Make, tmp_path: Path) -> None:
    """What the system says is raised."""
    command = make("")
    missing = Command(
        argv=[str(tmp_path / "missing")],
        cwd=command.cwd,
        env={},
        stdout=command.stdout,
        stderr=command.stderr,
    )

    with pytest.raises(FileNotFoundError):
        run_command(missing, end=math.inf, max_bytes=1000)


def test_a_command_that_hangs_is_ended(make: Make) -> None:
    """SIGTERM is enough for one that obeys it."""
    command = make("import time; time.sleep(600)")

    ended = run_command(command, end=time.monotonic() + 0.05, max_bytes=1000)

    assert Ended(End.TIMEOUT, -signal.SIGTERM) == ended


def test_a_command_that_ignores_sigterm_is_killed(make: Make) -> None:
    """SIGKILL follows after the grace."""
    command = make(
        """
        import signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("x" * 2000, flush=True)
        time.sleep(600)
        """
    )

    ended = run_command(command, end=math.inf, max_bytes=1000)

    assert Ended(End.TOO_LARGE, -signal.SIGKILL) == ended


@linux
@pytest.mark.parametrize("last", [FLOOD, ""])
def test_a_grandchild_does_not_survive(
    make: Make, survivors: Callable[[], list[int]], last: str
) -> None:
    """Hanging or not, the command takes its whole family with it."""
    command = make(FAMILY + f"    {last}\n")

    ended = run_command(command, end=math.inf, max_bytes=1000)

    assert (End.TOO_LARGE if last else End.EXITED) == ended.how
    assert [] == survivors()


@linux
def test_ctrl_c_leaves_no_process_behind(
    make: Make, tmp_path: Path, survivors: Callable[[], list[int]]
) -> None:
    """SIGINT during a command ends the command's family, then us."""
    make(FAMILY + "    time.sleep(600)\n")
    outer = textwrap.dedent(
        f"""
        import math, signal, sys
        from pathlib import Path
        from pytest_parsediff.adapters.process import Command, run_command
        signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup ignores it
        here = Path({str(tmp_path)!r})
        argv = [sys.executable, "-S", "-E", str(here / "program.py")]
        command = Command(argv=argv, cwd=here, env={{}}, stdout=here / "o", stderr=here / "e")
        run_command(command, end=math.inf, max_bytes=1000)
        """
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    running = subprocess.Popen(
        [sys.executable, "-c", outer],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    while not (tmp_path / "pid").exists():
        time.sleep(0.001)

    running.send_signal(signal.SIGINT)

    _, stderr = running.communicate()
    assert b"KeyboardInterrupt" in stderr
    assert [] == survivors()


@linux
def test_a_second_ctrl_c_kills_at_once(
    make: Make, survivors: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt during the grace ends the grace, not the killing."""

    class Impatient:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def sleep(_seconds: float) -> None:
            raise KeyboardInterrupt

    command = make(f"{FAMILY}    {FLOOD}\n")
    monkeypatch.setattr(process, "time", Impatient)

    with pytest.raises(KeyboardInterrupt):
        run_command(command, end=math.inf, max_bytes=1000)

    deadline = time.monotonic() + 1
    while survivors() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [] == survivors()


def test_output_without_end_is_too_large(make: Make) -> None:
    """A command that floods stderr is ended."""
    command = make(
        """
        import sys
        while True:
            sys.stderr.write("x" * 1000)
        """
    )

    assert End.TOO_LARGE == run_command(command, end=math.inf, max_bytes=10_000).how


def test_other_files_count_too(make: Make, tmp_path: Path) -> None:
    """A file that the command writes is watched like its streams."""
    command = make("open('out', 'w').write('x' * 1000)")
    watched = [tmp_path / "out", tmp_path / "never"]

    ended = run_command(command, end=math.inf, max_bytes=999, watched=watched)

    assert End.TOO_LARGE == ended.how
