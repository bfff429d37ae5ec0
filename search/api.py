"""The Python API: `search_thresholds` runs a study on arrays, `BinarizedInput` is a transformer for scikit-learn.

Importing this module is cheap; PyTorch and Optuna are imported by the first search.
"""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from search.binarization.binarization import Binarization
from search.console.messages import one_line
from search.deploy.transformer import BinarizedInput
from search.errors import BadInput, NothingToShow

if TYPE_CHECKING:
    import optuna
    import pandas as pd

    from search.config import StudyConfig
    from storage.results import Results

__all__ = ["BinarizedInput", "SearchResult", "search_thresholds"]


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult:
    """What a search found.

    Attributes
    ----------
    binarization : Binarization
        The best cut points with their encoding. `binarization.encode(images)` returns binary channels.
    value : float
        Its validation value: an accuracy is a share of 0..1. With several trials of one binarization it is their mean.
    interval : tuple of float
        95 % interval of the value over photo groups.
    greyscale : float or None
        The value of the same network on 8-bit images; None if its training diverged.
    metric : str
        What the values measure, for instance "accuracy".
    candidates : pandas.DataFrame
        All binarizations that were trained to the end, the best first.
    study : optuna.Study
        The study, for Optuna's own functions and figures.
    """

    binarization: Binarization
    value: float
    interval: tuple[float, float]
    greyscale: float | None
    metric: str
    candidates: "pd.DataFrame"
    study: "optuna.Study"
    _results: "Results" = field(repr=False)

    def to_json(self, path: str | PathLike[str], *, pick: str = "best", cuts: int | None = None) -> None:
        """Writes a thresholds file, as `python -m search.export` does.

        pick: "best", "knee" or "smallest-tied". cuts: the best candidate with this number of cut points instead.
        Raises: BadInput for a pick or a number of cut points that does not exist, or a path that cannot be written.
        """
        from search.deploy import thresholds
        from search.deploy.picks import PICKS

        if pick not in PICKS:
            raise BadInput(f"pick {pick!r}: expected one of {', '.join(PICKS)}")
        thresholds.write(Path(path), thresholds.document(self._results, cuts, pick))

    def report(self, path: str | PathLike[str]) -> None:
        """Writes the study's report, one HTML file. Raises: BadInput for a path that cannot be written."""
        from dashboards.report import write_report

        write_report(self._results, Path(path))

    def __repr__(self) -> str:
        from search.evaluation.metrics import METRICS

        metric = METRICS[self.metric]
        gap = "" if self.greyscale is None else f", {metric.gap(self.value, self.greyscale)} to greyscale"
        shown = f"{metric.shown(self.value, self.interval)} validation {self.metric}{gap}"
        return (
            f"<SearchResult {self.binarization}: {shown}; "
            f"study {self.study.study_name!r}, {len(self.candidates)} candidates>"
        )


def search_thresholds(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    test_images: npt.ArrayLike | None = None,
    test_labels: npt.ArrayLike | None = None,
    test_groups: npt.ArrayLike | None = None,
    class_names: npt.ArrayLike | None = None,
    trials: int = 100,
    max_cuts: int = 8,
    encoding: str = "both",
    weights: str = "real",
    activations: str = "real",
    network: str | Callable[..., Any] = "compact",
    budget: str = "quick",
    epochs: int | None = None,
    sampler: str = "local",
    objectives: str = "accuracy",
    metric: str = "accuracy",
    color: str = "gray",
    seed: int = 0,
    device: str = "auto",
    timeout: float | None = None,
    study_name: str | None = None,
    storage: str | None = None,
    progress: bool = True,
    **settings: Any,
) -> SearchResult:
    """Searches the cut points with which a CNN classifies binarized images best.

    It is the study of `python -m search.study`: a study in the same database with the same images and settings goes on
    where it stopped, and the other commands can export, report and browse it.

    Parameters
    ----------
    images : array of uint8, (N, H, W) or (N, H, W, 3)
        Images in grey levels or in RGB. Other numeric types are accepted if all values are integers in 0..255.
    labels : array of int or str, (N,)
        The class of each image.
    groups : array of int or str, (N,), or "none", default=None
        Images with the same value stay on one side of every split, for instance frames of one video or images of one
        person. None finds near copies by their correlation; "none" takes each image as its own group.
    test_images, test_labels, test_groups : arrays, default=None
        A test set of your own, which the search never uses. None holds out a fifth of the photo groups.
    class_names : sequence of str, default=None
        Names of the classes, if labels are numbers 0..C-1.
    trials : int, default=100
        The number of trials in the study, those of earlier calls included.
    max_cuts : int, default=8
        The search uses 1 to this many cut points.
    encoding : str, default="both"
        An encoding, "both" for range and thermometer, or "all".
    weights, activations : str, default="real"
        Arithmetic of the network; "search" makes it a parameter of the study.
    network : str or callable, default="compact"
        "compact", "lenet" or "residual", or a function of a module that takes a NetworkSpec and returns an nn.Module.
    budget : str, default="quick"
        Number of variants, epochs and width of a trial; `epochs` replaces the budget's.
    sampler, objectives, metric, color, seed, device, timeout :
        As the flags of the same names in docs/commands.md.
    study_name : str, default=None
        None makes a name of the budget and a fingerprint of all settings that values depend on.
    storage : str, default=None
        URL of a database, for instance "sqlite:///studies.db". None is $OPTUNA_STORAGE, or studies.db in the current
        folder, as for the commands.
    progress : bool, default=True
        Whether progress, notes and warnings are printed on stderr.
    **settings
        Other flags of `python -m search.study`, with underscores: references, pruner, folds, repeats, variants, width,
        augmentation, precision, batch_size, learning_rate, similarity and so on.

    Returns
    -------
    SearchResult

    Raises
    ------
    BadInput
        For arrays or settings that cannot be used. It is a ValueError.
    TypeError
        For an unknown setting or one of the wrong type.
    ProtocolMismatch
        For a `study_name` whose study has another protocol.
    StorageUnavailable
        For a database that cannot be opened.
    NothingToShow
        If no trial was finished, for instance before the timeout.
    KeyboardInterrupt
        After Ctrl-C, once what was finished is recorded. The same call goes on with the study.
    """
    given = {
        "trials": trials,
        "max_cuts": max_cuts,
        "encoding": encoding,
        "weights": weights,
        "activations": activations,
        "network": network,
        "budget": budget,
        "epochs": epochs,
        "sampler": sampler,
        "objectives": objectives,
        "metric": metric,
        "color": color,
        "seed": seed,
        "device": device,
        "timeout": timeout,
        "study_name": study_name,
    }
    arrays = {
        "images": images,
        "labels": labels,
        "groups": None if isinstance(groups, str) else groups,
        "test_images": test_images,
        "test_labels": test_labels,
        "test_groups": test_groups,
        "class_names": class_names,
    }
    from search.arguments import as_arguments, config_of

    try:
        config = config_of(search_thresholds, given | settings, groups=groups if isinstance(groups, str) else None)
        return _search(config, arrays, storage, progress)
    except BadInput as error:  # it may name flags of the command
        raise BadInput(as_arguments(str(error))) from None


def _search(
    config: "StudyConfig", arrays: Mapping[str, npt.ArrayLike | None], storage: str | None, progress: bool
) -> SearchResult:
    import optuna

    from search.console.messages import quiet
    from search.console.stop import Stopped, StopSignals
    from search.data.load import pictures_of_arrays
    from search.evaluation.objective import make_objective
    from search.trials.run import check_environment, create_or_join, prepare, run_trials
    from storage.database import default_storage, open_database
    from storage.results import load_results

    started, verbosity = time.monotonic(), optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(verbosity, optuna.logging.WARNING))
    try:
        with quiet(not progress):
            device = check_environment(config)
            pictures = pictures_of_arrays({k: _array(v) for k, v in arrays.items() if v is not None}, config.source)
            database = open_database(storage or default_storage())
            plan = prepare(config, pictures, "given as arrays", None, device, make_objective)
            study = create_or_join(plan, database)
            try:
                run_trials(plan, database, study, started, StopSignals([signal.SIGINT]))
            except Stopped as stop:
                raise KeyboardInterrupt("the search stopped; the same call goes on with it") from stop
            return _result(load_results(database, plan.name))
    finally:
        optuna.logging.set_verbosity(verbosity)


def _result(results: "Results") -> SearchResult:
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    best, greyscale = results.candidates.iloc[0], results.greyscale
    return SearchResult(
        binarization=Binarization.from_key(best["key"]),
        value=float(best["value"]),
        interval=(float(best["low"]), float(best["high"])),
        greyscale=None if greyscale is None else greyscale.value,
        metric=str(results.protocol["metric"]),
        candidates=results.candidates,
        study=results.study,
        _results=results,
    )


def _array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array; text in an array of objects, as in a pandas column, has a type of its own. Raises: BadInput."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadInput(f"expected one array, whose rows have equal shapes ({one_line(error)[:120]})") from error
    if array.dtype.kind in "OT" and all(isinstance(value, str) for value in array.ravel()):
        return array.astype(np.str_)
    return array
