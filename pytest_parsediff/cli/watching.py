"""Being told by the file system that a source changes; best effort, never needed.

The timer of the loop finds every change too, later. So whatever goes wrong here costs
time and loses nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pytest_parsediff.cli.sight import is_part

#: Milliseconds in which changes are gathered into one wake-up.
_DEBOUNCE_MS = 100
_STEP_MS = 20
#: Milliseconds after which the watching thread looks whether it shall end.
_LATEST_END_MS = 500


class Watcher:
    """Calls back when files of a source are written; a context manager.

    Leaving it waits for its thread.

    Args:
        path: The source: a file, then its folder is watched and the database's
            sidecars count too; or a folder, watched with all below.
        wake: Called in another thread, at most some ten times a second.
        failed: Called in another thread with the reason, once, if there is no watching
            on this system.
    """

    def __init__(
        self, path: Path, wake: Callable[[], None], failed: Callable[[str], None]
    ) -> None:
        self._path = path
        self._folder = path if path.is_dir() else path.parent
        self._wake = wake
        self._failed = failed
        self._has_failed = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._watched: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        self.renew()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def give_up(self) -> None:
        """Watch no longer; waits for the thread."""
        self._has_failed = True
        self._end()

    def renew(self) -> None:
        """Watch the folder that is there now, if it is another one than before."""
        identity = _identity(self._folder)
        is_alive = self._thread is not None and self._thread.is_alive()
        if self._has_failed or (is_alive and identity == self._watched):
            return
        self._end()
        self._watched = identity
        if identity is None:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(self._stop,), name="parsediff-watch", daemon=True
        )
        self._thread.start()

    def _end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, stop: threading.Event) -> None:
        _leave_signals_to_main()
        try:
            from watchfiles import watch  # noqa: PLC0415 - loaded when it is needed

            changes = watch(
                self._folder,
                watch_filter=lambda _change, path: is_part(self._path, path),
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=stop,
                rust_timeout=_LATEST_END_MS,
                raise_interrupt=False,
                recursive=self._path.is_dir(),
            )
            for _ in changes:
                self._wake()
        except FileNotFoundError:  # gone since; the loop will see it come back
            return
        except Exception as error:  # noqa: BLE001 - no reason to end what follows
            self._has_failed = True
            self._failed(f"{type(error).__name__}: {error}")


def _leave_signals_to_main() -> None:
    """Let no signal of the process arrive in this thread, or in those that it starts.

    The system interrupts the thread that it chooses; if that is not the main one, the
    main one goes on waiting, for example for a full pipe, and no handler runs.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
