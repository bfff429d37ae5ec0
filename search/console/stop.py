"""Stopping cleanly: Ctrl-C and SIGTERM end a study between two training steps, after recording."""

import signal
from types import FrameType

from search.console.messages import say


class Stopped(Exception):
    """A signal asked to stop; nothing is lost. `signal` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = number


class StopSignals:
    """Within `with`, the first SIGINT or SIGTERM is remembered and the second one acts at once."""

    def __init__(self) -> None:
        self._received: int | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "StopSignals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def check(self) -> None:
        """Raises: Stopped once a signal came."""
        if self._received is not None:
            raise Stopped(self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        say(f"\n{signal.Signals(number).name}: stopping after recording; once more to stop at once")
        for each, handler in self._previous.items():
            signal.signal(each, handler)  # type: ignore[arg-type]
