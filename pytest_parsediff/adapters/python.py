"""Adapters in Python: find the object, and make an adapter of it."""

from __future__ import annotations

import difflib
import importlib
import importlib.machinery
import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

from pytest_parsediff.adapters.emissions import iterate
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.traces import describe, own_traceback, place_below
from pytest_parsediff.core.errors import AdapterLoadError, Where, clip
from pytest_parsediff.core.event import Context, Emission, Source

_ASYNC_HINT = "Write a plain function; `asyncio.run` inside it if need be."
_CALL_HINT = "Write `def parse(path): yield {…}`, or take (path, context)."
_CLASH_HINT = "Rename one of the two modules."
_FIX_HINT = "Correct the module; its own traceback is above."


# --- finding ------------------------------------------------------------------------


def load(spec: str, search: Path | None = None) -> object:
    """Return the object that ``"module:callable"`` names.

    Args:
        spec: Module, colon, name inside the module; both may be dotted.
        search: Folder in which the module is looked for before anywhere else. It
            stays at the end of ``sys.path``, so that imports inside functions work
            later and nothing is hidden by its files. ``None`` leaves the path alone.

    Raises:
        AdapterLoadError: PD410, malformed, not found, the module raised (``where``
            is the place in it, ``detail`` its traceback), has no such name, or
            another module of that name is loaded already.
    """
    module_name, colon, attribute = (part.strip() for part in spec.partition(":"))
    if not (colon and _is_dotted(module_name) and _is_dotted(attribute)):
        raise AdapterLoadError(f"expected `module:callable`, got {clip(spec)}")
    module = _import(module_name, search)
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise AdapterLoadError(_no_attribute(module, attribute, found, part))
        found = getattr(found, part)
    return found


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _import(name: str, search: Path | None) -> ModuleType:
    _refuse_clash(name, search)
    try:
        with _first_on_path(search):
            importlib.invalidate_caches()
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and _is_part(error.name, name):
            where = f" in {search} or" if search else ""
            message = f"no module named {error.name!r}{where} among the installed ones"
            raise AdapterLoadError(message) from error
        raise AdapterLoadError(
            f"importing {name!r} raised {describe(error)}",
            place_below(error, search or Path("/")),
            _FIX_HINT,
            own_traceback(error),
        ) from error


def _is_part(missing: str | None, name: str) -> bool:
    """Return whether *missing* is *name* or a package that holds it."""
    return missing is not None and f"{name}.".startswith(f"{missing}.")


@contextmanager
def _first_on_path(search: Path | None) -> Iterator[None]:
    """Put *search* in front of ``sys.path`` for a while, and leave it at the end."""
    if search is None:
        yield
        return
    entry = str(search)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
        if entry not in sys.path:
            sys.path.append(entry)


def _refuse_clash(name: str, search: Path | None) -> None:
    """Refuse a module of *search* if another one of its name is loaded.

    Two folders with an ``adapter.py`` each would silently share the first one. An
    installed package stays in force: then the folder is its own checkout.
    """
    top = name.partition(".")[0]
    loaded = getattr(sys.modules.get(top), "__file__", None)
    if search is None or loaded is None:
        return
    spec = importlib.machinery.PathFinder.find_spec(top, [str(search)])
    if spec is None or spec.origin is None or Path(spec.origin) == Path(loaded):
        return
    paths = sysconfig.get_paths()
    if any(Path(loaded).is_relative_to(paths[key]) for key in ("purelib", "platlib")):
        return
    message = f"module {top!r} is already loaded from {loaded}"
    raise AdapterLoadError(message, Where(spec.origin), _CLASH_HINT)


def _no_attribute(module: ModuleType, wanted: str, holder: object, part: str) -> str:
    known = [name for name in dir(holder) if not name.startswith("_")]
    near = difflib.get_close_matches(part, known, n=1)
    nearest = f"; the nearest name is {near[0]!r}" if near else ""
    return f"module {module.__name__!r} has no {wanted!r}{nearest}"


# --- making an adapter --------------------------------------------------------------


def as_adapter(obj: object, name: str) -> Adapter | OpenableAdapter:
    """Return *obj* as an adapter.

    Args:
        obj: An object with ``scan`` or ``open``, a class of such objects, or a
            callable. A callable with one required positional parameter is given the
            path of the source, one with two the path and the context.
        name: What the adapter is called in messages, if *obj* does not say.

    Raises:
        AdapterLoadError: PD410, it is none of that, or asynchronous.
    """
    if inspect.isclass(obj):
        obj = _instance(obj, name)
    for verb in ("open", "scan"):
        method = getattr(obj, verb, None)
        if callable(method):
            _check_method(method, verb, name)
            return cast("Adapter | OpenableAdapter", obj)
    if not callable(obj):
        message = f"adapter {name!r}: expected an adapter or a function, "
        raise AdapterLoadError(f"{message}got {clip(obj)}", hint=_CALL_HINT)
    _refuse_async(obj, name)
    if _wanted_arguments(obj, name) == 2:
        return _ContextFunction(name, obj)
    return _PathFunction(name, obj)


def capable(adapter: object) -> object:
    """Return what may have the capabilities of *adapter*: of a function, itself."""
    if isinstance(adapter, (_PathFunction, _ContextFunction)):
        return adapter.function
    return adapter


def _instance(cls: type, name: str) -> object:
    if not (hasattr(cls, "scan") or hasattr(cls, "open")):
        message = f"adapter {name!r}: class {cls.__name__} has neither scan nor open"
        raise AdapterLoadError(message, hint=_CALL_HINT)
    try:
        return cls()
    except Exception as error:
        message = f"adapter {name!r}: {cls.__name__}() raised {describe(error)}"
        detail = own_traceback(error)
        raise AdapterLoadError(message, hint=_FIX_HINT, detail=detail) from error


def _check_method(method: Callable[..., object], verb: str, name: str) -> None:
    _refuse_async(method, name)
    second = "cursor" if verb == "scan" else "context"
    try:
        inspect.signature(method).bind(object(), object())
    except TypeError as error:
        message = f"adapter {name!r}: {verb} must take (source, {second}): {error}"
        hint = f"Write `def {verb}(self, source, {second})`."
        raise AdapterLoadError(message, hint=hint) from error
    except ValueError:  # written in C, without a signature
        return


def _refuse_async(function: object, name: str) -> None:
    for candidate in (function, getattr(function, "__call__", None)):  # noqa: B004 - its code is looked at
        if inspect.iscoroutinefunction(candidate) or inspect.isasyncgenfunction(
            candidate
        ):
            message = f"adapter {name!r} is asynchronous, and nothing would await it"
            raise AdapterLoadError(message, hint=_ASYNC_HINT)


def _wanted_arguments(function: Callable[..., object], name: str) -> int:
    """Return how many arguments to call *function* with: one or two."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C, without a signature
        return 1
    required = [p for p in parameters if p.default is p.empty]
    positional = [p for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD]
    count = len([p for p in required if p.kind <= p.POSITIONAL_OR_KEYWORD])
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keyword_only = [p.name for p in required if p.kind is p.KEYWORD_ONLY]
    if keyword_only or count > 2 or not (positional or takes_any):
        signature = inspect.signature(function)
        message = f"adapter {name!r}: cannot be called with (path): {signature}"
        raise AdapterLoadError(message, hint=_CALL_HINT)
    return max(count, 1)


@dataclass(frozen=True, slots=True)
class _PathFunction:
    """A function of the path. It knows no cursor: every scan is a full one."""

    name: str
    function: Callable[..., object]

    def scan(self, source: Source, _cursor: str | None, /) -> Iterator[Emission]:
        return cast(
            "Iterator[Emission]", iterate(self.function(source.path), self.name)
        )


@dataclass(frozen=True, slots=True)
class _ContextFunction:
    """A function of path and context. It knows no cursor either."""

    name: str
    function: Callable[..., object]

    def open(self, source: Source, context: Context, /) -> _ContextReader:
        return _ContextReader(self, source, context)


@dataclass(frozen=True, slots=True)
class _ContextReader:
    adapter: _ContextFunction
    source: Source
    context: Context

    def scan(self, _cursor: str | None, /) -> Iterator[Emission]:
        result = self.adapter.function(self.source.path, self.context)
        return cast("Iterator[Emission]", iterate(result, self.adapter.name))

    def close(self) -> None:
        """Keep nothing open between scans."""
