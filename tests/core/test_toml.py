"""Reading TOML files: errors name the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.core.config import DefaultsConfig, ScenarioConfig
from pytest_parsediff.core.errors import BadTOMLError, BadValueError, UnknownKeyError
from pytest_parsediff.core.toml import line_of_key, read_toml


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path with a space, a bracket and a letter beyond ASCII."""
    folder = tmp_path / "a [b] é"
    folder.mkdir()
    return folder / "scenario.toml"


@pytest.mark.parametrize(
    "data",
    [
        b'adapter = "x"\ntimeout_s = 2\n',
        b'adapter = "x"\r\ntimeout_s = 2\r\n',
        b'\xef\xbb\xbfadapter = "x"\ntimeout_s = 2',
        b'\xef\xbb\xbf\r\n"adapter" = "x" # ;\r\n\r\ntimeout_s = 2',
    ],
)
def test_read(file: Path, data: bytes) -> None:
    """CRLF line ends and a BOM change nothing."""
    file.write_bytes(data)
    assert ScenarioConfig(adapter="x", timeout_s=2.0) == read_toml(file, ScenarioConfig)


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a = ", "1", "Invalid value (at end of document)"),
        (b"\r\n\r\n  a = =\r\n", "3:7", "Invalid value"),
        (b"\xef\xbb\xbfa = =", "1:5", "Invalid value"),
        (b"a = [\n1,\n\n\n", "2", "(at end of document)"),
        (b"a = [\r\n1,\r\n\r\n\r\n", "2", "(at end of document)"),
        (b"a = 1\na = 2\n", "2:6", "Cannot overwrite a value"),
        (b"a = 1\r\na = 2", "2", "Cannot overwrite a value (at end of document)"),
        (b"[t]\n[t]", "2:3", "Cannot declare ('t',) twice"),
        (b"a = 1 b = 2", "1:7", "Expected newline or end of document"),
        (b"a = 2026-02-30", "1:5", "Invalid date or datetime"),
        (b"a = '\xc3\xa9' =", "1:9", "Expected newline or end of document"),
        (b"a = " + b"9" * 5000, "", "4300 digits"),
        (b"a = " + b"[" * 5000, "", "recursion"),
        (b"a = 1\nb = '\xff'\n", "2", "expected UTF-8 text"),
        (b"\xef\xbb\xbfa\n\xff", "2", "expected UTF-8 text"),
        ("a = 'é'\nb = 1".encode("utf-16"), "1", "expected UTF-8 text"),
    ],
)
def test_what_is_not_toml(file: Path, data: bytes, place: str, message: str) -> None:
    """Line and column are those of the file, whatever its line ends are."""
    file.write_bytes(data)
    with pytest.raises(BadTOMLError, match="PD104") as caught:
        read_toml(file, ScenarioConfig)
    assert f"PD104: {':'.join(filter(None, [str(file), place]))}: " in str(caught.value)
    assert message in caught.value.message


def test_what_cannot_be_read(file: Path) -> None:
    """A folder, or a link that leads nowhere, is an error with a code."""
    with pytest.raises(BadTOMLError, match=r"PD104: .*No such file"):
        read_toml(file, ScenarioConfig)
    file.mkdir()
    with pytest.raises(BadTOMLError, match=r"PD104: .*Is a directory"):
        read_toml(file, ScenarioConfig)


def test_errors_name_the_file(file: Path) -> None:
    """The path is in the message as it is, brackets and all."""
    file.write_bytes(b"\r\nadaptr = 1")
    with pytest.raises(UnknownKeyError, match="PD101") as unknown:
        read_toml(file, ScenarioConfig)
    assert unknown.value.headline.startswith(f"PD101: {file}:2: unknown key 'adaptr'")
    file.write_bytes(b"# adapter = 1\r\n\r\nadapter = 1")
    with pytest.raises(BadValueError, match="PD103") as bad:
        read_toml(file, ScenarioConfig)
    assert bad.value.headline.startswith(f"PD103: {file}:3: adapter: ")


TEXT = """\
timeout_s = 5
"env" = {a = "x", b="y"}
x.y = 3
'q' = 1

[adapters.a]
timeout_s = 5
session = "a"
[adapters.b]
timeout_s = "x"
sql = {db = "a", qury = "b"}
  [ adapters . "c d" ]
  timeout_s = 1
[[marks]]
nam = 1
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ([], None),
        (["timeout_s"], 1),
        (["timeout"], None),
        (["env"], 2),
        (["env", "b"], 2),
        (["x", "y"], 3),
        (["q"], 4),
        (["adapters"], 6),
        (["adapters", "a", "timeout_s"], 7),
        (["adapters", "b", "timeout_s"], 10),
        (["adapters", "b", "sql", "qury"], 11),
        (["adapters", "c d", "timeout_s"], 13),
        (["adapters", "none"], 6),
        (["marks", "nam"], 15),
        (["a.b["], None),
    ],
)
def test_line_of_key(keys: list[str], line: int | None) -> None:
    """A key is looked for behind the table around it, not just anywhere."""
    assert line == line_of_key(TEXT, *keys)


def test_adapters_are_checked_one_by_one(file: Path) -> None:
    """Of two adapters with the same key the right one is blamed."""
    file.write_text("[adapters.a]\nordered = true\n[adapters.b]\nordered = 1\n")
    with pytest.raises(BadValueError, match=r"PD103: .*:4: adapters.b.ordered: Exp"):
        read_toml(file, DefaultsConfig)
