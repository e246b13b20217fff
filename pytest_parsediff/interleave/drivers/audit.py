"""The one audit hook of this process: hooks cannot be removed, so it is gated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

#: Called with the name of the event and its arguments; may raise, and that propagates
#: into whoever caused the event (https://docs.python.org/3/library/sys.html#sys.addaudithook).
Listener: TypeAlias = Callable[[str, tuple[Any, ...]], None]

_listeners: list[Listener] = []
_is_installed = False


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let *listener* hear every audit event of this process for a while."""
    _install()
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _install() -> None:
    global _is_installed  # noqa: PLW0603 - a hook stays for the life of the process
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _listeners:
        for listener in tuple(_listeners):
            listener(event, args)
