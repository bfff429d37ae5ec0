"""Handling of Ctrl-C and SIGTERM: work stops between two training steps, after its records are written."""

import signal
import threading
from collections.abc import Iterable
from types import FrameType

from search.console.messages import say


class Stopped(Exception):
    """Raised after SIGINT or SIGTERM. `signal` is the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = number


class StopSignals:
    """A context manager in which the first SIGINT or SIGTERM is recorded and the second one takes effect at once."""

    def __init__(self, numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self._numbers = tuple(numbers)
        self._received: int | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():  # elsewhere Python allows no signal handler
            for number in self._numbers:
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def check(self) -> None:
        """Raises: Stopped if a signal was received."""
        if self._received is not None:
            raise Stopped(self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        say(f"\n{signal.Signals(number).name}: stopping after the current step; press Ctrl-C again to stop at once")
        for each, handler in self._previous.items():
            signal.signal(each, handler)  # type: ignore[arg-type]
