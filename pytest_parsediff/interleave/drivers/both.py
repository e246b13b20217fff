"""Follow readers that use the ``sqlite3`` module and apsw on one store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.drivers.driver import Reach, Witness
from pytest_parsediff.interleave.drivers.stdlib import StdlibDriver


class BothDriver:
    """Follows connections of both libraries; the writers are in another process."""

    @contextmanager
    def following(self, root: Path, reach: Reach) -> Iterator[Witness]:
        """Report every snapshot that such a connection takes; see ``Driver``."""
        with (
            StdlibDriver().following(root, reach) as witness,
            ApswDriver().following(root, reach, witness),
        ):
            yield witness
