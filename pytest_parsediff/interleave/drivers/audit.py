"""The one audit hook of this process: hooks cannot be removed, so it is gated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

#: Called with the name of the event and its arguments; may raise, and that propagates
#: into whoever caused the event (https://docs.python.org/3/library/sys.html#sys.addaudithook).
Listener: TypeAlias = Callable[[str, tuple[Any, ...]], None]

#: By event: most events of a process concern nobody, and one look-up says so.
_listeners: dict[str, list[Listener]] = {}
_is_installed = False


def listen(listener: Listener, events: Iterable[str]) -> None:
    """Let *listener* hear the audit *events* of this process from now on."""
    _install()
    for event in events:
        _listeners.setdefault(event, []).append(listener)


def ignore(listener: Listener, events: Iterable[str]) -> None:
    """Let *listener*, which heard *events*, hear them no more."""
    for event in events:
        _listeners[event].remove(listener)


@contextmanager
def listening(listener: Listener, events: Iterable[str]) -> Iterator[None]:
    """Let *listener* hear *events* for a while."""
    listen(listener, events)
    try:
        yield
    finally:
        ignore(listener, events)


def _install() -> None:
    global _is_installed  # noqa: PLW0603 - a hook stays for the life of the process
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    listeners = _listeners.get(event)
    if listeners:
        for listener in tuple(listeners):
            listener(event, args)
