"""python -m search.light: the accuracy of one or more thresholds files under different light.

Trains the binarization of each file, its 8-bit level map and greyscale, and evaluates them on the validation images
under each light. The test set is not read.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboards.light import light_table, write_light
from models.load import is_own
from models.networks import NETWORKS
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
from search.evaluation.drift import drifts
from search.evaluation.lights import light_data, plain_greyscale, under_each_light
from search.evaluation.metrics import METRICS
from search.evaluation.network import check_network, check_same_network
from search.evaluation.protocol import Protocol, differences
from search.references.pixels import Pixels, TrainingPixels
from search.references.rules import uniform
from search.study_flags import IMAGES

PICTURE_FLAGS = ("data_dir", "shape", "skip_bad", "groups")  # size, fit, color and similarity are those of the file


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.light", prog, arguments=" [FILE …]")
    made.add_flag(
        "thresholds",
        metavar="[FILE …]",
        type=Path,
        nargs="*",
        default=[Path("thresholds.json")],
        usual="thresholds.json",
        help="thresholds files of the same images and protocol",
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
    made.add_flag("--seeds", type=int, default=1, metavar="N", help="trainings of each input")
    made.add_flag(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="device to train on; auto prefers CUDA"
    )
    made.add_flag("--format", choices=FORMATS, default="text", help="format of the table on stdout")
    made.add_flag("-o", "--output", metavar="FILE", type=Path, default=Path("light.html"), help="file for the figure")
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Evaluates thresholds files; returns the exit code."""
    return run(light, flags(prog).parse_args(argv))


def light(args: argparse.Namespace) -> int:
    """The whole run; returns the exit code."""
    if not 1 <= args.seeds <= 1000:
        raise BadInput(f"--seeds {args.seeds}: expected 1 to 1000")
    first = args.thresholds[0]
    files = {path: read(path) for path in args.thresholds}
    device = choose_device(args.device)
    make_folder(args.output.absolute().parent)
    if args.output.is_dir():
        raise BadInput(f"--output {args.output}: that is a folder; name a file in it")
    protocol = protocol_of(first, files[first][1])
    for path, (_, made) in files.items():
        check_same_protocol(path, protocol_of(path, made), first, protocol)
    check_same_network(protocol.recipe.network, protocol.network_source, args.network, str(first))
    split = split_of(args, files[first][1], protocol)
    for path, (binarization, made) in files.items():
        check_images(path, binarization, made, split)
    chosen = protocol.chosen(split.train)
    binarizations = [binarization for binarization, _ in files.values()]
    inputs = compared(binarizations, TrainingPixels(chosen.images, chosen.labels).of())
    check_network(protocol.recipe, split.pictures, inputs, device)
    for path, (binarization, _) in files.items():
        say(f"{path}: {binarization}")
    say(
        f"{plural(len(inputs) * args.seeds, 'training')} on {device}, then {split.validation.photos} validation photos "
        f"under {plural(len(drifts()), 'light')}"
    )
    with StopSignals() as signals:
        try:
            scores = under_each_light(inputs, split, protocol, args.seeds, device, signals.check)
        except Stopped as stop:
            return STOPPED + stop.signal
    metric = METRICS[protocol.metric]
    data = light_data(scores, metric)
    print(FORMATS[args.format](light_table(data, metric)), flush=True)
    one = f"{first.name}: {binarizations[0]}"
    write_light(data, one if len(files) == 1 else f"{len(files)} thresholds files", metric, args.output)
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
    """The split of the images that the first file names, or --data. Raises: BadInput for images without a name."""
    name = made["data"]["name"]
    if args.data is None and name not in ("sign-mnist", "digits"):
        raise BadInput(f"{args.thresholds[0]} was made on images called {name!r}: name their place with --data")
    pictures, _ = load_pictures(source_of(as_in_the_file(made, protocol) | vars(args) | {"data": args.data or name}))
    return split_pictures(pictures, protocol.seed, protocol.folds)


def check_same_protocol(path: Path, protocol: Protocol, first: Path, expected: Protocol) -> None:
    """Raises: ProtocolMismatch for a file that was not measured by the protocol of the first file."""
    if found := differences(expected.as_dict(), protocol.as_dict(), places=(f"in {first}", f"in {path}")):
        raise ProtocolMismatch(
            f"{path} cannot be compared with {first}: its values were measured by another protocol ({found[0]}); "
            "name thresholds files of studies with the same images, split and budget"
        )


def check_images(path: Path, binarization: Binarization, made: dict[str, Any], split: Split) -> None:
    """Raises: ProtocolMismatch for a file of other images; BadInput for a binarization of other channels."""
    now = {"data": split.data_fingerprint, "split": split.split_fingerprint}
    if found := [key for key, value in now.items() if made["fingerprints"][key] != value]:
        raise ProtocolMismatch(
            f"these are not the images of {path} (fingerprint of the {found[0]}: "
            f"{made['fingerprints'][found[0]]} in the file, {now[found[0]]} now); name the study's images with "
            "--data, and its --groups"
        )
    if split.pictures.colors != binarization.colors:
        raise BadInput(f"{path}: {binarization} is not for images of {plural(split.pictures.colors, 'channel')}")


def as_in_the_file(made: dict[str, Any], protocol: Protocol) -> dict[str, Any]:
    """The image flags that repeat the preprocessing and the grouping of the file's images."""
    done = made["data"].get("preprocessing", {})
    size = {"size": "x".join(map(str, done["size"])), "fit": done["fit"]} if "size" in done else {}
    grouping = protocol.grouping
    near = {"groups": NONE} if grouping["groups"] == NONE else {"similarity": grouping["similarity"]}
    return near | size | ({"color": done["color"]} if "color" in done else {})


def compared(binarizations: Sequence[Binarization], pixels: Sequence[Pixels]) -> list[Input]:
    """The inputs to compare, each once: the binarizations, their 8-bit level maps, and greyscale.

    The 8-bit level map of a binarization is compared if it has one level map, other than grey. A single binarization of
    grey levels is also compared with as many cut points of the level map `rank`.
    pixels: the training pixels of each channel.
    """
    inputs: list[Input] = list(dict.fromkeys(binarizations))
    if len(inputs) == 1 and set(binarizations[0].level_maps) == {GREY}:
        inputs.append(of_rank(binarizations[0], pixels))
    for each in binarizations:
        if len(maps := set(each.level_maps)) == 1 and GREY not in maps:
            inputs.append(Greyscale(each.arithmetic, each.colors, maps.pop()))
    inputs += [plain_greyscale(each) for each in binarizations]
    return list(dict.fromkeys(inputs))


def of_rank(binarization: Binarization, pixels: Sequence[Pixels]) -> Binarization:
    """As many cut points of the level map `rank`, evenly spaced, as a thermometer."""
    sizes = [len(part) for part in binarization.cut_points.parts]
    parts = [uniform(each, k) for each, k in zip(pixels, sizes, strict=True)]
    cuts = cut_points_of([part for part in parts if part is not None], colors=binarization.colors > 1)
    return Binarization(cuts, "thermometer", binarization.arithmetic, (Rank(),))


if __name__ == "__main__":
    exit_with(main)
