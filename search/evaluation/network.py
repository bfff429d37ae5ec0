"""Networks of the user's own, named by `--network package.module:function`: when to import and how to check them.

A study's database and a thresholds file are data: a name that is found in them is imported only after the user has
given the same name.
"""

from collections.abc import Iterable

import torch

from models.constants import LEVELS
from models.load import UnusableNetwork, check_name, is_own, load_network, source_digest
from models.probe import try_out
from models.quantize import Quantization
from models.recipe import Recipe
from models.spec import NetworkSpec
from search.binarization.binarization import Arithmetic, Binarization, Greyscale, Input
from search.binarization.cut_points import CutPoints, cut_points_of
from search.console.messages import one_line
from search.data.pictures import Pictures
from search.errors import BadInput, ProtocolMismatch
from search.sampling.space import Space

FLAG = "--network"


def check_network_name(name: str) -> None:
    """Checks how the value of --network is written; imports nothing.

    Raises: BadInput for a name that is neither one of ours nor of the form `package.module:function`.
    """
    try:
        check_name(name)
    except UnusableNetwork as error:
        raise BadInput(f"{FLAG} {error}") from error


def network_source(name: str) -> str | None:
    """The digest of the source file of a network of the user's own, which is imported; None for one of ours.

    Raises: BadInput for a network that cannot be imported.
    """
    try:
        return source_digest(name)
    except UnusableNetwork as error:
        raise BadInput(f"{FLAG} {one_line(error)}") from error


def check_network(recipe: Recipe, pictures: Pictures, inputs: Iterable[Input], device: torch.device) -> None:
    """Tries a network of the user's own on empty images, once for each number of channels and kind of arithmetic.

    Networks of ours are not tried. Raises: BadInput for a network that could not be trained.
    """
    if not is_own(recipe.network):
        return
    height, width_px = pictures.shape[:2]
    kinds = {(sum(table.shape[1] for table in each.tables), each.arithmetic): None for each in inputs}
    try:
        build = load_network(recipe.network)
        for channels, kind in kinds:
            quantization = Quantization(kind.weights, kind.activations, recipe.real_layers, recipe.gradient)
            classes = len(pictures.class_names)
            spec = NetworkSpec(channels, height, width_px, classes, recipe.width, recipe.dropout, quantization)
            try_out(build, spec, device, recipe.precision)
    except UnusableNetwork as error:
        raise BadInput(f"{FLAG} {recipe.network}: {one_line(error)}") from error


def inputs_to_try(space: Space) -> list[Input]:
    """Inputs of a study that show what its networks must take: greyscale, few cut points and many, each arithmetic."""
    colors = space.colors
    kinds = [Arithmetic(weights, activations) for weights in space.weights for activations in space.activations]
    found: list[Input] = [Greyscale(kind, colors) for kind in kinds]
    for encoding in space.encodings:
        for k in (1, min(space.max_cuts * space.most_parts, LEVELS - 1)):
            cuts = cut_points_of([CutPoints(tuple(range(1, k + 1)))] * colors, colors=colors > 1)
            found.append(Binarization(cuts, encoding, kinds[0]))
    return found


def check_same_network(stored: str, source: str | None, given: str | None, of: str) -> None:
    """Checks that the user has named the network that stored values were measured with, and imports it.

    stored, source: the network of a stored protocol and the digest of its source. given: the value of --network.
    of: where the protocol is from, for messages.
    Raises: BadInput for a network of the user's own that was not given, or a network other than the stored one;
    ProtocolMismatch when its source has changed.
    """
    if given is not None and given != stored:
        raise BadInput(f"{FLAG} {given}: the network of {of} is {stored}; give that name, or leave {FLAG} out")
    if not is_own(stored):
        return
    if given is None:
        raise BadInput(
            f"{of} was made with the network {stored}, which is Python code of your own; give {FLAG} {stored} to run it"
        )
    now = network_source(stored)
    if source != now:
        raise ProtocolMismatch(
            f"the source of network {stored} changed since {of} was made (SHA-256 {source} then, {now} now); restore "
            "it, or start another study"
        )
