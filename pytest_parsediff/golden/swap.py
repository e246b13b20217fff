"""Put a new file in the place of a golden without ever losing somebody's edit.

A golden is never opened for writing and never renamed over. It is renamed aside, looked
at there, where nobody writes any more, and only then the new file is linked to its name,
which fails when somebody has made a file meanwhile. Whatever is found that nobody
expected goes back, or stays beside the golden and is told of.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pytest_parsediff.golden.stage import digest


@dataclass(slots=True)
class Swap:
    """One golden on its way.

    Attributes:
        golden: The file to replace or to make.
        fence: SHA-256 (hex) of the bytes it must have; ``None`` if it must not exist.
        content: The bytes it shall have.
        token: Part of the helper files' names; never used by an earlier run.
        is_put: Whether the golden's name stands for the new file.
    """

    golden: Path
    fence: str | None
    content: bytes
    token: str
    is_put: bool = field(default=False, init=False)
    _garbage: list[Path] = field(default_factory=list, init=False)

    def prepare(self) -> None:
        """Write the new bytes beside the golden, with the golden's mode.

        Raises:
            OSError: The golden is untouched.
        """
        new = self._helper("new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        self._garbage.append(new)
        with open(descriptor, "wb") as file:
            file.write(self.content)
        with contextlib.suppress(FileNotFoundError):
            mode = self.golden.stat().st_mode & 0o7777
            if mode != new.stat().st_mode & 0o7777:
                new.chmod(mode)

    def put(self) -> bool:
        """Swap the golden; return whether it was still the one compared with.

        Raises:
            OSError: The golden is what it was.
        """
        old = self._helper("old")
        self.is_put = _exchange(self.golden, old, self._helper("new"), self.fence)
        if self.is_put:
            self._garbage.append(old)
        return self.is_put

    def undo(self) -> None:
        """Put back what was there, unless somebody has replaced ours.

        Raises:
            OSError: The golden is the new one; the old one stays beside it.
        """
        if not self.is_put:
            return
        old, undone = self._helper("old"), self._helper("undone")
        self._garbage.remove(old)
        before = None if self.fence is None else old
        if _exchange(self.golden, undone, before, digest(self.content)):
            self._garbage.append(undone)
        self._garbage.append(old)
        self.is_put = False

    def clean(self) -> list[Path]:
        """Remove helper files; return those that hold what nothing else holds."""
        for path in self._garbage:
            with contextlib.suppress(OSError):
                path.unlink()
        helpers = [self._helper(kind) for kind in ("new", "old", "undone")]
        return [path for path in helpers if os.path.lexists(path)]

    def _helper(self, kind: str) -> Path:
        return self.golden.with_name(f".{self.golden.name}.{self.token}.{kind}")


def _exchange(
    golden: Path, aside: Path, incoming: Path | None, expected: str | None
) -> bool:
    """Put *incoming* in the place of *golden* if that has the digest *expected*.

    Args:
        golden: The name to change.
        aside: Where the replaced file is afterwards; must not exist.
        incoming: The file to put there; ``None`` for none.
        expected: ``None`` if *golden* must not exist.

    Returns:
        Whether it was done. If not, *golden* is what somebody else made it.

    Raises:
        OSError: *golden* is what it was.
    """
    try:
        os.rename(golden, aside)
    except FileNotFoundError:
        return expected is None and (incoming is None or _place(incoming, golden))
    try:
        is_expected = digest(aside.read_bytes()) == expected
        done = is_expected and (incoming is None or _place(incoming, golden))
    except BaseException:
        _give_back(aside, golden)
        raise
    if not is_expected:
        _give_back(aside, golden)
    elif not done:  # somebody made a file meanwhile, and knew what was there before
        aside.unlink()
    return done


def _give_back(aside: Path, golden: Path) -> None:
    """Rename *aside* back; if that is impossible it stays where it is."""
    with contextlib.suppress(OSError):
        if _place(aside, golden):
            aside.unlink()


def _place(source: Path, target: Path) -> bool:
    """Give *source* the name *target* too; return ``False`` if the name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _copy(source, target)
    return True


def _copy(source: Path, target: Path) -> bool:
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    try:
        with open(descriptor, "wb") as file:
            file.write(source.read_bytes())
        with contextlib.suppress(OSError):  # such a file system may not have modes
            shutil.copystat(source, target)
    except BaseException:
        target.unlink()
        raise
    return True
