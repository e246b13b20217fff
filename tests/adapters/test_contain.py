"""Whatever an adapter does in this process ends as a typed error."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest

from pytest_parsediff.adapters import deadline
from pytest_parsediff.adapters.contain import Emitted, collect
from pytest_parsediff.adapters.deadline import GRACE_S, Deadline, TimeUp
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.adapters.traces import own_stack
from pytest_parsediff.core.canonical import Encoder, encode_lines
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterExitError,
    AdapterLoadError,
    AdapterTimeoutError,
    NotAnEventError,
    OutputTooLargeError,
    RowError,
    Unavailable,
    Where,
)
from pytest_parsediff.core.event import Checkpoint, Context, Event, Notice, Source

Parse = Callable[[Path], object]
Run = Callable[..., Emitted]


@pytest.fixture
def run(source: Source, context: Context) -> Run:
    """Return a function that collects what a parse function emits."""

    def run(
        parse: object, *, timeout_s: float = 60, max_output_mb: float = 256
    ) -> Emitted:
        adapter = as_adapter(parse, "mine")
        return collect(
            adapter, source, context, timeout_s=timeout_s, max_output_mb=max_output_mb
        )

    return run


@pytest.fixture
def restored() -> Iterator[None]:
    """Check that handler and timer are afterwards what they were before."""
    before = (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))
    yield
    after = (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))
    assert before == after


# --- what comes out -----------------------------------------------------------------


def test_emissions_are_sorted_by_kind(run: Run) -> None:
    """Events, checkpoints and notices keep their order, each kind on its own."""

    def parse(_path: Path) -> Iterator[object]:
        yield {"a": 1}
        yield Checkpoint("1")
        yield Notice("odd", "a row is odd")
        yield {"a": 2}
        yield Checkpoint("2")

    expected = Emitted(
        [{"a": 1}, {"a": 2}],
        [Checkpoint("1"), Checkpoint("2")],
        [Notice("odd", "a row is odd")],
    )

    assert expected == run(parse)


def test_a_dictionary_may_be_filled_again(run: Run) -> None:
    """An adapter that yields one dictionary again and again emits different events."""

    def parse(_path: Path) -> Iterator[Event]:
        row: Event = {}
        for number in range(3):
            row["n"] = number
            yield row

    assert [{"n": 0}, {"n": 1}, {"n": 2}] == run(parse).events


def test_the_cursor_reaches_the_adapter(source: Source, context: Context) -> None:
    """A poll hands the cursor to ``scan``."""

    class Echo:
        name = "echo"

        def scan(self, _source: Source, cursor: str | None) -> Iterator[Event]:
            yield {"cursor": cursor}

    emitted = collect(Echo(), source, context, "7", timeout_s=60, max_output_mb=1)

    assert [{"cursor": "7"}] == emitted.events


class Reader:
    """A reader that notes what is called."""

    name = "reader"

    def __init__(self, fail: BaseException | None = None) -> None:
        self.calls: list[object] = []
        self.fail = fail

    def open(self, source: Source, context: Context) -> Reader:
        """Note the call."""
        self.calls.append(("open", source, context))
        return self

    def scan(self, cursor: str | None) -> Iterator[Event]:
        """Yield one event, or raise."""
        self.calls.append(("scan", cursor))
        if self.fail:
            raise self.fail
        yield {"a": 1}

    def close(self) -> None:
        """Note the call."""
        self.calls.append("close")


def test_an_openable_adapter_is_opened_and_closed(
    source: Source, context: Context
) -> None:
    """Open, scan, close, in this order."""
    reader = Reader()

    emitted = collect(reader, source, context, "7", timeout_s=60, max_output_mb=1)

    assert [{"a": 1}] == emitted.events
    assert [("open", source, context), ("scan", "7"), "close"] == reader.calls


def test_a_reader_that_fails_is_closed(source: Source, context: Context) -> None:
    """The error of the scan is raised, and the reader is closed nevertheless."""
    reader = Reader(ValueError("x"))

    with pytest.raises(AdapterError, match="PD401"):
        collect(reader, source, context, timeout_s=60, max_output_mb=1)

    assert "close" == reader.calls[-1]


def test_the_first_of_two_errors_is_raised(source: Source, context: Context) -> None:
    """A close that fails after a failed scan does not hide why the scan failed."""

    class Twice(Reader):
        def close(self) -> NoReturn:
            raise RuntimeError("second")

    with pytest.raises(AdapterError, match="ValueError: first"):
        collect(
            Twice(ValueError("first")), source, context, timeout_s=60, max_output_mb=1
        )


def test_an_error_of_close_is_an_error(source: Source, context: Context) -> None:
    """A reader that cannot be closed fails the scan."""

    class Stuck(Reader):
        def close(self) -> NoReturn:
            raise RuntimeError("still busy")

    with pytest.raises(AdapterError, match="RuntimeError: still busy"):
        collect(Stuck(), source, context, timeout_s=60, max_output_mb=1)


def test_a_reader_without_close_is_fine(source: Source, context: Context) -> None:
    """What has nothing to close needs no method for it."""

    class Plain:
        def open(self, _source: Source, _context: Context) -> Plain:
            return self

        def scan(self, _cursor: str | None) -> list[Event]:
            return [{"a": 1}]

    adapter = as_adapter(Plain(), "plain")

    emitted = collect(adapter, source, context, timeout_s=60, max_output_mb=1)

    assert [{"a": 1}] == emitted.events


# --- what is raised -----------------------------------------------------------------


def test_an_exception_is_told_with_the_adapters_frames(run: Run) -> None:
    """The message names adapter and error; the traceback begins in the adapter."""

    def inner() -> NoReturn:
        raise ValueError("no such row")

    def parse(_path: Path) -> Iterator[Event]:
        yield {"a": 1}
        inner()

    with pytest.raises(AdapterError) as caught:
        run(parse)

    lines = caught.value.detail.split("\n")
    assert "adapter 'mine' raised ValueError: no such row" == caught.value.message
    assert [f'  File "{__file__}"'] * 2 == [
        line.partition(",")[0] for line in lines if line.startswith("  File")
    ]
    assert "ValueError: no such row" == lines[-2]


def test_causes_are_shown_without_frames_of_ours(run: Run) -> None:
    """The whole chain is the adapter's."""

    def parse(path: Path) -> object:
        try:
            return run(lambda _path: 1 / 0)
        except AdapterError as error:
            raise LookupError(path.name) from error

    with pytest.raises(AdapterError) as caught:
        run(parse)

    assert "ZeroDivisionError" in caught.value.detail
    assert "/contain.py" not in caught.value.detail


def test_an_exception_without_a_text_is_told(run: Run) -> None:
    """An exception whose ``str`` raises is described by its type."""

    class BadError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def parse(_path: Path) -> NoReturn:
        raise BadError

    with pytest.raises(AdapterError, match="BadError: <exception str"):
        run(parse)


def test_long_texts_are_clipped(run: Run) -> None:
    """A megabyte of message does not reach the terminal."""

    def parse(_path: Path) -> NoReturn:
        raise ValueError("first" + "x" * 2**20 + "last")

    with pytest.raises(AdapterError) as caught:
        run(parse)

    assert 600 > len(caught.value.message)
    assert 20_001 == len(caught.value.detail)
    assert caught.value.detail.endswith("last\n")


@pytest.mark.parametrize(
    "error", [RowError("row 7", Where("store.db")), Unavailable("no licence")]
)
def test_errors_of_ours_pass_unchanged(run: Run, error: Exception) -> None:
    """A built-in adapter's typed error is the one that is raised."""

    def parse(_path: Path) -> NoReturn:
        raise error

    with pytest.raises(type(error)) as caught:
        run(parse)

    assert error is caught.value


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_an_adapter_cannot_end_the_process(run: Run, error: BaseException) -> None:
    """A call for exit is PD409, with the adapter's own traceback."""

    def parse(_path: Path) -> Iterator[Event]:
        yield {"a": 1}
        raise error

    with pytest.raises(
        AdapterExitError, match="PD409: adapter 'mine' called"
    ) as caught:
        run(parse)

    assert "raise error" in caught.value.detail


def test_other_base_exceptions_are_errors(run: Run) -> None:
    """What is derived from BaseException directly is contained too."""

    class OddError(BaseException):
        pass

    def parse(_path: Path) -> NoReturn:
        raise OddError

    with pytest.raises(AdapterError, match=r"raised .*OddError"):
        run(parse)


def test_ctrl_c_passes_untouched(run: Run) -> None:
    """KeyboardInterrupt is the user's, not the adapter's."""
    interrupt = KeyboardInterrupt()

    def parse(_path: Path) -> NoReturn:
        raise interrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(parse)

    assert interrupt is caught.value


def test_an_adapter_may_skip(run: Run) -> None:
    """An outcome of the test runner is no error of the adapter."""

    def parse(_path: Path) -> NoReturn:
        pytest.skip("no licence")

    with pytest.raises(pytest.skip.Exception, match="no licence"):
        run(parse)


def test_a_stop_iteration_is_an_error(run: Run) -> None:
    """A ``next()`` that found nothing does not pass for the end of the events."""

    def parse(_path: Path) -> object:
        return next(iter([]))

    with pytest.raises(AdapterError, match="raised StopIteration"):
        run(parse)


def test_a_generator_that_refuses_to_end_is_an_error(run: Run) -> None:
    """Going on after GeneratorExit does not replace the first error."""

    def parse(_path: Path) -> Iterator[object]:
        with suppress(GeneratorExit):
            yield "no event"
        yield "once more"

    with pytest.raises(NotAnEventError, match="PD405"):
        run(parse)


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("text", "str 'text'"),
        (None, "None"),
        ([{"a": 1}], "list [{'a': 1}]"),
        (Checkpoint(7), "Checkpoint Checkpoint(cursor=7)"),  # type: ignore[arg-type]
    ],
)
def test_an_item_of_another_type_is_named_with_its_index(
    run: Run, item: object, shown: str
) -> None:
    """The message counts from zero and shows the value."""
    with pytest.raises(NotAnEventError) as caught:
        run(lambda _path: [{"a": 1}, item])

    expected = f"adapter 'mine': item 1 is {shown}, not a dictionary"
    assert expected == caught.value.message


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), b"x", {7: 1}, {1}])
def test_a_value_that_is_not_json_is_refused_when_it_is_encoded(
    run: Run, value: object
) -> None:
    """Collecting looks at the outside only; the canonical form looks at everything."""
    events = run(lambda _path: [{"a": value}]).events

    with pytest.raises(NotAnEventError, match="PD405"):
        encode_lines(events, Encoder.SORTED)


def test_an_adapter_without_a_name_is_called_by_its_class(
    source: Source, context: Context
) -> None:
    """A message always names something."""

    class Nameless:
        def scan(self, _source: Source, _cursor: str | None) -> NoReturn:
            raise ValueError("x")

    with pytest.raises(AdapterError, match="adapter 'Nameless' raised"):
        collect(
            as_adapter(Nameless(), "x"), source, context, timeout_s=60, max_output_mb=1
        )


def test_a_scan_that_returns_nothing_is_no_adapter(
    source: Source, context: Context
) -> None:
    """A ``scan`` that forgot to yield is PD410."""

    class Forgetful:
        name = "forgetful"

        def scan(self, _source: Source, _cursor: str | None) -> Any:
            return None

    with pytest.raises(AdapterLoadError, match="got None"):
        collect(Forgetful(), source, context, timeout_s=60, max_output_mb=1)


# --- how much -----------------------------------------------------------------------


def test_a_large_event_passes_below_the_limit(run: Run) -> None:
    """Twenty megabytes in one event are no matter."""
    text = "x" * (20 * 2**20)

    assert [{"text": text}] == run(lambda _path: [{"text": text}]).events


def test_a_large_event_is_refused_above_the_limit(run: Run) -> None:
    """The limit is in megabytes and named in the message."""
    text = "x" * (20 * 2**20)

    with pytest.raises(OutputTooLargeError, match=r"PD407: .* max_output_mb=10 "):
        run(lambda _path: [{"text": text}], max_output_mb=10)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"a": [1, None, {"b": (2.5, "x", b"y", object())}]},
        Checkpoint("1"),
        Notice("a", "b"),
    ],
)
def test_an_endless_adapter_is_stopped(run: Run, item: object) -> None:
    """Even items of nothing weigh something."""

    def parse(_path: Path) -> Iterator[object]:
        while True:
            yield item

    with pytest.raises(OutputTooLargeError, match="PD407"):
        run(parse, max_output_mb=0.1)


def test_an_event_that_holds_itself_is_too_large(run: Run) -> None:
    """Measuring ends where the limit is passed."""
    event: Event = {}
    event["self"] = event

    with pytest.raises(OutputTooLargeError, match="PD407"):
        run(lambda _path: [event], max_output_mb=0.1)


# --- how long -----------------------------------------------------------------------


def swallow_once(_path: Path) -> NoReturn:
    """Hang, in a loop that swallows everything."""
    while True:
        try:
            while True:
                pass
        except:  # noqa: E722 - what such adapters do
            pass


def swallow_asleep(_path: Path) -> NoReturn:
    """Hang in a call, inside two blocks that swallow everything."""
    while True:
        try:
            try:
                time.sleep(60)
            except BaseException:  # noqa: BLE001 - what such adapters do
                time.sleep(0)
        except:  # noqa: E722 - what such adapters do
            time.sleep(0)


def swallow_deep(_path: Path) -> NoReturn:
    """Hang at the end of the stack, where no handler can do anything."""

    def down() -> None:
        with suppress(BaseException):
            down()
        with suppress(BaseException):
            time.sleep(0.001)

    while True:
        with suppress(BaseException):
            down()


def swallow_and_yield(_path: Path) -> Iterator[Event]:
    """Hang, and go on emitting when interrupted."""
    while True:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001 - what such adapters do
            yield {"still": "here"}


def swallow_and_raise(_path: Path) -> list[Event]:
    """Hang, and call the interruption something else."""
    try:
        time.sleep(60)
    except BaseException as error:
        raise RuntimeError("retry later") from error
    return []


def swallow_and_return(_path: Path) -> list[Event]:
    """Hang, and pretend that nothing happened."""
    try:
        time.sleep(60)
    except BaseException:  # noqa: BLE001 - what such adapters do
        return []
    return []


def emit_slowly(_path: Path) -> Iterator[Event]:
    """Emit without end, but never enough to be too much."""
    while True:
        time.sleep(0.001)
        yield {}


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    "parse",
    [
        swallow_once,
        swallow_asleep,
        swallow_deep,
        swallow_and_yield,
        swallow_and_raise,
        swallow_and_return,
        emit_slowly,
    ],
)
def test_a_hang_is_ended(run: Run, parse: Parse) -> None:
    """However the adapter answers the interruption, it is PD402."""
    with pytest.raises(
        AdapterTimeoutError, match=r"did not end within timeout_s=0\.05"
    ):
        run(parse, timeout_s=0.05)


def test_a_stack_without_frames_of_ours_is_whole() -> None:
    """Everything is the adapter's when nothing of ours called it."""
    assert "test_a_stack_without_frames_of_ours" in own_stack(sys._getframe())


def test_a_hang_shows_where_it_was(run: Run) -> None:
    """The detail is the adapter's stack at the first alarm."""

    def parse(_path: Path) -> NoReturn:
        time.sleep(60)
        raise AssertionError

    with pytest.raises(AdapterTimeoutError) as caught:
        run(parse, timeout_s=0.01)

    lines = caught.value.detail.split("\n")
    assert f'  File "{__file__}"' == lines[0].partition(",")[0]
    assert "    time.sleep(60)" == lines[1]


def test_a_close_gets_a_little_time_after_a_hang(
    source: Source, context: Context
) -> None:
    """A reader that is closed after a timeout can do it in peace."""

    class Slow(Reader):
        def scan(self, cursor: str | None) -> Any:
            while True:
                try:
                    time.sleep(60)
                except TimeUp:
                    self.calls.append(cursor)
                    if len(self.calls) > 6:
                        raise

        def close(self) -> None:
            for _ in range(20):
                time.sleep(0.001)
            self.calls.append("closed")

    reader = Slow()
    with pytest.raises(AdapterTimeoutError):
        collect(reader, source, context, timeout_s=0.01, max_output_mb=1)

    assert "closed" == reader.calls[-1]


def test_an_alarm_that_was_pending_does_not_shorten_the_grace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is heard once the time to clean up has been set, and sets it again."""
    delays: list[float] = []
    pending: list[int] = []

    def set_timer(_which: int, delay_s: float, _interval_s: float = 0.0) -> object:
        delays.append(delay_s)
        if pending:
            signal.raise_signal(pending.pop())
        return 0.0, 0.0

    monkeypatch.setattr(signal, "setitimer", set_timer)  # no alarm comes by itself
    with Deadline(60) as limit:
        for _ in range(8):
            with suppress(TimeUp):
                limit.run(lambda: signal.raise_signal(signal.SIGALRM))
        delays.clear()
        pending.append(signal.SIGALRM)
        limit.grace()
        found = list(delays)

    assert [GRACE_S, GRACE_S] == found


def test_a_close_that_hangs_is_ended(
    source: Source, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader whose scan and close both hang does not hang the run."""
    monkeypatch.setattr(deadline, "GRACE_S", 0.01)

    class Stuck(Reader):
        def scan(self, _cursor: str | None) -> Any:
            time.sleep(60)

        def close(self) -> None:
            time.sleep(60)

    with pytest.raises(AdapterTimeoutError):
        collect(Stuck(), source, context, timeout_s=0.01, max_output_mb=1)


@pytest.mark.usefixtures("restored")
def test_an_interval_of_nobody_is_armed_without_a_limit() -> None:
    """No limit, no alarm."""
    with Deadline(float("inf")) as unlimited:
        assert (0.0, 0.0) == signal.getitimer(signal.ITIMER_REAL)
    assert not unlimited.expired


def test_in_a_thread_time_is_looked_at_between_events(run: Run) -> None:
    """Where no alarm can be used an endless adapter is ended all the same."""
    caught: list[BaseException] = []

    def target() -> None:
        try:
            run(emit_slowly, timeout_s=0.05)
        except AdapterTimeoutError as error:
            caught.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()

    assert [AdapterTimeoutError] == [type(error) for error in caught]


class Alarms:
    """Somebody else's handler of SIGALRM, which counts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.count = 0
        self.error = error

    def __call__(self, _signum: int, _frame: FrameType | None) -> None:
        """Count, and raise."""
        self.count += 1
        if self.error:
            raise self.error


@pytest.fixture
def others() -> Iterator[Callable[..., Alarms]]:
    """Return a function that arms a timer as another plugin would."""

    def arm(*timer: float, error: Exception | None = None) -> Alarms:
        alarms = Alarms(error)
        signal.signal(signal.SIGALRM, alarms)
        signal.setitimer(signal.ITIMER_REAL, *timer)
        return alarms

    handler = signal.getsignal(signal.SIGALRM)
    yield arm
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


def test_a_timer_of_somebody_else_is_put_back(
    run: Run, others: Callable[..., Alarms]
) -> None:
    """Handler, remaining time and interval are as they were."""
    alarms = others(1000, 500)

    run(lambda _path: [])

    assert alarms is signal.getsignal(signal.SIGALRM)
    remaining_s, interval_s = signal.getitimer(signal.ITIMER_REAL)
    assert 1000 >= remaining_s > 900
    assert 500 == interval_s


def test_a_timer_of_somebody_else_that_ran_out_is_answered(
    run: Run, others: Callable[..., Alarms]
) -> None:
    """Its handler is called at the end, and what it raises is raised."""
    alarms = others(0.01, error=TimeoutError("the test took too long"))

    with pytest.raises(TimeoutError, match="the test took too long"):
        run(swallow_asleep)

    assert 1 == alarms.count


def test_a_timer_of_somebody_else_that_raises_nothing(
    run: Run, others: Callable[..., Alarms]
) -> None:
    """The adapter was stopped early, and the message says by whom."""
    alarms = others(0.01)

    with pytest.raises(AdapterTimeoutError, match="stopped by a timer set outside"):
        run(swallow_asleep)

    assert 1 == alarms.count


def test_a_periodic_timer_of_somebody_else_stops_nothing(
    run: Run, others: Callable[..., Alarms]
) -> None:
    """A profiler's ticks are no time limit; they go on afterwards."""
    alarms = others(0.01, 500)

    def parse(_path: Path) -> list[Event]:
        time.sleep(0.02)
        return [{"a": 1}]

    assert [{"a": 1}] == run(parse).events
    assert 1 == alarms.count
    assert 500 == signal.getitimer(signal.ITIMER_REAL)[1]


def test_a_handler_that_python_does_not_know_is_left_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler set by C code cannot be put back, and nothing breaks."""
    set_handler = signal.signal
    before = signal.getsignal(signal.SIGALRM)

    def of_c(number: int, handler: Any) -> None:
        set_handler(number, handler)

    monkeypatch.setattr(signal, "signal", of_c)

    assert [{"a": 1}] == run(lambda _path: [{"a": 1}]).events
    set_handler(signal.SIGALRM, before)


def test_a_late_alarm_is_ignored() -> None:
    """An alarm that was on its way when the scan ended does nothing."""
    late = Deadline(60)
    with late:
        pass

    late._on_alarm(signal.SIGALRM, None)

    assert (0.0, 0.0) == signal.getitimer(signal.ITIMER_REAL)


def test_an_alarm_between_two_calls_is_noticed() -> None:
    """An alarm outside of the adapter raises nothing, but the time is up."""
    with Deadline(60) as between:
        signal.raise_signal(signal.SIGALRM)

        assert between.expired
        assert "" == between.stack


# --- what stays ---------------------------------------------------------------------


class Handle:
    """Something that is released when nobody refers to it."""


@pytest.mark.parametrize(
    "error", [None, ValueError("x"), SystemExit(3), RowError("x"), Unavailable("x")]
)
def test_nothing_of_the_adapter_stays_alive(
    run: Run, error: BaseException | None
) -> None:
    """Connections held in local variables are released, also while an error lives."""
    handles = []

    def connect() -> Handle:
        handle = Handle()
        handles.append(weakref.ref(handle))
        return handle

    def parse(_path: Path) -> Iterator[Event]:
        handle = connect()
        yield {"a": 1}
        if error:
            raise error
        del handle

    gc.disable()
    try:
        caught = None
        try:
            run(parse)
        except BaseException as raised:  # noqa: BLE001 - kept on purpose
            caught = raised
        assert [None] == [handle() for handle in handles]
        assert (error is None) == (caught is None)
    finally:
        gc.enable()


def test_an_unfinished_generator_is_closed(run: Run) -> None:
    """After an error of ours the adapter's ``finally`` has run."""
    closed = []

    def parse(_path: Path) -> Iterator[object]:
        try:
            yield 7
        finally:
            closed.append(True)

    with pytest.raises(NotAnEventError):
        run(parse)

    assert [True] == closed


def test_recursion_is_told_briefly(run: Run) -> None:
    """A thousand equal frames do not fill the screen."""

    def parse(path: Path) -> object:
        return parse(path)

    with pytest.raises(AdapterError, match="RecursionError") as caught:
        run(parse)

    assert "Previous line repeated" in caught.value.detail
    assert sys.getrecursionlimit() > len(caught.value.detail.split("\n"))
