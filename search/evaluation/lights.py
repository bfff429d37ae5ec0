"""Values of inputs under each light of drift.py.

Takes inputs, a split and a protocol. Returns scores by photo group, and a data frame of values and of differences from
greyscale, with their intervals. The test set is not read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
import torch

from models.train import Resident, train
from search.binarization.binarization import Greyscale, Input
from search.console.messages import say
from search.data.split import Split
from search.evaluation.drift import Drift, drifts
from search.evaluation.intervals import Bounds, exact_difference
from search.evaluation.metrics import METRICS, NORMAL_95, Metric
from search.evaluation.objective import DIVERGED, by_photo, interval_over_photos, lane_of
from search.evaluation.protocol import Protocol
from storage.scores import Scores, mean_of

ScoresByLight = dict[tuple[Input, Drift], Scores]


def plain_greyscale(input: Input) -> Greyscale:
    """Greyscale with the weights and activations of an input, with which the input is compared."""
    return Greyscale(input.arithmetic, input.colors)


def under_each_light(
    inputs: Sequence[Input],
    split: Split,
    protocol: Protocol,
    seeds: int,
    device: torch.device,
    check: Callable[[], None],
) -> ScoresByLight:
    """Scores of each input by photo group under each light, as means over seeds.

    Each input is trained with the seeds of the protocol and the following ones, on unchanged images. check: called
    before each training step. Raises: RuntimeError for a training that diverged.
    """
    chosen, validation, metric = protocol.chosen(split.train), split.validation, METRICS[protocol.metric]
    training, classes = Resident.of(chosen.images, chosen.labels, device), len(split.pictures.class_names)
    unchanged = next(drift for drift in drifts() if drift.is_none)
    lights = [unchanged, *(drift for drift in drifts() if not drift.is_none)]
    lit = torch.from_numpy(np.concatenate([drift.applied(validation.images) for drift in lights])).to(device)
    found: dict[tuple[Input, Drift], list[Scores]] = {}
    for input, name in names_of(inputs).items():
        for seed in range(protocol.seed, protocol.seed + seeds):
            (outcome,) = train([lane_of(input, seed)], training, lit, classes, protocol.recipe, None, check)
            if outcome.logits is None or outcome.diverged:
                raise RuntimeError(f"{name}, seed {seed}: {DIVERGED}")
            say(f"trained {name}, seed {seed}")
            for drift, logits in zip(lights, np.split(outcome.logits, len(lights)), strict=True):
                scores = metric.score(logits, validation.labels)
                by_drift = by_photo(scores, validation.groups, metric.weight(validation.labels))
                found.setdefault((input, drift), []).append(by_drift)
    means = {key: mean_of(scores) for key, scores in found.items()}
    return {
        (input, drift): means[input, unchanged if drift.is_none else drift] for input in inputs for drift in drifts()
    }


def names_of(inputs: Iterable[Input]) -> dict[Input, str]:
    """A name for each input: its text, with a number where several have the same text, as large dither patterns do."""
    names: dict[Input, str] = {}
    seen: Counter[str] = Counter()
    for input in dict.fromkeys(inputs):
        seen[str(input)] += 1
        names[input] = str(input) if seen[str(input)] == 1 else f"{input} ({seen[str(input)]})"
    return names


def light_data(scores: ScoresByLight, metric: Metric) -> pd.DataFrame:
    """One row for each input and light, in the order of the scores.

    input: its name. kind, amount, light (as text): the light. none: whether the light is unchanged. value, low, high:
    with its 95 % interval. against: the name of greyscale with the same weights and activations, None for greyscale
    itself. gain, gain_low, gain_high: the value minus that of `against` under the same light, on the same photo groups,
    with its 95 % interval; NaN for greyscale.
    """
    names = names_of(input for input, _ in scores)
    rows = []
    for (input, drift), each in scores.items():
        low, high = interval_over_photos(each, metric)
        greyscale = plain_greyscale(input)
        row = {
            "input": names[input],
            "kind": drift.kind,
            "amount": drift.amount,
            "light": str(drift),
            "none": drift.is_none,
            "value": each.value,
            "low": low,
            "high": high,
            "against": None,
        }
        if input != greyscale:
            more = each - scores[greyscale, drift]
            gain_low, gain_high = interval_of_gain(more, metric)
            row |= {"against": names[greyscale], "gain": more.value, "gain_low": gain_low, "gain_high": gain_high}
        rows.append(row)
    return pd.DataFrame(rows)


def interval_of_gain(more: Scores, metric: Metric) -> Bounds:
    """95 % interval of a difference on the same photo groups.

    For shares it also holds the exact interval, so that it has a positive length even without a discordant photo group.
    """
    arm = NORMAL_95 * more.standard_error
    low, high = more.value - arm, more.value + arm
    if not metric.percent:
        return low, high
    exact = exact_difference(more.by_photo.astype(np.float64), more.weights.astype(np.float64))
    return min(low, exact[0]), max(high, exact[1])
