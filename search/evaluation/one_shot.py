"""One-shot search: a supernet is trained once, and then scores any binarization of the space on validation photos.

Takes a split, a protocol and a search space. Returns a pool of scored candidates for the sampler, and keeps weights and
scores in the database, where other processes and later runs find them. As in a trial, each fold has a network of its
own, which is trained on the training photos of that fold and predicts its validation photos; the score is pooled over
folds. The test set is not read.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.encode import Encoder
from models.quantize import Quantization
from models.supernet import to_bytes, train_supernet, weights_of, with_weights
from models.train import predict
from search.binarization.binarization import Arithmetic, Binarization, canonical
from search.console.messages import plural, say
from search.data.split import Split, digest
from search.evaluation.device import trained_with
from search.evaluation.draws import Draws, Layout
from search.evaluation.metrics import METRICS
from search.evaluation.objective import FoldOnDevice
from search.evaluation.protocol import Protocol
from search.sampling.pool import Floats, Pool, Sizes, find_pool
from search.sampling.space import Space
from storage.claims import Once
from storage.database import Database
from storage.supernets import SupernetRecord, load_supernet, save_supernet, save_supernet_scores

POLL_SECONDS = 0.5  # between two checks whether another process has trained it
# Validation images of a fold that score a candidate, and that score the best ones again. On many_cuts.csv Spearman's
# correlation with the values of trials is 0.86 with 256 images, one of each photo, and 0.92 with 2048. With 256 images
# of 28×28, a candidate takes 0.05 s on one thread of a busy machine.
SOME, MANY = 256, 1024
EPOCHS = 1  # times those of a trial
LEADERS = 48  # candidates that are scored again, an equal share for each number of bits, but at least LEAST
LEAST = 6
VERSION = 1  # of the draws, the layout and the scores; raise it when one of them changes


class OneShot:
    """The supernet of a search space, trained or loaded.

    Each encoding, each kind of weights and activations and each fold has a network of its own. One network for several
    encodings, with their channels side by side, took twice the time for each candidate and ordered them no better.
    seed: of the training; None for that of the protocol.
    """

    def __init__(
        self,
        split: Split,
        protocol: Protocol,
        space: Space,
        device: torch.device,
        check: Callable[[], None],
        seed: int | None = None,
    ) -> None:
        self._protocol, self._space, self._device, self._check = protocol, space, device, check
        self._seed = protocol.seed if seed is None else seed
        self._classes = len(split.pictures.class_names)
        self._layouts = {name: Layout.of(space, name) for name in space.encodings}
        self._folds = [FoldOnDevice.of(parts, protocol, device) for parts in split.folds]
        self._some, self._many = (
            [fold.only(spread_rows(fold.groups, most, protocol.seed)) for fold in self._folds] for most in (SOME, MANY)
        )
        self._networks: dict[str, nn.Module] = {}
        self._known: dict[Binarization, float] = {}

    def train(self) -> tuple[bytes, float]:
        """Trains the networks for EPOCHS times the epochs of a trial; returns their weights and the seconds it took.

        The weights are empty if a training diverged.
        """
        seconds = 0.0
        for name, layout, arithmetic, fold in self._each():
            trained = train_supernet(
                Draws(layout, self._seed),
                layout.channels,
                fold.training,
                self._classes,
                replace(self._protocol.recipe, epochs=EPOCHS * self._protocol.recipe.epochs),
                self._seed,
                self._check,
                self._quantization(arithmetic),
            )
            seconds += trained.seconds
            if trained.network is None:
                return b"", seconds
            self._networks[name] = trained.network
        return to_bytes(self._networks), seconds

    def load(self, saved: bytes, known: Mapping[Binarization, float]) -> None:
        """Takes the weights that `train` returned, and scores that are known."""
        weights = weights_of(saved, self._device)
        for name, layout, arithmetic, fold in self._each():
            self._networks[name] = with_weights(
                weights[name],
                layout.channels,
                fold.training,
                self._classes,
                self._protocol.recipe,
                self._quantization(arithmetic),
            )
        self._known = dict(known)

    def score(self, binarizations: Sequence[Binarization]) -> Floats:
        """The metric of N binarizations, in their order, on the same few images of all validation photos."""
        for each in binarizations:
            if each not in self._known:
                self._known[each] = self._value(each, self._some)
        return np.array([self._known[each] for each in binarizations])

    def score_fully(self, binarizations: Sequence[Binarization]) -> Floats:
        """The metric of N binarizations on up to MANY images of a fold; `score` returns it from now on."""
        self._known |= {each: self._value(each, self._many) for each in binarizations}
        return self.score(binarizations)

    def _value(self, binarization: Binarization, folds: Sequence[FoldOnDevice]) -> float:
        encode = Encoder(self._layouts[binarization.encoding].parts(binarization), self._device)
        scores, weights = [], []
        for index, fold in enumerate(folds):
            self._check()
            network = self._networks[_name(binarization.encoding, binarization.arithmetic, index)]
            scores.append(fold.scores(predict(network, fold.validation_u8, encode).cpu().numpy()))
            weights.append(fold.weights)
        return float(np.average(np.concatenate(scores), weights=np.concatenate(weights)))

    def _each(self) -> Iterator[tuple[str, Layout, Arithmetic, FoldOnDevice]]:
        for encoding, arithmetic in self._space.kinds:
            for index, fold in enumerate(self._folds):
                yield _name(encoding, arithmetic, index), self._layouts[encoding], arithmetic, fold

    def _quantization(self, arithmetic: Arithmetic) -> Quantization:
        recipe = self._protocol.recipe
        return Quantization(arithmetic.weights, arithmetic.activations, recipe.real_layers, recipe.gradient)


def _name(encoding: str, arithmetic: Arithmetic, fold: int) -> str:
    return f"{encoding} {arithmetic.weights} {arithmetic.activations} {fold}"


def spread_rows(groups: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    """Rows of at most `most` images: one of each photo group in random order, then a second one, and so on."""
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    _, first, counts = np.unique(np.sort(groups[shuffled], kind="stable"), return_index=True, return_counts=True)
    by_group = shuffled[np.argsort(groups[shuffled], kind="stable")]
    turn = np.arange(len(groups)) - np.repeat(first, counts)  # 0 for the first image of its group
    place = np.empty(len(groups), np.int64)
    place[by_group] = turn
    return np.sort(shuffled[np.argsort(place[shuffled], kind="stable")][:most])


def scored_pool(
    database: Database,
    split: Split,
    protocol: Protocol,
    space: Space,
    device: torch.device,
    check: Callable[[], None],
    until: float | None = None,
    sizes: Sizes | None = None,
) -> Pool | None:
    """The candidates of a search space, scored by its supernet: stored ones, or new ones, which are then stored.

    Of several processes, one trains and scores; the others wait for it. None if the training diverged.
    check: called before each training step and each candidate; what it raises ends everything. until: the
    time.monotonic() at which to stop waiting for another process; None is returned then. sizes: of the pool.
    """
    what = space_record(space)
    once, claim, waiting = Once(protocol.fingerprint, database), f"supernet {what}", False
    network = OneShot(split, protocol, space, device, check)
    while True:
        check()
        record = load_supernet(database, protocol.fingerprint, what)
        if record is not None and not record.weights:
            say("supernet: its training diverged; the search goes on without it")
            return None
        if record is not None and record.scores is not None:
            known = {Binarization.from_key(key): value for key, value in record.scores.items()}
            network.load(record.weights, known)
            say(
                f"supernet: trained in {record.seconds:.0f} s; {plural(len(known), 'candidate')} scored in "
                f"{record.scoring_seconds:.0f} s"
            )
            return Pool(tuple(known), np.array(list(known.values())), network.score)
        if once.mine(claim):
            try:
                _train_and_score(database, network, protocol, what, space, device, sizes)
            finally:
                once.give_back(claim)
            continue
        if not waiting:
            say("supernet: another process trains it")
            waiting = True
        if until is not None and time.monotonic() >= until:
            return None
        time.sleep(POLL_SECONDS)


def _train_and_score(
    database: Database,
    network: OneShot,
    protocol: Protocol,
    what: str,
    space: Space,
    device: torch.device,
    sizes: Sizes | None,
) -> None:
    record = load_supernet(database, protocol.fingerprint, what)
    if record is None:
        say("supernet: training")
        weights, seconds = network.train()
        now = trained_with(device, protocol.recipe.precision)
        record = SupernetRecord(protocol.fingerprint, what, weights, round(seconds, 2), now)
        save_supernet(database, record)
    elif record.weights and record.scores is None:
        network.load(record.weights, {})
    if not record.weights or record.scores is not None:
        return
    say("supernet: scoring candidates")
    started, maximize = time.perf_counter(), METRICS[protocol.metric].maximize
    pool = find_pool(space, network.score, maximize, protocol.seed, sizes)
    network.score_fully(leaders(pool, maximize))
    scores = dict(zip((each.key for each in pool.candidates), network.score(pool.candidates).tolist(), strict=True))
    save_supernet_scores(database, protocol.fingerprint, what, scores, round(time.perf_counter() - started, 2))


def leaders(pool: Pool, maximize: bool) -> list[Binarization]:
    """The best candidates of each number of bits."""
    found: dict[int, list[Binarization]] = {}
    share = max(LEADERS // len({each.bits for each in pool.candidates}), LEAST)
    for row in np.argsort(-pool.scores if maximize else pool.scores, kind="stable"):
        of_bits = found.setdefault(pool.candidates[row].bits, [])
        if len(of_bits) < share:
            of_bits.append(pool.candidates[row])
    return [each for of_bits in found.values() for each in of_bits]


def space_record(space: Space) -> str:
    """Canonical JSON of everything that a supernet depends on besides the protocol."""
    edges = [space.edges, *(space.level_edges[name] for name in sorted(space.level_edges))]
    return canonical(
        {
            "version": VERSION,
            "max_cuts": space.max_cuts,
            "most_parts": space.most_parts,
            "colors": space.colors,
            "levels": space.levels.names,
            "windows": space.levels.windows if space.levels.windowed else None,
            "edges": digest(*edges),
            **space.choices,
        }
    )
