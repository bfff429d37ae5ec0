"""python -m search.light: how a thresholds file holds up under different lighting.

Three inputs are trained: fixed grey levels as cut points, as many cut points of each image's own levels, and no cut
points. They are evaluated on the validation images under each light. The test set is not read.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from dashboards.light import write_light
from models.load import is_own
from models.networks import NETWORKS
from models.train import Resident, train
from search.binarization.binarization import Binarization, Greyscale, Input
from search.binarization.cut_points import cut_points_of
from search.binarization.levels import GREY, Rank
from search.config import add_flags as add_study_flags
from search.console.command import run
from search.console.exits import OK, STOPPED, exit_with
from search.console.files import make_folder
from search.console.messages import one_line, plural, say
from search.console.parser import CommandParser, parser
from search.console.stop import Stopped, StopSignals
from search.console.tables import FORMATS
from search.data.load import load_pictures
from search.data.pictures import NONE
from search.data.source import source_of
from search.data.split import Split, split_pictures
from search.deploy.thresholds import read
from search.errors import BadInput, ProtocolMismatch
from search.evaluation.device import choose_device
from search.evaluation.drift import Drift, drifts
from search.evaluation.intervals import Bounds, exact_difference
from search.evaluation.metrics import METRICS, NORMAL_95, Metric
from search.evaluation.network import check_network, check_same_network
from search.evaluation.objective import DIVERGED, by_photo, interval_over_photos, lane_of
from search.evaluation.protocol import Protocol
from search.references.pixels import Pixels, TrainingPixels
from search.references.rules import quantile, uniform
from search.study_flags import IMAGES
from storage.scores import Scores, mean_of

UNCHANGED = next(i for i, drift in enumerate(drifts()) if drift.is_none)
FIXED, PER_IMAGE, NO_CUTS = "fixed", "per image", "no cut points"
PICTURE_FLAGS = ("data_dir", "shape", "skip_bad", "groups")  # size, fit, color and similarity are as the file says


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.light", prog, arguments=" [FILE]")
    made.add_flag(
        "thresholds", metavar="FILE", type=Path, nargs="?", default=Path("thresholds.json"), help="thresholds file"
    )
    made.add_flag(
        "--data",
        metavar="NAME|PATH",
        help="images that the thresholds were made on; size and color are as in the file",
        usual="the data set named in the file",
        group=IMAGES,
    )
    add_study_flags(made, PICTURE_FLAGS, defaults=False)
    made.add_flag(
        "--network",
        metavar="NAME",
        help="name of the network in the file; required if it is package.module:function, which is then imported",
    )
    made.add_flag("--seeds", type=int, default=1, metavar="N", help="trainings of each of the three inputs")
    made.add_flag(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="device to train on; auto prefers CUDA"
    )
    made.add_flag("--format", choices=FORMATS, default="text", help="format of the table on stdout")
    made.add_flag("-o", "--output", metavar="FILE", type=Path, default=Path("light.html"), help="file for the figure")
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Evaluates a thresholds file; returns the exit code."""
    return run(light, flags(prog).parse_args(argv))


def light(args: argparse.Namespace) -> int:
    """The whole run; returns the exit code."""
    if not 1 <= args.seeds <= 1000:
        raise BadInput(f"--seeds {args.seeds}: expected 1 to 1000")
    binarization, made = read(args.thresholds)
    device = choose_device(args.device)
    make_folder(args.output.absolute().parent)
    if args.output.is_dir():
        raise BadInput(f"--output {args.output}: that is a folder; name a file in it")
    protocol = protocol_of(args.thresholds, made)
    check_same_network(protocol.recipe.network, protocol.network_source, args.network, str(args.thresholds))
    split = split_of(args, made, protocol)
    if split.pictures.colors != binarization.colors:
        raise BadInput(
            f"{args.thresholds}: {binarization} is not for images of {plural(split.pictures.colors, 'channel')}"
        )
    chosen = protocol.chosen(split.train)
    inputs = compared(binarization, TrainingPixels(chosen.images, chosen.labels).of())
    check_network(protocol.recipe, split.pictures, inputs.values(), device)
    say(
        f"{args.thresholds}: {binarization}; {plural(len(inputs) * args.seeds, 'training')} on {device}, then "
        f"{split.validation.photos} validation photos under {plural(len(drifts()), 'light')}"
    )
    scores: dict[tuple[str, Drift], Scores] = {}
    training = Resident.of(chosen.images, chosen.labels, device)
    with StopSignals() as signals:
        try:
            for name, each in inputs.items():
                scores |= under_each_light(name, each, split, training, protocol, args.seeds, signals.check)
        except Stopped as stop:
            return STOPPED + stop.signal
    metric = METRICS[protocol.metric]
    data = light_data(scores, metric)
    print(FORMATS[args.format](light_table(data, metric)), flush=True)
    write_light(data, f"{args.thresholds.name}: {binarization}", metric, args.output)
    say(f"figure: {args.output}")
    return OK


def protocol_of(path: Path, made: dict[str, Any]) -> Protocol:
    """The protocol by which the file's value was measured. Raises: BadInput for one that this version cannot repeat."""
    try:
        protocol = Protocol.from_dict(made["protocol"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path}: its protocol cannot be used ({one_line(error)[:120]}); export it again") from error
    if protocol.recipe.network not in NETWORKS and not is_own(protocol.recipe.network):
        raise BadInput(f"{path}: there is no network {protocol.recipe.network!r} in this version; export it again")
    return protocol


def split_of(args: argparse.Namespace, made: dict[str, Any], protocol: Protocol) -> Split:
    """The split on which the file's values were measured. Raises: ProtocolMismatch for other images."""
    name = made["data"]["name"]
    if args.data is None and name not in ("sign-mnist", "digits"):
        raise BadInput(f"{args.thresholds} was made on images called {name!r}: name their place with --data")
    pictures, _ = load_pictures(source_of(as_in_the_file(made, protocol) | vars(args) | {"data": args.data or name}))
    split = split_pictures(pictures, protocol.seed, protocol.folds)
    now = {"data": split.data_fingerprint, "split": split.split_fingerprint}
    if found := [key for key, value in now.items() if made["fingerprints"][key] != value]:
        raise ProtocolMismatch(
            f"these are not the images of {args.thresholds} (fingerprint of the {found[0]}: "
            f"{made['fingerprints'][found[0]]} in the file, {now[found[0]]} now); name the study's images with "
            "--data, and its --groups"
        )
    return split


def as_in_the_file(made: dict[str, Any], protocol: Protocol) -> dict[str, Any]:
    """The image flags that repeat the preprocessing and the grouping of the file's images."""
    done = made["data"].get("preprocessing", {})
    size = {"size": "x".join(map(str, done["size"])), "fit": done["fit"]} if "size" in done else {}
    grouping = protocol.grouping
    near = {"groups": NONE} if grouping["groups"] == NONE else {"similarity": grouping["similarity"]}
    return near | size | ({"color": done["color"]} if "color" in done else {})


def compared(binarization: Binarization, pixels: Sequence[Pixels]) -> dict[str, Input]:
    """The inputs to compare: the file's binarization, as many cut points of the other kind, and no cut points."""
    sizes = [len(part) for part in binarization.cut_points.parts]
    local = GREY not in binarization.level_maps
    rule, encoding = (quantile, "thermometer") if local else (uniform, "thermometer")
    parts = [rule(each, k) for each, k in zip(pixels, sizes, strict=True)]
    if any(part is None for part in parts):
        parts = [uniform(each, k) for each, k in zip(pixels, sizes, strict=True)]
    cuts = cut_points_of([p for p in parts if p is not None], colors=binarization.colors > 1)
    other = replace(binarization, cut_points=cuts, encoding=encoding, level_maps=(GREY if local else Rank(),))
    fixed, per_image = (other, binarization) if local else (binarization, other)
    return {FIXED: fixed, PER_IMAGE: per_image, NO_CUTS: Greyscale(binarization.arithmetic, binarization.colors)}


def under_each_light(
    name: str,
    input: Input,
    split: Split,
    training: Resident,
    protocol: Protocol,
    seeds: int,
    check: Callable[[], None],
) -> dict[tuple[str, Drift], Scores]:
    """Scores of an input by photo under each light, means over seeds. Raises: RuntimeError for a diverged training."""
    validation, metric = split.validation, METRICS[protocol.metric]
    lights = [drift for i, drift in enumerate(drifts()) if not drift.is_none or i == UNCHANGED]
    lit = torch.from_numpy(np.concatenate([drift.applied(validation.images) for drift in lights]))
    lit = lit.to(training.labels.device)
    found: dict[tuple[str, Drift], list[Scores]] = {}
    for seed in range(protocol.seed, protocol.seed + seeds):
        lane, classes = lane_of(input, seed), len(split.pictures.class_names)
        (outcome,) = train([lane], training, lit, classes, protocol.recipe, None, check)
        if outcome.logits is None or outcome.diverged:
            raise RuntimeError(f"{name} ({input}), seed {seed}: {DIVERGED}")
        say(f"trained {name} ({input}), seed {seed}")
        for drift, logits in zip(lights, np.split(outcome.logits, len(lights)), strict=True):
            scores = metric.score(logits, validation.labels)
            by_drift = by_photo(scores, validation.groups, metric.weight(validation.labels))
            found.setdefault((name, drift), []).append(by_drift)
    unchanged = mean_of(found[name, drifts()[UNCHANGED]])
    return {(name, drift): unchanged if drift.is_none else mean_of(found[name, drift]) for drift in drifts()}


def light_data(scores: dict[tuple[str, Drift], Scores], metric: Metric) -> pd.DataFrame:
    """One row for each input and light: input, kind, amount, light (as text), none (no change), value, low, high.

    gain, gain_low, gain_high: the value of `per image` minus that of `fixed` under this light, on the same photos.
    """
    rows = []
    for (name, drift), each in scores.items():
        low, high = interval_over_photos(each, metric)
        more = scores[PER_IMAGE, drift] - scores[FIXED, drift]
        gain_low, gain_high = interval_of_gain(more, metric)
        rows.append(
            {
                "input": name,
                "kind": drift.kind,
                "amount": drift.amount,
                "light": str(drift),
                "none": drift.is_none,
                "value": each.value,
                "low": low,
                "high": high,
                "gain": more.value,
                "gain_low": gain_low,
                "gain_high": gain_high,
            }
        )
    return pd.DataFrame(rows)


def interval_of_gain(more: Scores, metric: Metric) -> Bounds:
    """95 % interval of a difference on the same photos.

    For shares it also holds the exact interval, so that two inputs without a discordant photo still get an interval.
    """
    arm = NORMAL_95 * more.standard_error
    low, high = more.value - arm, more.value + arm
    if not metric.percent:
        return low, high
    exact = exact_difference(more.by_photo.astype(np.float64), more.weights.astype(np.float64))
    return min(low, exact[0]), max(high, exact[1])


def light_table(data: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The table on stdout: one row for each light."""
    rows = []
    for light_name, of_light in data.groupby("light", sort=False):
        by_input = of_light.set_index("input")
        shown = {
            name: metric.shown(by_input["value"][name], (by_input["low"][name], by_input["high"][name]))
            for name in by_input.index
        }
        scale, form = (100, ".1f") if metric.percent else (1, ".3f")
        more, low, high = (scale * of_light[column].iloc[0] for column in ("gain", "gain_low", "gain_high"))
        rows.append(
            {"light": light_name, **shown, "per image - fixed": f"{more:+{form}} [{low:+{form}}, {high:+{form}}]"}
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    exit_with(main)
