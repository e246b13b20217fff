"""Flags and ini values of the parse-diff gate, as every pytest run registers them.

What they amount to is in ``live_options.py``, which only live runs load: classes of data
take longer to make than everything else here.
"""

from __future__ import annotations

import argparse
from typing import Any

import pytest

RETRY_FLAG = "--parsediff-retry-failed"
#: What a bare ``--parsediff-retry-failed`` stands for.
LAST_RUN = "last"
#: Markers, with their signatures; ``live_marks.py`` has what they mean.
MARKERS = (
    "raced(*sessions): these sessions of a parse-diff are raced",
    "expected_change(*sessions, fields, reason): they change in exactly these fields",
)

#: Name, metavar (empty for a switch) and help of each flag. ``parsediff_<name>`` is its
#: dest, and its ini value if there is one.
FLAGS = (
    (
        "archive",
        "FILE",
        "compare what the sources parse to with this archive",
    ),
    (
        "stored",
        "NAME",
        "compare with the table [stored.NAME] of parsediff.toml instead of an archive",
    ),
    (
        "source",
        "NAME=PATH",
        "a file or folder that adapter NAME reads (repeatable)",
    ),
    (
        "record",
        "FILE",
        "write what the sources parse to into this archive",
    ),
    (
        "record_mode",
        "MODE",
        (
            "full (default) parses everything; append resumes where the last "
            "recording of a source ended"
        ),
    ),
    (
        "session",
        "ID",
        "only this session, or with --parsediff-record what is written (repeatable)",
    ),
    (
        "limit",
        "N",
        "only the N newest sessions; 0 is all",
    ),
    (
        "sample",
        "N|N%[:stratified]",
        (
            "only a random sample of the sessions, the same one for the same "
            "seed; stratified takes the same share of each adapter"
        ),
    ),
    (
        "seed",
        "S",
        "seed of --parsediff-sample and of --parsediff-stress, a whole number",
    ),
    (
        "fail_on",
        "CLASS[,CLASS]",
        "classes that fail a session, or none (default: changed,parse_error)",
    ),
    (
        "max_raced",
        "N|N%",
        "most sessions that may be raced (default: any number)",
    ),
    (
        "max_stale",
        "N|N%",
        "most sessions whose source is newer than the archive (default: 0)",
    ),
    (
        "max_excluded",
        "N|N%",
        "most stored sessions that the parser may veto (default: 0)",
    ),
    (
        "max_needs_retry",
        "N|N%",
        "most sessions for which the parser may ask for another pass (default: 50%)",
    ),
    (
        "min_examined",
        "N|N%",
        "fewest sessions that must have been compared (default: 1)",
    ),
    (
        "raced_retries",
        "N",
        (
            "how often a raced source is parsed again before its verdict stands"
            " (default: 2)"
        ),
    ),
    (
        "report",
        "FILE",
        "write verdicts and totals to this JSON file",
    ),
    (
        "show_bodies",
        "",
        "show texts of people and models where they differ",
    ),
)
#: Types of ini values. There is none for what a run is about: every run would be live.
INI = {
    "source": "linelist",
    "record_mode": "string",
    "limit": "string",
    "sample": "string",
    "seed": "string",
    "fail_on": "args",
    "max_raced": "string",
    "max_stale": "string",
    "max_excluded": "string",
    "max_needs_retry": "string",
    "min_examined": "string",
    "raced_retries": "string",
    "report": "string",
    "show_bodies": "bool",
}
#: Flags that may be given several times.
MANY = ("source", "session", "fail_on")


def flag_of(name: str) -> str:
    """Return what is typed."""
    return f"--parsediff-{name.replace('_', '-')}"


def add_live_options(parser: pytest.Parser) -> None:
    """Register every flag but :data:`RETRY_FLAG`, and their ini values."""
    group = parser.getgroup("parsediff")
    for name, metavar, text in FLAGS:
        keywords: dict[str, Any] = {"action": "store_true"}
        if metavar:
            action = "append" if name in MANY else "store"
            keywords = {"action": action, "metavar": metavar}
        group.addoption(
            flag_of(name),
            dest=f"parsediff_{name}",
            default=None,
            # argparse takes "%" in a help text for a placeholder of its own
            help=text.replace("%", "%%"),
            **keywords,
        )
        if name in INI:
            kind: Any = INI[name]
            same = f"same as {flag_of(name)}"
            parser.addini(f"parsediff_{name}", same, type=kind, default=None)


def add_retry_flag(parser: pytest.Parser, args: list[str]) -> None:
    """Register ``--parsediff-retry-failed[=RUN]``; it never takes the next argument.

    argparse gives an optional value to the next word. The flag is therefore registered
    only after the early parsing, and a bare one is completed in place.
    """
    try:
        parser.getgroup("parsediff").addoption(
            RETRY_FLAG,
            dest="parsediff_retry_failed",
            default=None,
            metavar="RUN",
            help="with --parsediff-record: only what the last recording, or"
            " recording RUN, left undone; with =",
        )
    except (ValueError, argparse.ArgumentError):  # registered by an outer conftest
        return
    end = args.index("--") if "--" in args else len(args)
    for index in range(end):
        if args[index] == RETRY_FLAG:
            args[index] = f"{RETRY_FLAG}={LAST_RUN}"


def given_flags(config: pytest.Config) -> list[str]:
    """Return the flags of a live run on the command line, as they are typed.

    Ini values are defaults of a live run, they do not start one: else no other run
    would be left to a project that has them. A seed alone starts none either, because
    stress runs have one too.
    """
    given = [
        flag_of(name)
        for name, _, _ in FLAGS
        if getattr(config.option, f"parsediff_{name}", None) is not None
    ]
    if getattr(config.option, "parsediff_retry_failed", None) is not None:
        given.append(RETRY_FLAG)
    return [] if given == [flag_of("seed")] else given
