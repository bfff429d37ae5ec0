"""The level maps that a study trains at 8 bits, and their part in a confirmation."""

import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dashboards import cost, drawing
from dashboards.report import write_report
from search import confirm
from search.binarization.binarization import Binarization, Greyscale, from_key
from search.binarization.cut_points import CombinedCutPoints, CutPoints
from search.binarization.levels import GREY, Rank
from search.binarization.windows import LARGEST_IMAGE, Contrast
from search.config import StudyConfig
from search.confirmation.finalists import finalists, with_role
from search.confirmation.findings import findings_of
from search.confirmation.roles import BEST_8_BIT, GREYSCALE, LEVEL_MAP_8_BIT
from search.errors import NothingToShow
from search.evaluation.objective import Result
from search.evaluation.protocol import Protocol
from search.references.eight_bit_maps import MOST_MAPS, WHOLE, best_level_maps, train_level_maps
from search.references.greyscale import EightBit
from search.study import run_study
from search.trials.summary import table
from storage.claims import Once
from storage.database import open_database
from storage.records import load_runs
from storage.results import load_results
from tests.conftest import in_folder, toy_pictures
from tests.formula import make_formula, photos

URL = "sqlite:///studies.db"
PIXELS = 8 * 8
VALUES = {GREY: 0.95, Contrast(3): 0.96, Contrast(5): 0.94, WHOLE: 0.93}


def make_by_map(trained=(), diverging=(), before=None):
    """An objective by formula in which an 8-bit level map has the value of VALUES.

    trained: a list that receives the level maps of 8-bit inputs. diverging: level maps whose training diverges.
    before: is called with each spec.
    """

    def make(split, protocol, device):
        formula = make_formula(split, protocol, device)

        def evaluate(specs, report, check):
            (spec,) = specs
            if before is not None:
                before(spec)
            if not isinstance(spec.input, Greyscale):
                return formula(specs, report, check)
            check()
            trained.append(spec.input.level_map)
            if spec.input.level_map in diverging:
                return [Result(None, None, (), 0.1, False)]
            value = VALUES[spec.input.level_map]
            return [Result(value, 0.01, (value,), 0.1, False, photos(value))]

        return evaluate

    return make


def study(make=None, trained=None, name="one", code=0, **settings):
    """Runs a study of contrast with windows 3 and 5 on toy images; returns its results."""
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    usual = {"data": "toy.npz", "trials": 10, "pruner": "none", "max_cuts": 2, "levels": "contrast", "windows": "3-5"}
    config = StudyConfig(**usual | {"study_name": name} | settings)
    make = make_by_map([] if trained is None else trained) if make is None else make
    assert run_study(config, URL, make) == code
    return load_results(open_database(URL), name)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with in_folder(folder):
        study()
    return folder


@pytest.fixture
def results(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return load_results(open_database(URL), "one")


def maps_of(runs):
    return [from_key(run.input).level_map for run in runs]


def candidates(*inputs):
    """A table of candidates, the best first."""
    return pd.DataFrame({"key": [each.key for each in inputs], "channels": [each.bits for each in inputs]})


def binarized(cuts, *maps):
    """Thermometers with equal numbers of cut points of each level map."""
    one = CutPoints(tuple(range(100, 100 + cuts)))
    cut_points = one if len(maps) == 1 else CombinedCutPoints((one,) * len(maps))
    return Binarization(cut_points, "thermometer", level_maps=maps)


def test_level_maps_are_those_of_the_best_and_then_of_the_fewest_bits():
    found = candidates(
        binarized(4, Contrast(9)),  # the best
        binarized(3, Contrast(7)),
        binarized(1, Rank()),
        binarized(2, GREY),
        binarized(1, Contrast(5)),  # not the best with one bit
        binarized(2, Contrast(3)),
    )
    assert best_level_maps(found, PIXELS) == [Contrast(9), Rank(), Contrast(7), WHOLE]


def test_each_part_of_a_candidate_contributes_its_level_map_up_to_the_largest_number():
    several = [Contrast(window) for window in (3, 5, 7, 9)]
    assert best_level_maps(candidates(binarized(1, *several[:2], GREY)), PIXELS) == [*several[:2], WHOLE]
    assert best_level_maps(candidates(binarized(1, *several)), PIXELS) == [*several[:MOST_MAPS], WHOLE]


def test_the_standardized_image_is_trained_also_if_the_candidates_are_grey_and_only_if_it_can_be_computed():
    assert best_level_maps(candidates(binarized(1, GREY)), PIXELS) == [WHOLE]
    assert best_level_maps(candidates(binarized(1, WHOLE)), PIXELS) == [WHOLE]
    assert best_level_maps(candidates(binarized(1, Rank())), LARGEST_IMAGE + 1) == [Rank()]
    assert best_level_maps(candidates(), PIXELS) == []


def test_a_study_trains_greyscale_first_and_its_level_maps_last(capsys):
    order = []
    found = study(make_by_map([], before=lambda spec: order.append(getattr(spec.input, "level_map", None))))
    maps = best_level_maps(found.candidates, PIXELS)
    assert order == [GREY, *[None] * 10, *maps]
    assert maps_of(found.level_map_runs) == maps
    assert {run.value for run in found.level_map_runs} == {VALUES[each] for each in maps}
    out, err = capsys.readouterr()
    assert "\ngreyscale of contrast 3: 96.0% [" in err
    assert "greyscale reference: 95.0% [" in err
    rows = table(found).set_index("threshold ranges")
    assert rows.loc["greyscale of contrast 3", ["bits", "to greyscale"]].tolist() == [8, "+1.0 points"]
    assert rows.loc["greyscale", "to greyscale"] == ""
    assert "greyscale of contrast 3" in out


def test_a_study_of_grey_levels_trains_and_shows_nothing_more(capsys):
    trained = []
    found = study(trained=trained, levels="grey")
    assert trained == [GREY]
    assert found.level_map_runs == ()
    assert found.best_8_bit is None
    assert "8-bit" not in "".join(capsys.readouterr())


def test_level_maps_are_trained_once_per_protocol():
    trained = []
    found, other = study(trained=trained), study(trained=trained, name="two")
    assert len(trained) == len(set(trained)) == len(load_runs(open_database(URL), found.protocol_fingerprint))
    assert other.level_map_runs == found.level_map_runs
    study(trained=trained, levels="grey", name="grey")
    assert load_results(open_database(URL), "grey").level_map_runs == ()


def test_more_trials_add_level_maps_and_keep_those_that_were_trained():
    few = study(trials=1)
    more = study(trials=12)
    assert set(maps_of(few.level_map_runs)) == {WHOLE, *best_level_maps(few.candidates, PIXELS)}
    assert more.level_map_runs[: len(few.level_map_runs)] == few.level_map_runs
    assert set(best_level_maps(more.candidates, PIXELS)) <= set(maps_of(more.level_map_runs))


def test_after_a_stop_one_line_says_that_they_are_skipped_and_the_next_run_makes_up_for_them(capsys):
    done = []

    def stop_in_the_first_level_map(spec):
        if isinstance(spec.input, Greyscale) and spec.input.level_map != GREY:
            os.kill(os.getpid(), signal.SIGTERM)

    stopped = study(make_by_map([], before=stop_in_the_first_level_map), code=128 + signal.SIGTERM)
    assert stopped.level_map_runs == ()
    assert capsys.readouterr().err.count("8-bit level maps: skipped, the study was stopped; a later run") == 1
    found = study(trained=done)
    assert done == maps_of(found.level_map_runs) == best_level_maps(found.candidates, PIXELS)
    assert "the study has 10 trials already" in capsys.readouterr().err


def test_after_the_timeout_one_line_says_that_they_are_skipped(capsys):
    trained = []
    study(trained=trained)
    capsys.readouterr()
    part = toy_pictures().train
    np.savez("other.npz", images=part.images[::-1], labels=part.labels[::-1])
    with pytest.raises(NothingToShow):
        run_study(StudyConfig(data="other.npz", trials=9, levels="contrast", timeout=0), URL, make_by_map([]))
    assert capsys.readouterr().err.count("8-bit level maps: skipped, --timeout is over; a later run") == 1
    study(trained=trained, timeout=0)  # all are stored already
    assert "skipped" not in capsys.readouterr().err
    assert len(trained) == len(set(trained))


def test_a_level_map_whose_training_diverges_is_left_out_and_not_trained_again(capsys):
    trained = []
    make = make_by_map(trained, diverging=[WHOLE])
    found = study(make)
    assert "(whole image): failed, the training diverged" in capsys.readouterr().err
    assert WHOLE not in maps_of(found.level_map_runs)
    assert len(found.level_map_runs) > 0
    again = study(make)
    assert trained.count(WHOLE) == 1
    assert "(whole image): failed before" in capsys.readouterr().err
    assert again.level_map_runs == found.level_map_runs


def test_a_level_map_that_another_process_trains_is_waited_for_after_the_others_are_trained():
    found = study(levels="grey")
    database, protocol = open_database(URL), Protocol.from_dict(found.protocol)
    first, second = Contrast(3), Contrast(5)
    claim = Once(protocol.fingerprint, database)
    claimed = f"run {Greyscale(level_map=first).key}"
    assert claim.mine(claimed)

    def other_gives_up(spec):
        if spec.input.level_map == second:
            claim.give_back(claimed)

    trained = []
    evaluate = make_by_map(trained, before=other_gives_up)(None, protocol, None)
    training = EightBit(database, found.study, protocol, evaluate, torch.device("cpu"), lambda: None)
    train_level_maps(training, Greyscale(), [first, second])
    assert trained == [second, first]
    assert maps_of(load_results(database, "one").level_map_runs) == [first, second]


@pytest.mark.parametrize(("metric", "best"), [("accuracy", Contrast(3)), ("log-loss", WHOLE)])
def test_the_best_is_by_the_metric_and_greyscale_wins_ties(metric, best):
    found = study(metric=metric)
    runs = {from_key(run.input).level_map: run for run in found.level_map_runs}
    assert from_key(found.best_8_bit.input).level_map == best
    tied = [replace(run, value=found.greyscale.value) for run in runs.values()]
    assert replace(found, level_map_runs=tuple(tied)).best_8_bit == found.greyscale
    assert replace(found, greyscale=None).best_8_bit == runs[best]


def test_the_report_shows_each_level_map_with_a_marker_of_its_own(results, tmp_path):
    *_, greyscale, first, second = cost.front_figure(replace(results, level_map_runs=results.level_map_runs[:2])).data
    assert greyscale.name == "greyscale 95.0%"
    for trace, run in zip((first, second), results.level_map_runs, strict=False):
        assert 8 < trace.x[0] < 8.5
        assert list(trace.y) == [run.value]
        assert trace.name.startswith(str(from_key(run.input)))
    for look in ("color", "symbol"):
        assert len({each.marker[look] for each in (greyscale, first, second)}) == 3
    assert len({each.x[0] for each in (greyscale, first, second)}) == 3
    low, high = drawing.value_range(results)
    assert low < min(run.interval[0] for run in results.level_map_runs)
    assert high > max(run.interval[1] for run in results.level_map_runs)
    write_report(results, tmp_path / "r.html")
    assert "greyscale of contrast 3 96.0%" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_finalists_are_joined_by_their_level_maps_and_the_best_of_the_study(results):
    entries = finalists(results, 1, None, "kinds")
    assert entries[0].roles == (GREYSCALE,)
    best = with_role(entries, BEST_8_BIT)
    assert (best.input, best.value, best.trial) == (Greyscale(level_map=Contrast(3)), 0.96, None)
    maps = {part.level_map for each in entries if isinstance(each.input, Binarization) for part in each.input.parts}
    confirmed = {each.input.level_map for each in entries if LEVEL_MAP_8_BIT in each.roles}
    assert confirmed == maps & set(maps_of(results.level_map_runs))
    assert WHOLE not in confirmed
    assert len({each.input for each in entries}) == len(entries)


def test_without_references_only_the_best_level_map_is_confirmed(results):
    entries = finalists(results, 1, None, "none")
    assert [each.input.level_map for each in entries if isinstance(each.input, Greyscale)] == [GREY, Contrast(3)]
    assert not any(LEVEL_MAP_8_BIT in each.roles for each in entries)


def test_greyscale_can_be_the_best_level_map(results):
    worse = tuple(replace(run, value=0.5) for run in results.level_map_runs)
    entries = finalists(replace(results, level_map_runs=worse), 1, None, "none")
    assert entries[0].roles == (GREYSCALE, BEST_8_BIT)


def test_a_study_without_such_runs_has_the_entries_that_it_had(results):
    entries = finalists(replace(results, level_map_runs=()), 1, None, "kinds")
    assert [each.input for each in entries if isinstance(each.input, Greyscale)] == [Greyscale()]
    assert not any(role in (BEST_8_BIT, LEVEL_MAP_8_BIT) for each in entries for role in each.roles)


def test_a_confirmation_trains_level_maps_and_answers_how_many_bits_are_enough(results, capsys):
    flags = ["--seeds", "2", "--budget", "quick", "--confirm-references", "none", "--cuts", "1", "--margin", "50"]
    assert confirm.main(["--storage", URL, *flags]) == 0
    out, err = capsys.readouterr()
    assert "trained greyscale of contrast 3, seed 2" in err
    assert "Best 8-bit level map on validation photos: greyscale of contrast 3." in " ".join(out.split())
    (line,) = [each for each in out.splitlines() if "equivalent to the best 8-bit level map" in each]
    assert line.startswith("fewest bits per pixel equivalent to the best 8-bit level map (within 50 points): ")
    found = findings_of(load_results(open_database(URL), "one"))
    assert found.best_8_bit.input == Greyscale(level_map=Contrast(3))
    assert found.best_8_bit.validation == 0.96
    others = [entry for entry in found.entries if entry.input != found.best_8_bit.input]
    assert all(entry.against["best_8_bit"].to == found.best_8_bit.input for entry in others)
    assert found.greyscale.input == Greyscale()
