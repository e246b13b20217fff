"""The verbs ``scan``, ``tail`` and ``probe``: options, exit status, and the order of work.

Exit status: 0 done; 2 wrong usage or a typed error, which ``scan`` also ends with where
something could not be read; 130 and 143 a scan was ended by
SIGINT or SIGTERM, which for ``tail`` is the normal end, 0; 141 whoever read standard
output is gone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from pytest_parsediff.cli.cadence import Cadence
from pytest_parsediff.cli.console import Console
from pytest_parsediff.cli.cursors import read_cursor
from pytest_parsediff.cli.following import Follower
from pytest_parsediff.cli.lines import LineWriter, OutputClosed
from pytest_parsediff.cli.passing import Passage
from pytest_parsediff.cli.probing import probe_source
from pytest_parsediff.cli.reading import Readings
from pytest_parsediff.cli.stopping import Stopped, Stopper
from pytest_parsediff.cli.streams import (
    occupy_closed,
    silence,
    stderr_or_nowhere,
    stdout_number,
)
from pytest_parsediff.cli.subject import Subject, find_subject
from pytest_parsediff.core.errors import OutputError, ParsediffError, Unavailable
from pytest_parsediff.core.event import Context, Source

VerbName: TypeAlias = Literal["scan", "tail", "probe"]

_FAILED = 2
_BY_SIGNAL = 128
_SIGPIPE = 13


def run_verb(verb: VerbName, options: argparse.Namespace) -> int:
    """Run one verb and return the exit status."""
    occupy_closed()
    console = Console(stderr_or_nowhere(), quiet=options.quiet)
    verbs: dict[VerbName, Callable[[_Work], int]] = {
        "scan": _scan,
        "tail": _tail,
        "probe": _probe,
    }
    with Stopper() as stopper:
        try:
            return _work(verbs[verb], options, console, stopper)
        except (ParsediffError, Unavailable) as error:
            console.error(str(error))
            return _FAILED
        except OutputClosed:
            silence(sys.stdout)
            return _BY_SIGNAL + _SIGPIPE
        except KeyboardInterrupt as stop:
            if verb == "tail" and isinstance(stop, Stopped):
                return 0
            return _BY_SIGNAL + (stopper.signal or 2)
        finally:
            console.done()


class _Work:
    """What a verb is given: everything that the options say, opened."""

    def __init__(
        self,
        options: argparse.Namespace,
        subject: Subject,
        context: Context,
        passage: Passage,
    ) -> None:
        self.options = options
        self.subject = subject
        self.context = context
        self.passage = passage

    def readings(self, source: Source) -> Readings:
        return Readings(self.subject, source, self.context)


def _work(
    verb: Callable[[_Work], int],
    options: argparse.Namespace,
    console: Console,
    stopper: Stopper,
) -> int:
    output = stdout_number()
    with (
        stopper.interruptible()
    ):  # an adapter's import, or a pipe that is no cursor yet
        subject = find_subject(options.adapter, options.source, options.config)
        cursor = _first_cursor(options)
    passage = Passage(
        writer=LineWriter(output, subject.rules),
        console=console,
        stopper=stopper,
        cursor_out=options.resume or options.cursor_out,
        cursor=cursor,
    )
    with _folders(options.state_dir) as context:
        return verb(_Work(options, subject, context, passage))


def _first_cursor(options: argparse.Namespace) -> str | None:
    """Return the cursor to begin with; ``None`` for the beginning."""
    if options.resume is not None:
        return read_cursor(options.resume) if options.resume.exists() else None
    if options.cursor is not None:
        return read_cursor(options.cursor)
    return options.cursor_text or None


def _scan(work: _Work) -> int:
    passage = work.passage
    uses_cursor = passage.cursor is not None or passage.cursor_out is not None
    only = (work.subject.source,) if uses_cursor else work.subject.sources
    from_now = work.options.since == "now"
    for source in only:
        readings = work.readings(source)
        try:
            passage.pass_on(readings, from_now=from_now)
        finally:
            readings.close(quietly=True)
        if not uses_cursor:
            passage.cursor = None
    _tell_if_no_cursor(work)
    return _FAILED if passage.console.errors else 0


def _tail(work: _Work) -> int:
    options, passage = work.options, work.passage
    source = work.subject.source
    readings = work.readings(source)
    follower = Follower(
        readings=readings,
        passage=passage,
        cadence=Cadence(time.monotonic, options.interval),
        watches=not options.no_watch,
    )
    is_new = passage.cursor is None
    try:
        follower.follow(from_now=is_new and options.since == "now")
    finally:
        readings.close(quietly=True)
    _tell_if_no_cursor(work)
    return 0


def _probe(work: _Work) -> int:
    for source in work.subject.sources:
        with work.passage.stopper.interruptible():
            found = probe_source(work.subject, source, work.context)
        text = json.dumps(found, indent=2, sort_keys=True, default=str)
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            silence(sys.stdout)
            message = f"standard output cannot be written: {error.strerror}"
            raise OutputError(message) from error
    return 0


def _tell_if_no_cursor(work: _Work) -> None:
    passage = work.passage
    if passage.cursor_out is not None and passage.cursor is None:
        name = work.subject.adapter.name
        passage.console.tell(
            f"notice: no-checkpoint: adapter {name!r} handed out no checkpoint;"
            f" {passage.cursor_out} was not written"
        )


@contextmanager
def _folders(state_dir: Path | None) -> Iterator[Context]:
    """Give the adapter its folders; the one for its state stays if it was named."""
    with tempfile.TemporaryDirectory(prefix="pytest-parsediff-cli-") as base:
        tmp = Path(base).resolve() / "tmp"
        tmp.mkdir()
        state = state_dir.absolute() if state_dir else tmp.parent / "state"
        state.mkdir(parents=True, exist_ok=True)
        yield Context(time.monotonic, state, tmp)
