"""Files may have any name that a file system takes."""

from __future__ import annotations

import os

import pytest

_PARSER = """
import json

def parse(path):
    with open(path) as file:
        for line in file:
            yield json.loads(line)
"""
_NAMES = [
    b"caf\xe9.jsonl",
    "naïve ☃.jsonl".encode(),
    b"new\nline.jsonl",
    b"-dash.jsonl",
    b"a::b[1].jsonl",
    b"esc\x1b[31mred.jsonl",
    b"..jsonl",
]


def test_odd_names_of_files(pytester: pytest.Pytester) -> None:
    """Each is recorded, found identical, and told when it changed."""
    store = pytester.mkdir("store")
    for name in _NAMES:
        try:
            with open(os.path.join(os.fsencode(store), name), "wb") as file:
                file.write(b'{"id": 1}\n')
        except OSError:  # pragma: no cover
            pytest.skip("this file system takes UTF-8 only")
    pytester.makefile(
        ".toml", parsediff='[adapters.odd]\npython = "odd:parse"\nfiles = "*.jsonl"\n'
    )
    pytester.makeini("[pytest]\nparsediff_source = odd=store\n")
    parser = pytester.path / "odd.py"
    parser.write_text(_PARSER, "utf-8")

    record = pytester.runpytest_subprocess("--parsediff-record=archive.db")
    compare = pytester.runpytest_subprocess("--parsediff-archive=archive.db")
    parser.write_text(_PARSER.replace("loads(line)", "loads(line) | {'n': 2}"), "utf-8")
    changed = pytester.runpytest_subprocess(
        "--parsediff-archive=archive.db",
        "--junitxml=junit.xml",
        "--parsediff-report=report.json",
    )

    assert 0 == record.ret == compare.ret
    compare.stdout.fnmatch_lines(["7 sessions: 7 identical"])
    changed.assert_outcomes(failed=7, passed=1)
    changed.stdout.fnmatch_lines(["FAILED *::odd-caf%ED%B3%A9.jsonl - PD509*"])
    assert "\x1b[31mred" not in changed.stdout.str()
