"""Verdicts of scenarios whose store is files, with writers of file steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

READER = """\
import json


def parse(path):
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        for line in file.read_bytes().split(b"\\n")[:-1]:
            yield json.loads(line)


def pytest_parsediff_adapters(config):
    return {"mine": parse}
"""
TABLE = '[adapters.mine]\nfiles = "*.jsonl"\nsession = "s"\nkey = ["n"]\n'


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Return a scenario of two files, one session each."""
    pytester.makeconftest(READER)
    pytester.makeini("[pytest]\n")
    root = pytester.mkdir("scenarios")
    (root / "parsediff.toml").write_text(TABLE)
    folder = root / "one"
    for name in ("files", "writers"):
        (folder / name).mkdir(parents=True)
    for session in "ab":
        line = f'{{"n":1,"s":"{session}"}}\n'
        (folder / "files" / f"{session}.jsonl").write_text(line)
    golden = [f'{{"n":1,"s":"{session}"}}\n' for session in "ab"]
    (folder / "expected.jsonl").write_text("".join(golden))
    return folder


def write(folder: Path, steps: str, at: str = "observed", more: str = "") -> None:
    """Write the scenario.toml and the steps of its writer."""
    (folder / "writers" / "agent.toml").write_text(steps)
    (folder / "scenario.toml").write_text(
        f'adapter = "mine"\n[[writer]]\nscript = "writers/agent.toml"\nat = "{at}"\n'
        f"[stress]\nplans = 0\n{more}"
    )


def expect(folder: Path, **verdicts: str) -> None:
    """Write the golden of verdicts: class, reason and fields by session."""
    lines = []
    for session, verdict in sorted(verdicts.items()):
        cls, _, rest = verdict.partition(" ")
        reason, _, fields = rest.partition(" ")
        reason_json = f'"{reason}"' if reason else "null"
        listed = f'"{fields}"' if fields else ""
        lines.append(
            f'{{"class":"{cls}","fields":[{listed}],"reason":{reason_json},'
            f'"session":"{session}"}}\n'
        )
    (folder / "expected.verdicts.jsonl").write_text("".join(lines))


APPEND = """\
[[step]]
append = "a.jsonl"
text = '''{"n":2,"s":"a"}
'''
"""
APPEND_PART = """\
[[step]]
append_part = "a.jsonl"
text = '''{"n":2,"s":"ä"}'''
cuts = [14]
"""
REPLACE = """\
[[step]]
replace = "a.jsonl"
text = '''{"n":3,"s":"a"}
'''
"""
REWRITE = """\
[[step]]
rewrite = "a.jsonl"
text = '''{"n":9,"s":"a"}
'''
keep_mtime = true
"""
TWO = f"""\
{APPEND}
[[step]]
rename = "b.jsonl"
to = "z.jsonl"
"""
DELETE = '[[step]]\ndelete = "a.jsonl"\n'
TRUNCATE = '[[step]]\ntruncate = "a.jsonl"\nsize = 0\n'
TOUCH = '[[step]]\ntouch = "a.jsonl"\n'
CREATE = """\
[[step]]
create = "c.jsonl"
text = '''{"n":1,"s":"c"}
'''
"""


@pytest.mark.parametrize(
    ("steps", "at", "verdict"),
    [
        (APPEND, "observed", "raced moved_during_run records"),
        (APPEND, "parsed", "identical"),
        (APPEND, "recorded", "raced newer_than_archive records"),
        (APPEND, "judged", "identical"),
        (APPEND_PART, "observed", "identical"),
        (REPLACE, "observed", "raced moved_during_run records"),
        (REWRITE, "observed", "raced moved_during_run records"),
        (DELETE, "observed", "raced unreadable"),
        (TRUNCATE, "observed", "raced moved_during_run presence"),
        (TOUCH, "observed", "identical"),
        (CREATE, "inventoried", "identical"),
    ],
)
def test_file_steps_act_at_their_moment(
    pytester: pytest.Pytester, folder: Path, steps: str, at: str, verdict: str
) -> None:
    """Whatever a step does to one file, the other session stays identical."""
    write(folder, steps, at)
    expect(folder, a=verdict, b="identical")

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_every_step_of_a_writer_acts(pytester: pytest.Pytester, folder: Path) -> None:
    """One appends to a file, the next one renames another."""
    write(folder, TWO)
    expect(folder, a="raced moved_during_run records", b="raced unreadable")

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("session", "said"),
    [
        ("a", ""),
        ("b", "PD618: *session 'b' was declared raced: no writer touched it while *"),
    ],
)
def test_declared_races_are_held_against_file_steps(
    pytester: pytest.Pytester, folder: Path, session: str, said: str
) -> None:
    """By the name and the content of the files that differ."""
    write(folder, APPEND, more=f'[sessions.{session}]\nexpect = "raced"\n')

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=int(not said), failed=int(bool(said)))
    if said:
        result.stdout.fnmatch_lines([said])


def test_a_folder_as_one_source_moves_with_any_of_its_files(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Without ``files`` nobody can tell which session a write was about: no evidence."""
    root = pytester.path / "scenarios" / "parsediff.toml"
    root.write_text(TABLE.replace('files = "*.jsonl"\n', ""))
    write(folder, APPEND)
    expect(folder, a="changed no_evidence records", b="identical")

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_a_step_that_cannot_be_done_fails_the_scenario(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """With the step and the file."""
    write(folder, DELETE.replace("a.jsonl", "nobody.jsonl"))
    expect(folder, a="identical", b="identical")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["PD619: *nobody.jsonl: delete nobody.jsonl: No such *"]
    )


def test_an_update_writes_verdicts_under_file_steps(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Two runs agree although real files are written at real times."""
    write(folder, TWO)
    expect(folder, a="identical", b="identical")

    pytester.runpytest("--update-golden=all")

    text = (folder / "expected.verdicts.jsonl").read_text()
    assert ["raced", "raced"] == [
        json.loads(one)["class"] for one in text.split("\n")[:-1]
    ]


def test_plans_and_verdicts_take_the_same_steps(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """A reader of whole lines breaks no law under them."""
    write(folder, APPEND + APPEND_PART)
    toml = folder / "scenario.toml"
    laws = 'plans = 60\nlaws = ["read-only", "converges", "gate-sound"]'
    toml.write_text(toml.read_text().replace("plans = 0", laws))
    expect(folder, a="raced moved_during_run records", b="identical")

    pytester.runpytest("--parsediff").assert_outcomes(passed=2)
