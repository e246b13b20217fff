"""Adapters that are commands, with real processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from pytest_parsediff.adapters.command import CommandAdapter
from pytest_parsediff.adapters.contain import Emitted, collect
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.scanfolder import tail
from pytest_parsediff.core.config import AdapterConfig, SQLOutput
from pytest_parsediff.core.errors import (
    AdapterTimeoutError,
    CommandFailedError,
    CommandMissingError,
    NotAnEventError,
    OutputFormatError,
    OutputTooLargeError,
    PlaceholderError,
    SQLOutputError,
    Unavailable,
)
from pytest_parsediff.core.event import Checkpoint, Context, Source

Run = Callable[..., Emitted]
Script = Callable[..., list[str]]

#: A program that prints its arguments and variables as one event.
ECHO = """
    import json, os, sys
    print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the configuration file."""
    path = tmp_path / "project"
    path.mkdir()
    return path


@pytest.fixture
def script(folder: Path) -> Script:
    """Return a function that writes a Python program and gives its argv."""

    def write(text: str, *arguments: str, name: str = "program.py") -> list[str]:
        (folder / name).write_text(textwrap.dedent(text))
        return [sys.executable, "-S", "-E", str(folder / name), *arguments]

    return write


@pytest.fixture
def run(folder: Path, source: Source, context: Context) -> Run:
    """Return a function that collects what a table's commands emit."""

    def run(
        cursor: str | None = None,
        timeout_s: float = 60,
        max_output_mb: float = 1,
        **table: Any,
    ) -> Emitted:
        adapter = CommandAdapter("mine", AdapterConfig(**table), folder)
        return collect(
            adapter,
            source,
            context,
            cursor,
            timeout_s=timeout_s,
            max_output_mb=max_output_mb,
        )

    return run


# --- what a command is given --------------------------------------------------------


def test_a_command_gets_a_clean_place(
    run: Run, script: Script, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Working directory and home are tmp; nothing of ours leaks in."""
    monkeypatch.setenv("SECRET", "7")

    event = run(command=script(ECHO)).events[0]

    assert str(context.tmp.resolve()) == event["cwd"]
    assert str(context.tmp) == event["env"]["HOME"]
    assert "UTC" == event["env"]["TZ"]
    assert "SECRET" not in event["env"]


def test_variables_are_declared(
    run: Run, script: Script, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``pass_env`` takes over, ``env`` has the last word and placeholders."""
    monkeypatch.setenv("TOKEN", "ours")
    monkeypatch.setenv("OTHER", "ours")

    table = {"pass_env": ["TOKEN", "OTHER"], "env": {"OTHER": "{store_dir}", "TZ": "X"}}
    env = run(command=script(ECHO), **table).events[0]["env"]

    expected = ("ours", str(source.root), "X")
    assert expected == (env["TOKEN"], env["OTHER"], env["TZ"])


def test_placeholders_are_filled_in(
    run: Run, script: Script, source: Source, context: Context, folder: Path
) -> None:
    """Each placeholder is the path it is named after; other braces stay."""
    names = ["store", "store_dir", "tmp", "state", "config_dir"]
    arguments = [f"{{{name}}}" for name in names]

    event = run(command=script(ECHO, *arguments, '{"a":{"b":1}}', "{{tmp}}")).events[0]

    paths = [source.path, source.root, context.tmp, context.state_dir, folder]
    assert [*map(str, paths), '{"a":{"b":1}}', "{tmp}"] == event["argv"]


def test_the_store_folder_of_a_folder_is_itself(
    script: Script, source: Source, context: Context, folder: Path
) -> None:
    """A tree of files is its own root."""
    adapter = CommandAdapter(
        "mine", AdapterConfig(command=script(ECHO, "{store_dir}")), folder
    )
    tree = Source(source.root, source.root)

    emitted = collect(adapter, tree, context, timeout_s=60, max_output_mb=1)

    assert [str(source.root)] == emitted.events[0]["argv"]


def test_the_empty_folder_is_empty_in_every_scan(run: Run, script: Script) -> None:
    """What one scan leaves in it the next one does not find; the path is the same."""
    text = """
        import json, os, sys
        print(json.dumps({"path": sys.argv[1], "files": os.listdir(sys.argv[1])}))
        open(os.path.join(sys.argv[1], "left"), "w").close()
    """
    command = script(text, "{empty}")

    first, second = (run(command=command).events[0] for _ in range(2))

    assert first == second
    assert [] == second["files"]


def test_an_unknown_placeholder_runs_nothing(
    run: Run, script: Script, context: Context
) -> None:
    """PD411 comes before the command."""
    with pytest.raises(
        PlaceholderError, match=r"PD411: command: .* \{stor\}; the near"
    ):
        run(command=script("open('ran', 'w')", "{stor}"))

    assert not (context.tmp / "ran").exists()


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_a_jq_program_needs_no_care(run: Run, source: Source) -> None:
    """Braces of another language are left alone."""
    source.path.write_text('{"sessions": [{"id": "a", "n": {"x": 1}}]}')

    program = ".sessions[] | {id: .id, total: {x: (.n | .x + 1)}}"
    emitted = run(command=["jq", "-c", program, "{store}"])

    assert [{"id": "a", "total": {"x": 2}}] == emitted.events


# --- which program ------------------------------------------------------------------


def executable(path: Path, text: str) -> Path:
    """Write a program that the system can start."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable} -S\n{textwrap.dedent(text)}")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["bin/tool", "./bin/tool", "{config_dir}/bin/tool"])
def test_a_path_is_relative_to_the_configuration(
    run: Run, folder: Path, name: str
) -> None:
    """A program of the repository is found from any working directory."""
    executable(folder / "bin" / "tool", ECHO)

    assert [] == run(command=[name]).events[0]["argv"]


def test_a_dot_is_not_looked_up(run: Run, folder: Path) -> None:
    """``./tool`` is a path although it has no folder."""
    executable(folder / "tool", ECHO)

    assert [] == run(command=["./tool"]).events[0]["argv"]


def test_a_word_is_looked_up(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program without a separator is found on PATH."""
    executable(tmp_path / "bin" / "mytool", ECHO)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    assert ["a"] == run(command=["mytool", "a"]).events[0]["argv"]


def test_a_word_is_looked_up_on_the_configured_path(run: Run, folder: Path) -> None:
    """A PATH of the table is the one that counts."""
    executable(folder / "bin" / "mytool", ECHO)

    emitted = run(command=["mytool"], env={"PATH": "{config_dir}/bin"})

    assert [] == emitted.events[0]["argv"]


@pytest.mark.parametrize("name", ["no-such-tool", "./no-such-tool", "/no/such/tool"])
def test_a_missing_program_is_a_reason_to_skip(run: Run, name: str) -> None:
    """Its name is in the reason."""
    with pytest.raises(Unavailable, match=f"^{name} is not installed$"):
        run(command=[name])


def test_a_required_program_that_is_missing_is_an_error(run: Run) -> None:
    """Where the tool has to be there, skipping would hide that it is not."""
    with pytest.raises(
        CommandMissingError, match="PD408: no-such-tool is not installed"
    ):
        run(command=["no-such-tool"], required=True)


def test_a_program_may_be_built_first(run: Run, script: Script, folder: Path) -> None:
    """A program is looked for when its turn comes, not before."""
    text = """
        import os, sys
        with open(sys.argv[1], "w") as file:
            file.write("#!/bin/sh\\necho '{}'\\n")
        os.chmod(sys.argv[1], 0o755)
    """
    build = script(text, "{config_dir}/built")

    assert [{}] == run(prepare=[build], command=["./built"]).events


def test_a_program_that_cannot_be_started(run: Run, folder: Path) -> None:
    """A file without permission is an error, not a reason to skip."""
    (folder / "text").touch()

    with pytest.raises(CommandFailedError, match=r"PD403: .*text could not be started"):
        run(command=["./text"])


# --- order, state, cursor -----------------------------------------------------------


def test_prepare_runs_first_and_in_order(run: Run, script: Script) -> None:
    """Each command finds what the ones before it left."""
    append = script("import sys; open('log', 'a').write(sys.argv[1])", name="append.py")
    show = script("print('{\"log\": \"' + open('log').read() + '\"}')")

    emitted = run(prepare=[[*append, "a"], [*append, "b"]], command=show)

    assert [{"log": "ab"}] == emitted.events


def test_state_is_kept_between_two_scans(run: Run, script: Script) -> None:
    """A second scan with the same context finds the state of the first one."""
    text = """
        import os, sys
        path = os.path.join(sys.argv[1], "count")
        count = int(open(path).read()) if os.path.exists(path) else 0
        open(path, "w").write(str(count + 1))
        print('{"count": %d}' % count)
    """
    command = script(text, "{state}")

    events = [run(command=command).events for _ in range(2)]

    assert [[{"count": 0}], [{"count": 1}]] == events


CURSOR = """
    import sys
    before = open(sys.argv[1], encoding="utf-8", newline="").read()
    print('{"cursor": %d}' % len(before))
    open(sys.argv[2], "w", encoding="utf-8", newline="").write(before + sys.argv[3])
"""


def test_a_cursor_goes_in_and_out(run: Run, script: Script) -> None:
    """What was written to ``{cursor_out}`` is a checkpoint, character by character."""
    command = script(CURSOR, "{cursor_in}", "{cursor_out}", "é\n")

    first = run(command=command)
    second = run(first.checkpoints[0].cursor, command=command)

    assert Emitted([{"cursor": 0}], [Checkpoint("é\n")]) == first
    assert Emitted([{"cursor": 2}], [Checkpoint("é\né\n")]) == second


@pytest.mark.parametrize("cursor", [None, "1"])
def test_no_cursor_is_no_checkpoint(
    run: Run, script: Script, cursor: str | None
) -> None:
    """An empty ``{cursor_out}`` means nothing."""
    text = "import sys; open(sys.argv[1], 'w').close()"

    assert Emitted() == run(cursor, command=script(text, "{cursor_out}"))


def test_a_cursor_that_is_no_text_is_refused(run: Run, script: Script) -> None:
    """A cursor has to be UTF-8."""
    text = "import sys; open(sys.argv[1], 'wb').write(b'\\xff')"

    with pytest.raises(OutputFormatError, match=r"PD404: .*the cursor is not UTF-8"):
        run(command=script(text, "{cursor_out}"))


# --- output -------------------------------------------------------------------------


def test_output_may_be_a_file(run: Run, script: Script) -> None:
    """What goes to stdout does not matter then."""
    text = """
        import sys
        print("reading ...")
        open(sys.argv[1], "w").write('{"sessions": [{"a": 1}]}')
    """
    command = script(text, "{tmp}/out.json")

    emitted = run(command=command, output="{tmp}/out.json", records="sessions")

    assert [{"a": 1}] == emitted.events


def test_a_relative_output_lies_in_the_working_directory(
    run: Run, script: Script
) -> None:
    """A relative path means the same to the command and to us."""
    command = script("open('out.jsonl', 'w').write('{}')")

    assert [{}] == run(command=command, output="out.jsonl").events


def test_an_output_that_was_not_written_is_refused(run: Run, script: Script) -> None:
    """A command that ends well and writes nothing is PD404."""
    with pytest.raises(OutputFormatError, match=r"PD404: .*out\.json: "):
        run(command=script(""), output="{tmp}/out.json")


def test_garbage_is_refused_and_kept(run: Run, script: Script) -> None:
    """The error names the file with the output, which is still there."""
    with pytest.raises(OutputFormatError, match=r":2:1: expected JSON") as caught:
        run(command=script("print('{}'); print('Done in 3 s')"))

    assert caught.value.where is not None
    assert "{}\nDone in 3 s\n" == Path(caught.value.where.path).read_text()


def test_files_of_a_failed_scan_are_in_nobodys_way(run: Run, script: Script) -> None:
    """A scan after a failed one has files of its own."""
    with pytest.raises(CommandFailedError):
        run(command=script("raise SystemExit(1)"))

    assert [{}] == run(command=script("print('{}')")).events


def test_nan_is_refused(run: Run, script: Script) -> None:
    """Python's own json prints NaN, which is not JSON."""
    text = "import json; print(json.dumps({'cost': float('nan')}))"

    with pytest.raises(NotAnEventError, match=r"PD405: .*NaN is not JSON"):
        run(command=script(text))


def test_files_of_a_good_scan_are_removed(
    run: Run, script: Script, context: Context
) -> None:
    """Nothing of ours is left in the home folder but an empty one."""
    run(command=script("print('{}')"))

    assert [] == list((context.tmp / ".parsediff").iterdir())


def test_twenty_megabytes_in_one_line(run: Run, script: Script) -> None:
    """A large event is no matter below the limit."""
    text = "import sys; sys.stdout.write('{\"a\": \"' + 'x' * 20 * 2**20 + '\"}')"

    emitted = run(command=script(text), max_output_mb=21)

    assert [20 * 2**20] == [len(event["a"]) for event in emitted.events]


def test_output_without_end_is_ended(run: Run, script: Script) -> None:
    """A command that floods stdout is PD407."""
    with pytest.raises(OutputTooLargeError, match=r"PD407: .* than max_output_mb=0\.1"):
        run(command=script("while True: print('{}' * 1000)"), max_output_mb=0.1)


# --- failures -----------------------------------------------------------------------


def test_a_failure_is_told_with_status_and_stderr(run: Run, script: Script) -> None:
    """Command, status and the last twenty lines of stderr are in the error."""
    text = """
        import sys
        for number in range(30):
            print("line", number, file=sys.stderr)
        sys.exit(3)
    """

    with pytest.raises(CommandFailedError, match="PD403") as caught:
        run(command=script(text, "--flag", "two words"))

    assert caught.value.message.endswith("--flag 'two words' exited with status 3")
    expected = ["stderr:", *(f"line {number}" for number in range(10, 30))]
    assert expected == caught.value.detail.split("\n")


def test_a_failure_of_prepare_stops_everything(
    run: Run, script: Script, context: Context
) -> None:
    """The command does not run on what a failed one left."""
    failing = script("raise SystemExit(4)", name="prepare.py")

    with pytest.raises(CommandFailedError, match=r"prepare\.py exited with status 4"):
        run(prepare=[failing], command=script("open('ran', 'w')"))

    assert not (context.tmp / "ran").exists()


def test_a_signal_is_named(run: Run, script: Script) -> None:
    """A crash is told as such."""
    with pytest.raises(CommandFailedError, match="was ended by SIGSEGV"):
        run(command=script("import os; os.kill(os.getpid(), 11)"))


def test_stdout_explains_when_stderr_does_not(run: Run, script: Script) -> None:
    """Some tools put their errors on stdout."""
    with pytest.raises(CommandFailedError) as caught:
        run(command=script("print('no such store'); raise SystemExit(1)"))

    assert "stdout (stderr is empty):\nno such store" == caught.value.detail


def test_a_silent_failure_has_no_detail(run: Run, script: Script) -> None:
    """Nothing is quoted when nothing was said."""
    with pytest.raises(CommandFailedError) as caught:
        run(command=script("raise SystemExit(1)"))

    assert "" == caught.value.detail


def test_long_commands_are_clipped(run: Run, script: Script) -> None:
    """A program in an argument does not fill the message."""
    with pytest.raises(CommandFailedError) as caught:
        run(command=script("raise SystemExit(1)", "x" * 10_000))

    assert 400 > len(caught.value.message)


def test_a_hang_is_ended(run: Run, script: Script) -> None:
    """All commands together have one limit."""
    with pytest.raises(AdapterTimeoutError, match=r"PD402: .* within timeout_s=0\.1"):
        run(command=script("import time; time.sleep(600)"), timeout_s=0.1)


def test_one_limit_for_all_commands(run: Run, script: Script) -> None:
    """What the first command takes the second one does not have."""
    nap = script("import time; time.sleep(0.3)")

    with pytest.raises(AdapterTimeoutError, match="PD402"):
        run(prepare=[nap, nap, nap], command=nap, timeout_s=0.7)


def test_limits_of_the_table(
    script: Script, source: Source, context: Context, folder: Path
) -> None:
    """A reader that nobody limits keeps the limits of its table."""
    config = AdapterConfig(
        command=script("import time; time.sleep(600)"), timeout_s=0.1
    )
    reader = CommandAdapter("mine", config, folder).open(source, context)

    with pytest.raises(AdapterTimeoutError, match=r"timeout_s=0\.1"):
        list(reader.scan(None))
    reader.close()


def test_limits_have_defaults() -> None:
    """A minute and 256 megabytes."""
    assert Limits(60, 256) == Limits.of(AdapterConfig())


# --- rows ---------------------------------------------------------------------------


def test_rows_of_the_tools_own_database(run: Run, context: Context) -> None:
    """After the commands the query reads what they ingested."""
    connection = apsw.Connection(str(context.state_dir / "tool.db"))
    connection.execute(
        "CREATE TABLE s (id, n); INSERT INTO s VALUES ('a', 1), ('b', 2)"
    )
    connection.close()

    sql = SQLOutput(db="{state}/tool.db", query="SELECT n, id FROM s ORDER BY id")
    emitted = run(sql=sql)

    assert ['{"n": 1, "id": "a"}', '{"n": 2, "id": "b"}'] == [
        json.dumps(event) for event in emitted.events
    ]


def test_rows_are_read_after_the_commands(run: Run, script: Script) -> None:
    """Stdout does not matter then; a database that was not written is PD413."""
    sql = SQLOutput(db="{state}/tool.db", query="SELECT 1 AS a")

    with pytest.raises(SQLOutputError, match=r"PD413: .*tool\.db: .* does not exist"):
        run(prepare=[script("")], command=script("print('done')"), sql=sql)


# --- the end of stderr --------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"a\r\nb\n\n", "a\nb"),
        (b"10%\r50%\r100%\n", "10%\n50%\n100%"),
        (b"\x1b[31merror\x1b[0m: \x1b]0;title\x07bad \x1b(B\x1bM\n", "error: bad "),
        (b"caf\xe9 \x00\x07\x08\xc2\x9b31m", "caf� 31m"),
        (b"x" * 1000, "x" * 500),
        (b"first\n" + b"y\n" * 50_000, "\n".join(["y"] * 20)),
    ],
)
def test_tail(tmp_path: Path, data: bytes, expected: str) -> None:
    """Whatever a tool prints, what is shown is short and harmless text."""
    (tmp_path / "stderr").write_bytes(data)

    assert expected == tail(tmp_path / "stderr")


def test_tail_of_nothing(tmp_path: Path) -> None:
    """A file that does not exist has no end."""
    assert "" == tail(tmp_path / "stderr")


def test_stderr_of_another_encoding_is_shown(run: Run, script: Script) -> None:
    """Bytes that are not UTF-8 and terminal escapes do not break the report."""
    text = "import sys; sys.stderr.buffer.write(b'\\x1b[31mcaf\\xe9\\x1b[0m\\n'); sys.exit(1)"

    with pytest.raises(CommandFailedError) as caught:
        run(command=script(text))

    assert "stderr:\ncaf\ufffd" == caught.value.detail
