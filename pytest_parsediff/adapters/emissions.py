"""What a scan hands out: an iterable, and in it events, checkpoints, notices, …."""

from __future__ import annotations

import inspect
import marshal
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from types import GeneratorType
from typing import Any, cast

from pytest_parsediff.core.errors import AdapterLoadError, NotAnEventError, clip
from pytest_parsediff.core.event import Checkpoint, Emission, Evidence, Notice

_YIELD_HINT = "Yield each event as a dictionary, or return a list of dictionaries."
_ASYNC_HINT = "Write a plain function; `asyncio.run` inside it if need be."
_PLAIN_ITERABLES = (GeneratorType, list)
_CONTAINER_BYTES = 64
_SCALAR_BYTES = 8
_NO_REFERENCES = 2  # version of marshal's format that writes equal strings twice


def iterate(result: object, name: str) -> Iterator[object]:
    """Return an iterator over what adapter *name* returned.

    Raises:
        AdapterLoadError: PD410, *result* is no iterable of events: ``None``, one
            dictionary, text, a coroutine, an asynchronous generator, a number.
    """
    if type(result) in _PLAIN_ITERABLES:  # spares most adapters the questions below
        return iter(cast("Iterable[object]", result))
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    if inspect.isawaitable(result) or isinstance(result, AsyncIterable):
        kind = type(result).__name__
        message = f"adapter {name!r} is asynchronous: it returned a {kind}"
        raise AdapterLoadError(message, hint=_ASYNC_HINT)
    if not isinstance(result, Iterable) or isinstance(result, (Mapping, str, bytes)):
        message = f"adapter {name!r}: expected an iterable of dictionaries, "
        raise AdapterLoadError(f"{message}got {_kind(result)}", hint=_YIELD_HINT)
    return iter(result)


def check(item: object, index: int, name: str) -> Emission:
    """Return *item* if it is something that may be emitted.

    An event is copied on the surface, so that an adapter may fill one dictionary
    again and again.

    Args:
        item: What the adapter emitted.
        index: How many came before it, for messages.
        name: Name of the adapter, for messages.

    Raises:
        NotAnEventError: PD405, it is neither a dictionary nor one of our types.
    """
    match item:
        case dict():
            return dict(item)
        case Checkpoint(cursor=str()) | Notice():
            return item
        case Evidence(session=str(), digest=str()):
            return item
    message = f"adapter {name!r}: item {index} is {_kind(item)}, not a dictionary"
    raise NotAnEventError(message)


def weigh(item: Any, limit: float) -> int:  # Any: marshal itself says what fits
    """Return about how many bytes *item* takes, and stop counting behind *limit*.

    A dictionary that holds itself weighs more than any limit.
    """
    try:  # in C, three times as fast as the walk
        return _CONTAINER_BYTES + len(marshal.dumps(item, _NO_REFERENCES))
    except ValueError:  # an object of another type, or too deep
        return _walk(item, limit)


def _walk(item: object, limit: float) -> int:
    total = 0
    pending: list[object] = [item]
    while pending and total <= limit:
        value = pending.pop()
        if isinstance(value, (str, bytes)):
            total += len(value)
        elif isinstance(value, dict):
            total += _CONTAINER_BYTES
            pending += value
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            total += _CONTAINER_BYTES
            pending += value
        elif isinstance(value, Checkpoint):
            total += _CONTAINER_BYTES + len(value.cursor)
        elif isinstance(value, Evidence):
            total += _CONTAINER_BYTES + len(value.session) + len(value.digest)
        else:
            total += _SCALAR_BYTES
    return total


def _kind(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {clip(value)}"
