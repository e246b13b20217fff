"""Cursors in files: read whole or not at all, replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_parsediff.core.errors import CursorFileError, Where


def read_cursor(path: Path) -> str:
    """Return the cursor in *path*, as it was written.

    Raises:
        CursorFileError: PD117, it is missing, unreadable, empty, or not UTF-8.
    """
    try:
        cursor = path.read_bytes().decode()
    except OSError as error:
        message = f"the cursor cannot be read: {error.strerror}"
        raise CursorFileError(message, Where(path)) from error
    except UnicodeDecodeError as error:
        raise CursorFileError("expected UTF-8 text", Where(path)) from error
    if not cursor:
        raise CursorFileError("expected a cursor, the file is empty", Where(path))
    return cursor


def write_cursor(path: Path, cursor: str) -> None:
    """Put *cursor* into *path*, so that it holds the old one or the new one.

    Also after a crash of the system: the bytes are on disk before the name is.

    Raises:
        CursorFileError: PD117, the file or its folder cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        message = f"the cursor cannot be written: {error.strerror}"
        raise CursorFileError(message, Where(path)) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(cursor.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        message = f"the cursor cannot be written: {error.strerror}"
        raise CursorFileError(message, Where(path)) from error
    finally:
        with suppress(FileNotFoundError):  # it has its final name
            os.unlink(name)
