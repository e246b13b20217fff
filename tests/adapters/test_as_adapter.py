"""Making an adapter of what users write."""
# ruff: noqa: ARG002, ARG005, PLW0108 - signatures are the matter here

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.adapters.contain import collect
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.core.errors import AdapterLoadError
from pytest_parsediff.core.event import Context, Event, Source


class Scanner:
    """An adapter with the one required method."""

    name = "scanner"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Event]:
        """Yield one event."""
        yield {"path": source.path.name, "cursor": cursor}


class Opener:
    """An adapter that is opened."""

    name = "opener"

    def open(self, source: Source, context: Context) -> Opener:
        """Return a reader."""
        return self

    def scan(self, cursor: str | None) -> list[Event]:
        """Return one event."""
        return [{"opened": True}]

    def close(self) -> None:
        """Do nothing."""


def events(obj: object, source: Source, context: Context) -> list[Event]:
    """Return what *obj*, made an adapter, emits."""
    adapter = as_adapter(obj, "mine")
    return collect(adapter, source, context, timeout_s=60, max_output_mb=1).events


@pytest.mark.parametrize("cls", [Scanner, Opener])
def test_an_adapter_stays_what_it_is(cls: type) -> None:
    """An object with ``scan`` or ``open`` is returned itself."""
    adapter = cls()

    assert as_adapter(adapter, "mine") is adapter


@pytest.mark.parametrize("cls", [Scanner, Opener])
def test_a_class_of_adapters_is_instantiated(cls: type) -> None:
    """An entry point may name the class."""
    assert isinstance(as_adapter(cls, "mine"), cls)


def parse_path(path: Path) -> Iterator[Event]:
    """Yield the type and name of what it was given."""
    yield {"name": path.name, "is_path": isinstance(path, Path)}


class Parser:
    """Callables that are no functions."""

    def __call__(self, path: Path) -> Iterator[Event]:
        """Parse as a callable object."""
        return parse_path(path)

    def method(self, path: Path) -> Iterator[Event]:
        """Parse as a bound method."""
        return parse_path(path)


@pytest.mark.parametrize(
    "function",
    [
        parse_path,
        Parser(),
        Parser().method,
        functools.partial(parse_path),
        lambda path: list(parse_path(path)),
        lambda path, encoding="utf-8": parse_path(path),
        lambda path=None: parse_path(path),
        lambda *args: parse_path(*args),
        lambda path, *, strict=True: parse_path(path),
        lambda path, **options: parse_path(path),
    ],
)
def test_a_function_of_one_argument_gets_the_path(
    function: Callable[..., object], source: Source, context: Context
) -> None:
    """Every callable that can be called with a path is given a ``Path``."""
    assert [{"name": "store.db", "is_path": True}] == events(function, source, context)


def test_a_function_of_two_arguments_gets_the_context(
    source: Source, context: Context
) -> None:
    """Two required arguments are path and context."""
    seen = []

    def parse(path: Path, given: Context) -> list[Event]:
        seen.append((path, given))
        return [{"a": 1}]

    assert [{"a": 1}] == events(parse, source, context)
    assert [(source.path, context)] == seen


def test_a_function_without_a_signature_gets_the_path(
    source: Source, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callable written in C that says nothing about itself is given the path."""

    class Silent:
        __signature__ = None

        def __call__(self, *args: object) -> list[Event]:
            return [{"count": len(args)}]

    def refuse(*_: object) -> None:
        raise ValueError("no signature found")

    monkeypatch.setattr("inspect.signature", refuse)

    assert [{"count": 1}] == events(Silent(), source, context)


def test_methods_without_a_signature_are_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An adapter written in C that says nothing about itself is taken."""

    def refuse(*_: object) -> None:
        raise ValueError("no signature found")

    monkeypatch.setattr("inspect.signature", refuse)
    adapter = Scanner()

    assert as_adapter(adapter, "mine") is adapter


@pytest.mark.parametrize(
    "function",
    [
        lambda: [],  # noqa: PIE807 - a list class has another signature
        lambda a, b, c: [],
        lambda *, path: [],
        lambda path, *, must: [],
    ],
)
def test_a_function_that_cannot_be_called_is_refused(
    function: Callable[..., object],
) -> None:
    """Its signature is shown, with a form that works."""
    with pytest.raises(AdapterLoadError, match=r"cannot be called with \(path\)"):
        as_adapter(function, "mine")


async def coroutine(path: Path) -> list[Event]:
    """Return nothing, asynchronously."""
    return []


async def generator(path: Path) -> AsyncIterator[Event]:
    """Yield one event, asynchronously."""
    yield {}


class AsyncCallable:
    """An object whose call is asynchronous."""

    async def __call__(self, path: Path) -> list[Event]:
        """Return nothing."""
        return []


class AsyncScanner:
    """An adapter whose scan is asynchronous."""

    name = "async"

    async def scan(self, source: Source, cursor: str | None) -> AsyncIterator[Event]:
        """Yield one event."""
        yield {}


@pytest.mark.parametrize("obj", [coroutine, generator, AsyncCallable(), AsyncScanner])
def test_asynchronous_adapters_are_refused(obj: object) -> None:
    """Nothing would await them, and the message says so."""
    with pytest.raises(AdapterLoadError, match="PD410: adapter 'mine' is asynchronous"):
        as_adapter(obj, "mine")


@pytest.mark.parametrize("function", [lambda p: coroutine(p), lambda p: generator(p)])
def test_what_turns_out_asynchronous_is_refused(
    function: Callable[[Path], object], source: Source, context: Context
) -> None:
    """A wrapper hides the kind of a function, but not what comes out of it."""
    with pytest.raises(AdapterLoadError, match=r"it returned a (coroutine|async_gen)"):
        events(function, source, context)


@pytest.mark.parametrize("thing", [None, 7, "module:callable", {"a": 1}])
def test_what_is_no_adapter_is_refused(thing: object) -> None:
    """Neither methods nor a call: it is shown."""
    with pytest.raises(
        AdapterLoadError, match="expected an adapter or a function, got"
    ):
        as_adapter(thing, "mine")


def test_a_class_without_methods_is_refused() -> None:
    """A class is no function, although it can be called."""
    with pytest.raises(AdapterLoadError, match="class Path has neither scan nor open"):
        as_adapter(type("Path", (), {}), "mine")


def test_a_class_that_cannot_be_instantiated_is_refused() -> None:
    """The error of its constructor is shown with the adapter's own traceback."""

    class Broken(Scanner):
        def __init__(self) -> None:
            raise RuntimeError("no licence")

    with pytest.raises(
        AdapterLoadError, match=r"Broken\(\) raised RuntimeError"
    ) as caught:
        as_adapter(Broken, "mine")

    assert 'raise RuntimeError("no licence")' in caught.value.detail
    assert "python.py" not in caught.value.detail


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"scan": lambda self, source: []}, "scan must take (source, cursor)"),
        ({"open": lambda self: self}, "open must take (source, context)"),
    ],
)
def test_methods_of_the_wrong_shape_are_refused(
    body: dict[str, Any], wanted: str
) -> None:
    """A method that cannot be called as the protocol says is found at once."""
    with pytest.raises(AdapterLoadError) as caught:
        as_adapter(type("Wrong", (), body), "mine")

    assert wanted in caught.value.message


@pytest.mark.parametrize(
    ("result", "shown"),
    [(None, "None"), (7, "int 7"), ({"a": 1}, "dict {'a': 1}"), ("x", "str 'x'")],
)
def test_a_result_that_is_no_iterable_of_events_is_refused(
    result: object, shown: str, source: Source, context: Context
) -> None:
    """``return`` where ``yield`` was meant is answered with both."""
    with pytest.raises(AdapterLoadError) as caught:
        events(lambda path: result, source, context)

    assert f"expected an iterable of dictionaries, got {shown}" in caught.value.message
    assert "Yield each event" in caught.value.hint
