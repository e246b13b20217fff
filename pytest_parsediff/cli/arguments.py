"""The command line of ``scan``, ``tail`` and ``probe``; loads nothing else."""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path
from typing import Any

_STATUS = """\
exit status: 0 done; 2 wrong usage, or an error with its code, place and hint on
standard error; 141 whoever read standard output is gone; {signals}"""
_SCAN_END = "130 or 143 ended by SIGINT or SIGTERM."
_TAIL_END = "SIGINT and SIGTERM are its normal end, 0."

_SCAN = """\
Print the events of a store as canonical JSON lines: all of them, or with --cursor what
is new since then. Notices, and on a terminal progress, go to standard error."""
_TAIL = """\
Print what is new in a store, as canonical JSON lines, whenever it is written, until
SIGINT or SIGTERM. Delivery is at least once: after a crash, go on from --resume FILE;
then nothing is lost, and what was printed after the cursor comes again."""
_PROBE = "Print what the adapter can tell of a store, as JSON, without parsing it."


def add_verbs(verbs: Any) -> None:  # Any: argparse does not name this type
    """Add the three verbs to what ``add_subparsers`` returned."""
    scan = _add(verbs, "scan", "print the events of a store", _SCAN, _SCAN_END)
    _add_cursors(scan)
    scan.add_argument(
        "--since",
        choices=("start", "now"),
        default="start",
        help="now: print nothing, only find the cursor; without a cursor to begin with"
        " (default: %(default)s)",
    )
    tail = _add(verbs, "tail", "follow a store that is written", _TAIL, _TAIL_END)
    _add_cursors(tail)
    tail.add_argument(
        "--since",
        choices=("now", "start"),
        default="now",
        help="where to begin without a cursor: leave out what is stored already, or"
        " print it first (default: %(default)s)",
    )
    tail.add_argument(
        "--interval",
        type=_seconds,
        default=2.0,
        metavar="SECONDS",
        help="longest time between two polls (default: %(default)g)",
    )
    tail.add_argument(
        "--no-watch",
        action="store_true",
        help="do not ask the file system to tell of changes, only poll",
    )
    probe = _add(verbs, "probe", "tell about a store", _PROBE, _SCAN_END)
    probe.set_defaults(cursor=None, cursor_text=None, cursor_out=None, resume=None)


def _add(verbs: Any, name: str, short: str, long: str, signals: str) -> Any:
    parser = verbs.add_parser(
        name,
        help=short,
        description=long,
        epilog=_STATUS.format(signals=signals),
    )
    parser.add_argument("source", metavar="SOURCE", help="file or folder of the store")
    parser.add_argument(
        "--adapter",
        required=True,
        metavar="NAME",
        help="configured, built in, an entry point, or module:callable",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="parsediff.toml or pyproject.toml (default: the one in this folder)",
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        metavar="FOLDER",
        help="{state} of commands, kept between runs (default: a temporary one)",
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no notices and no progress"
    )
    parser.set_defaults(verb=partial(_run, name))
    return parser


def _add_cursors(parser: Any) -> None:
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--cursor", type=Path, metavar="FILE", help="go on from the cursor in FILE"
    )
    begin.add_argument(
        "--cursor-text", metavar="TEXT", help="go on from this very cursor"
    )
    begin.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="go on from the cursor in FILE if there is one, and keep it up to date",
    )
    parser.add_argument(
        "--cursor-out",
        type=Path,
        metavar="FILE",
        help="keep the latest cursor in FILE, written after all that it covers",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return seconds


def _run(name: Any, options: argparse.Namespace) -> int:
    from pytest_parsediff.cli.verbs import run_verb  # noqa: PLC0415 - --help is fast

    return run_verb(name, options)
