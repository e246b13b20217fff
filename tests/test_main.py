"""``python -m pytest_parsediff``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_parsediff.__main__ import main, schema_text


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the module in a process of its own."""
    command = [sys.executable, "-m", "pytest_parsediff", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["scenario", "parsediff"])
def test_schema_is_printed(kind: str) -> None:
    """Output is the published file, byte for byte, and nothing else."""
    done = run("schema", kind)
    assert (0, "") == (done.returncode, done.stderr)
    expected = schema_text("scenario" if kind == "scenario" else "parsediff")
    assert expected == done.stdout


def test_scenario_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a kind the schema is that of the file that people write most."""
    assert 0 == main(["schema"])
    assert schema_text("scenario") == capsys.readouterr().out


def test_help_names_the_verbs() -> None:
    """Help says what there is to do, and where scenarios are run."""
    done = run("--help")
    assert 0 == done.returncode
    assert "print the JSON schema of a configuration file" in done.stdout
    assert "`pytest --parsediff`" in " ".join(done.stdout.split())


@pytest.mark.parametrize("arguments", [(), ("schema", "other"), ("capture",)])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """What is not understood ends with status 2 and nothing on stdout."""
    done = run(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert "usage: python -m pytest_parsediff" in done.stderr
