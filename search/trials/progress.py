"""Progress of a running study on stderr: a live view on a terminal, plain lines elsewhere."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optuna.trial import TrialState
from rich.console import Console
from rich.live import Live
from rich.table import Table

from search.binarization.binarization import Binarization, from_key
from search.console.messages import is_quiet, plural, say
from search.evaluation.metrics import Metric
from search.evaluation.objective import DIVERGED, Result
from search.trials.lifecycle import Asked
from storage.records import Run


@dataclass(frozen=True)
class Best:
    """The best binarization so far and its value."""

    binarization: Binarization
    value: float
    interval: tuple[float, float]


class TimeLeft:
    """The remaining time of a study: the number of missing trials times the median duration of recent ones.

    The median is robust to the first trial, which includes initialization, and to trials before which a reference was
    learned. It is shown only after a few trials. Trials of other processes count: the duration of a trial is the time
    since the previous batch ended, divided by the number of trials that ended meanwhile.
    """

    FEWEST, RECENT = 3, 15  # batches

    def __init__(self, done: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ended = self._began = (clock(), done)  # when the last batch ended, and the one before the current batch
        self._took: deque[float] = deque(maxlen=self.RECENT)
        self._is_first_of_batch = True

    def start(self) -> None:
        """Note that a batch of trials starts."""
        self._began, self._is_first_of_batch = self._ended, True

    def end(self, done: int) -> None:
        """Note that a trial of the batch ended; done: the number of finished trials of the study."""
        now = self._clock()
        if not self._is_first_of_batch:
            self._took.pop()
        self._took.append((now - self._began[0]) / max(done - self._began[1], 1))
        self._ended, self._is_first_of_batch = (now, done), False

    def text(self, left: int) -> str:
        """For so many trials: `1 h 05 min left`, `2 min 30 s left`, `time left unknown`."""
        if left > 0 and len(self._took) < self.FEWEST:
            return "time left unknown"
        seconds = round(statistics.median(self._took) * left) if left > 0 else 0
        if seconds >= 3600:
            return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min left"
        return f"{seconds // 60} min {seconds % 60:02d} s left" if seconds >= 60 else f"{seconds} s left"


class Progress:
    """Shows a study's run. Use it as a context manager around the loop."""

    def __init__(
        self,
        total: int,
        done: int,
        greyscale: Run | None,
        greyscale_bits: int,
        best: Best | None,
        metric: Metric,
        step_name: str,
    ) -> None:
        self.total, self.done, self.greyscale, self.greyscale_bits = total, done, greyscale, greyscale_bits
        self.best, self.metric, self.step_name = best, metric, step_name
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=is_quiet())
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        self._time_left = TimeLeft(done)
        self._step_text = ""
        self._now: Asked | None = None

    def __enter__(self) -> "Progress":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def start(self, batch: Sequence[Asked]) -> None:
        """Show that a batch of trials starts."""
        self._time_left.start()
        self._now, self._step_text = batch[0], ""
        self._refresh()

    def step(self, step: int, value: float) -> None:
        """Show the value after an epoch or a training of the current trial."""
        self._step_text = f"after {self.step_name} {step + 1} {self.metric.shown(value)}"
        self._refresh()

    def end(self, asked: Asked, result: Result, state: TrialState, done: int, best: Best | None) -> None:
        """Show how a trial ended, and why it failed if it did."""
        self.done, self.best = done, best
        self._time_left.end(done)
        if state is TrialState.FAIL:
            outcome = f"failed: {DIVERGED}"
        elif state is TrialState.PRUNED:
            outcome = f"pruned after {self.step_name} {len(result.steps)} at {self.metric.shown(result.steps[-1])}"
        else:
            assert result.value is not None
            outcome = self.metric.shown(result.value)
        label = f" ({asked.reference})" if asked.reference else ""
        if asked.replicate_of is not None:
            label += f" (replicate of trial {asked.replicate_of}, seed {asked.training_seed})"
        line = f"{self._number(asked)}  {asked.binarization}{label}  {outcome}"
        if self._live is None:
            say(f"{line}  | best {self._best_text()} | {self._left()}")
        elif state is TrialState.FAIL:
            self._console.print(line, markup=False)
        self._refresh()

    def _number(self, asked: Asked) -> str:
        return f"trial {asked.trial.number} ({self.done}/{self.total})"

    def _best_text(self) -> str:
        if self.best is None:
            return "none yet"
        interval = self.metric.shown(self.best.value, self.best.interval)
        text = f"{interval} with {self.best.binarization}, {plural(self.best.binarization.channels, 'channel')}"
        if self.greyscale is not None:
            text += f", {self.metric.gap(self.best.value, self.greyscale.value)} to {from_key(self.greyscale.input)}"
        return text

    def _left(self) -> str:
        return self._time_left.text(self.total - self.done)

    def _refresh(self) -> None:
        if self._live is None:
            return
        table = Table.grid(padding=(0, 2))
        if self._now is not None:
            kind = f" ({self._now.reference})" if self._now.reference else ""
            table.add_row("trial", f"{self._now.trial.number}, {self.done} of {self.total} done, {self._left()}")
            table.add_row("now", f"{self._now.binarization}{kind}  {self._step_text}")
        table.add_row("best", self._best_text())
        if self.greyscale is not None:
            shown = self.metric.shown(self.greyscale.value, self.greyscale.interval)
            table.add_row(str(from_key(self.greyscale.input)), f"{shown}, {self.greyscale_bits} bits per pixel")
        self._live.update(table)
