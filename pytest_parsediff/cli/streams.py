"""The three standard streams, which whoever starts a program may have closed."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from pytest_parsediff.core.errors import OutputError

_STANDARD = range(3)


def occupy_closed() -> None:
    """Let the numbers of closed streams lead nowhere.

    The next file to be opened, such as the store, would get such a number, and whatever
    in this process prints without asking would print into it.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def stdout_number() -> int:
    """Return the descriptor of standard output.

    Raises:
        OutputError: PD118, there is none.
    """
    if sys.stdout is None:
        hint = "Leave it open; what is not wanted goes to /dev/null."
        raise OutputError("standard output is closed", None, hint)
    return sys.stdout.fileno()


def stderr_or_nowhere() -> TextIO:
    """Return standard error, or what takes its place where that is closed."""
    return sys.stderr if sys.stderr is not None else open(os.devnull, "w")


def silence(stream: TextIO) -> None:
    """Let what *stream* still holds, and all that comes, go nowhere.

    Else the interpreter would try again in the end, and complain.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
