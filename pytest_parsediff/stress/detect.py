"""Find out how an adapter reads its store, and so how it can be followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_parsediff.core.event import Context, Source
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.both import BothDriver
from pytest_parsediff.interleave.drivers.driver import Driver
from pytest_parsediff.interleave.drivers.files import FileDriver
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver
from pytest_parsediff.interleave.schedule import Kind
from pytest_parsediff.interleave.subject import Subject
from pytest_parsediff.interleave.writers.connection import Library


@dataclass(frozen=True, slots=True)
class Detected:
    """How an adapter reads.

    Attributes:
        driver: Follows it.
        library: What writers go through.
        note: What people should know of it, one sentence; may be empty.
        is_followed: Whether nothing of it escapes the driver, as far as is known.
    """

    driver: Driver
    library: Library
    note: str = ""
    is_followed: bool = True


def detect(subject: Subject, source: Source, root: Path, context: Context) -> Detected:
    """Parse *source* once and see which library's connections the adapter makes.

    Only one SQLite library may be used on a file by one process, so writers go
    through the reader's own, or live in a process of their own where it has none here.

    Raises:
        ParsediffError: PD4xx, the adapter fails on the quiet store.
    """
    if source.path.is_dir() or not _is_database(source.path):
        return Detected(FileDriver(), Library.PROCESS)

    def ignore(_kind: Kind, _label: str) -> None:
        """Let the reader go on."""

    with (
        StdlibDriver().following(root, ignore) as stdlib,
        ApswDriver().following(root, ignore) as apsw,
    ):
        subject.parse(source, context)
    if stdlib.connections and apsw.connections:
        note = (
            "the adapter reads through two SQLite libraries in one process, which take"
            " each other's locks away"
        )
        return Detected(BothDriver(), Library.PROCESS, note)
    if stdlib.connections:
        return Detected(StdlibDriver(), Library.STDLIB)
    if apsw.connections:
        return Detected(ApswDriver(), Library.APSW)
    with FileDriver().following(root, ignore) as files:
        subject.parse(source, context)
    if files.gaps and not files.unseen:  # a copy is made and read, or bytes are
        return Detected(FileDriver(), Library.PROCESS)
    note = "the adapter reads the database in no way that can be followed here"
    return Detected(ApswDriver(), Library.PROCESS, note, is_followed=False)


def _is_database(path: Path) -> bool:
    """Return whether a file that nobody has open is a SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
