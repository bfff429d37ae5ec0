"""The data of each figure, and the self-contained report."""

import re
import shutil

import numpy as np
import optuna
import pandas as pd
import pytest

from dashboards import cost, drawing, figures
from dashboards.importance import importance
from dashboards.positions import positions_data, positions_figure
from dashboards.report import main, write_report
from dashboards.sections import sections
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.config import StudyConfig
from search.errors import NothingToShow
from search.evaluation.intervals import validation_interval
from search.evaluation.objective import Result
from search.study import run_study
from storage.database import open_database
from storage.results import load_results
from storage.scores import Scores
from tests.conftest import in_folder, toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"


def make_study(tmp_path, make=make_formula, **settings):
    part = toy_pictures().train
    names = ["<b>A</b>", "B & C", "D"]
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels, class_names=names)
    config = StudyConfig(**{"data": "toy.npz", "trials": 24, "study_name": "one"} | settings)
    run_study(config, URL, make)
    return load_results(open_database(URL), "one")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with in_folder(folder):
        make_study(folder)
    return folder


@pytest.fixture
def results(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return load_results(open_database(URL), "one")


def test_history_has_each_complete_trial_and_a_monotone_best_value(results):
    data = figures.history_data(results)
    assert len(data) == (results.trials["state"] == "COMPLETE").sum()
    assert data["best"].is_monotonic_increasing
    assert data["best"].iloc[-1] == data["value"].max()
    assert set(data["source"]) == {"search", "reference"}


def test_importance_is_reported_for_properties_and_not_for_parameters(results, tmp_path):
    found = importance(results.candidates)
    assert found.shares["importance"].sum() == pytest.approx(1)
    assert found.shares["importance"].is_monotonic_decreasing
    assert set(found.shares["property"]) == {
        "number of cut points",
        "lowest cut point",
        "middle cut point",
        "highest cut point",
        "encoding",
    }
    write_report(results, tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"explains {found.explained:.0%} of the variance" in html
    assert "position_1" not in html
    assert "PED-ANOVA" not in html


def test_with_few_trials_there_is_no_importance(tmp_path):
    results = make_study(tmp_path, trials=4)
    assert importance(results.candidates) is None
    assert "importance" not in [each["id"] for each in sections(results)]


def test_positions_are_the_cut_points_of_the_best_candidate_of_each_number(results):
    data = positions_data(results)
    for cuts, rows in data.groupby("cuts"):
        best = results.by_cuts[results.by_cuts["cuts"] == cuts].iloc[0]
        assert tuple(rows["cut_point"]) == best["cut_points"]


def test_the_channels_figure_shows_the_input_of_the_network(results):
    binarization, channels = figures.channels_data(results)
    best = results.candidates.iloc[0]
    assert binarization == Binarization(CutPoints(best["cut_points"]), best["encoding"])
    assert (channels == binarization.encode(results.data_set.examples)).all()
    assert len(results.data_set.examples) == 3


def test_every_figure_can_be_drawn(results):
    for draw in (
        figures.history_figure,
        cost.cuts_figure,
        cost.front_figure,
        positions_figure,
        figures.channels_figure,
    ):
        assert len(draw(results).data) > 0


def test_the_cuts_figure_shows_each_candidate_once_and_the_best(results):
    search, reference, best = cost.cuts_figure(results).data
    assert len(search.x) + len(reference.x) == len(results.candidates)
    assert list(best.y) == list(results.by_cuts["value"])


def test_the_front_figure_shows_each_candidate_the_front_and_greyscale(results):
    data = cost.candidates_data(results)
    front = data[data["on_front"]].sort_values("bits")
    search, references, line, greyscale = cost.front_figure(results).data
    assert len(search.x) + len(references.x) == len(results.candidates)
    assert list(line.x) == list(front["bits"])
    assert list(line.y) == list(front["value"])
    assert line.line.shape == "hv"
    assert (list(greyscale.x), list(greyscale.y)) == ([8], [results.greyscale.value])


def test_the_pareto_front_is_monotone_and_dominates_all_candidates(results):
    data = cost.candidates_data(results)
    front = data[data["on_front"]].sort_values("bits")
    assert front["bits"].is_unique
    assert front["value"].is_monotonic_increasing
    for _, row in data.iterrows():
        assert row["value"] <= front[front["bits"] <= row["bits"]]["value"].max()
    assert data["best_of_cuts"].sum() == len(results.by_cuts)


def test_log_loss_values_are_not_shown_as_percentages(tmp_path):
    results = make_study(tmp_path, metric="log-loss", trials=24)
    data = figures.history_data(results)
    assert data["best"].is_monotonic_decreasing
    assert data["best"].iloc[-1] == data["value"].min()
    low, high = drawing.value_range(results)
    best = results.by_cuts
    assert low < best["low"].min()
    assert high > best["high"].max()
    for draw in (cost.cuts_figure, cost.front_figure, figures.history_figure):
        figure = draw(results)
        assert figure.layout.yaxis.title.text == "validation log-loss"
        assert "%" not in figure.layout.yaxis.tickformat
        assert not any("%}" in (trace.hovertemplate or "") for trace in figure.data)
    hovers = [trace.hovertemplate for trace in positions_figure(results).data if trace.type == "scatter"]
    assert not any("%:" in hover for hover in hovers)
    write_report(results, tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Log-loss against bits per pixel" in html
    assert "{value:.3f} [{low:.3f}, {high:.3f}]".format(**results.candidates.iloc[0]) in html
    front = cost.candidates_data(results).query("on_front").sort_values("bits")
    assert front["value"].is_monotonic_decreasing


def test_figures_of_a_study_with_two_objectives_show_the_accuracy(tmp_path):
    results = make_study(tmp_path, objectives="accuracy,bits", sampler="random", trials=24)
    data = figures.history_data(results)
    assert len(data) == 24
    assert data["best"].is_monotonic_increasing
    best = {tuple(trial.values) for trial in results.study.best_trials}
    front = cost.candidates_data(results).query("on_front")
    assert set(zip(front["value"], front["bits"], strict=True)) == best


def test_the_value_axis_includes_the_intervals_of_the_best_candidates(results):
    low, high = drawing.value_range(results)
    assert low < results.by_cuts["low"].min()
    assert high > max(results.greyscale.interval[1], results.by_cuts["high"].max())


def test_the_report_is_one_file_without_external_resources(results, tmp_path):
    write_report(results, tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", html)
    for key in ("bits", "cuts", "positions", "channels", "history", "importance"):
        assert f'<div id="{key}"' in html
    assert results.candidates.iloc[0]["threshold_ranges"] in html
    assert results.protocol_fingerprint in html


def test_study_names_are_escaped(results, tmp_path):
    name = "<script>alert(1)</script>"
    copied = optuna.copy_study(from_study_name="one", from_storage=URL, to_storage=URL, to_study_name=name)
    assert copied is None
    write_report(load_results(open_database(URL), name), tmp_path / "r.html")
    assert "<script>alert(1)" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_study_copied_by_optuna_alone_is_refused(results, capsys):
    optuna.copy_study(from_study_name="one", from_storage=URL, to_storage="sqlite:///copy.db")
    assert main(["--storage", "sqlite:///copy.db"]) == 2
    assert "lacks the tables" in capsys.readouterr().err


def test_the_report_command_writes_to_the_given_path(results, tmp_path, capsys):
    assert main(["--storage", URL, "-o", "here/r.html"]) == 0
    assert (tmp_path / "here" / "r.html").stat().st_size > 1e6
    assert capsys.readouterr().err == "here/r.html: report of study one\n"
    assert main(["--storage", URL]) == 0
    assert (tmp_path / "report.html").exists()
    assert main(["--storage", URL, "--study-name", "none"]) == 2
    assert main(["--storage", "sqlite:///missing.db"]) == 5


def test_a_study_without_a_finished_trial_has_no_report(tmp_path, capsys):
    with pytest.raises(NothingToShow):
        make_study(tmp_path, timeout=0)
    assert main(["--storage", URL]) == 3


def make_faultless(split, protocol, device):
    """An objective in which every photo is classified correctly with any cut points."""
    weights = np.full(split.validation.photos, 1 / split.validation.photos)
    interval = validation_interval(weights, weights)

    def evaluate(specs, report, check):
        return [Result(1.0, 0.0, (1.0,), 0.1, False, Scores(weights, weights), interval) for _ in specs]

    return evaluate


def test_intervals_are_not_empty_if_every_photo_is_correct(tmp_path, capsys):
    results = make_study(tmp_path, make=make_faultless, trials=12)
    message = "".join(capsys.readouterr())
    write_report(results, tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8").partition("<body>")[2]
    file = (tmp_path / "results/one/thresholds.json").read_text(encoding="utf-8")
    for text in (message, html, file):
        assert "±" not in text
    low = results.candidates["low"].iloc[0]
    assert low < 0.7  # there are eight photos
    shown = f"100.0% [{100 * low:.1f}, 100.0]"
    assert f"best: {Binarization.from_key(results.candidates['key'].iloc[0])}, {shown} validation accuracy" in message
    assert f"greyscale reference: {shown}" in message
    assert html.count(shown) > 3
    _, _, best = cost.cuts_figure(results).data
    *_, front, greyscale = cost.front_figure(results).data
    for trace in (best, front, greyscale):
        assert trace.error_y.symmetric is False
        assert list(trace.error_y.array) == [0] * len(trace.x)
        assert list(trace.error_y.arrayminus) == pytest.approx([1 - low] * len(trace.x))
    (band,) = [shape for shape in cost.cuts_figure(results).layout.shapes if shape.type == "rect"]
    assert (band.y0, band.y1) == (pytest.approx(low), 1)


def test_many_cut_points_can_be_drawn(tmp_path):
    results = make_study(tmp_path, max_cuts=40, trials=20)
    figure = figures.channels_figure(results)
    assert len(figure.data) <= 3 * (1 + figures.MOST_CHANNELS)
    assert isinstance(positions_data(results), pd.DataFrame)
