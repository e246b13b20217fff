"""Environment variables in TOML files: what cannot be one is told where it is read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pytest_parsediff.core.config import DefaultsConfig, ScenarioConfig
from pytest_parsediff.core.errors import BadValueError
from pytest_parsediff.core.toml import read_toml


@pytest.mark.parametrize("structure", [ScenarioConfig, DefaultsConfig])
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('env = {"" = "x"}', 1, "env: expected the name of a variable, .* got ''"),
        ('[env]\nOK = "x"\n"A=B" = "y"', 3, "env: expected the name .* got 'A=B'"),
        ('[env]\nOK = "x"\n"=" = "y"', 3, "env: expected the name .* got '='"),
        ('\nenv = {"A\\u0000" = "x"}', 2, r"env: expected the name .* got 'A\\x00'"),
        (
            'env.OK = "x"\nenv.A = "b\\u0000"',
            2,
            r"env\.A: expected text without NUL, got 'b\\x00'",
        ),
    ],
)
def test_variables_of_scenarios(
    tmp_path: Path, structure: type[msgspec.Struct], text: str, line: int, message: str
) -> None:
    """PD103 names the file, the line and the variable."""
    file = tmp_path / "x.toml"
    file.write_text(text)
    with pytest.raises(BadValueError, match=rf"PD103: .*x\.toml:{line}: {message}"):
        read_toml(file, structure)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('env = {"A=" = "x"}', 4, "env: expected the name of a variable, .* got 'A='"),
        ('env = {A = "\\u0000"}', 4, r"env\.A: expected text without NUL"),
        ('\npass_env = ["OK", "A=1"]', 5, "pass_env: expected the name .* got 'A=1'"),
        ('pass_env = [""]', 4, "pass_env: expected the name .* got ''"),
        ('pass_env = ["A\\u0000"]', 4, "pass_env: expected the name .* got 'A"),
    ],
)
def test_variables_of_adapters(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    """The place is that in the adapter's own table, also beside another one."""
    file = tmp_path / "parsediff.toml"
    file.write_text(
        '[adapters.good]\ncommand = ["a"]\n[adapters.bad]\n'
        f'{text}\ncommand = ["a"]\n'
        '[env]\nOK = "x"\n'
    )
    expected = rf"PD103: .*parsediff\.toml:{line}: adapters\.bad\.{message}"
    with pytest.raises(BadValueError, match=expected):
        read_toml(file, DefaultsConfig)


def test_a_query_sees_no_variable(tmp_path: Path) -> None:
    """``env`` beside nothing but ``sql`` would be ignored, so it is PD103."""
    file = tmp_path / "parsediff.toml"
    sql = '[adapters.a]\nsql = {db = "x", query = "SELECT 1"}\nenv = {A = "b"}\n'
    file.write_text(sql)
    with pytest.raises(
        BadValueError, match=r"PD103: .*:3: adapters\.a\.env means nothing .*prepare"
    ) as caught:
        read_toml(file, DefaultsConfig)
    assert caught.value.hint.startswith("Remove env")


@pytest.mark.parametrize(
    "text",
    [
        'sql = {db = "x", query = "SELECT 1"}\nprepare = [["a"]]',
        'sql = {db = "x", query = "SELECT 1"}\ncommand = ["a"]',
        'python = "a:b"',
        "",
    ],
)
def test_what_systems_take(tmp_path: Path, text: str) -> None:
    """A name may have any other character, and a value may be empty or have ``=``."""
    env = {"é b-c.d": "", "A": "x=y", "B": "line\nline"}
    file = tmp_path / "parsediff.toml"
    written = '{"é b-c.d" = "", A = "x=y", B = "line\\nline"}'
    file.write_text(
        f'env = {written}\n[adapters.a]\n{text}\nenv = {written}\npass_env = ["é b"]\n',
        encoding="utf-8",
    )
    config = read_toml(file, DefaultsConfig)
    assert env == config.env
    assert isinstance(config.adapters, dict)
    assert env == config.adapters["a"].env
