"""Real and binary weights and activations in a study: records, thresholds file, report and confirmation."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.constants import ACTIVATIONS, WEIGHTS
from search import confirm
from search.binarization.binarization import Arithmetic, Greyscale, from_key
from search.config import StudyConfig
from search.confirmation.finalists import finalists
from search.confirmation.roles import Role
from search.deploy.thresholds import read
from search.evaluation.objective import Result
from search.references.greyscale import greyscale_of
from search.study import main, run_study
from search.trials.summary import summary
from storage.database import open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"


def results():
    return load_results(open_database(URL), None)


@pytest.fixture
def toy():
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    return "toy.npz"


def binary_is_worse(split, protocol, device):
    """The formula, with a lower value for weights and activations that are not real."""
    formula = make_formula(split, protocol, device)

    def evaluate(specs, report, check):
        found = []
        for spec, made in zip(specs, formula(specs, report, check), strict=True):
            arithmetic = spec.input.arithmetic
            less = 0.02 * (arithmetic.weights != "real") + 0.05 * (arithmetic.activations != "real")
            found.append(Result(made.value - less, made.standard_error, made.steps, made.seconds, False))
        return found

    return evaluate


def test_searched_weights_and_activations_are_parameters_and_the_best_of_each_is_confirmed(toy):
    config = StudyConfig(data=toy, trials=60, pruner="none", weights="search", activations="search", max_cuts=3)
    assert run_study(config, URL, binary_is_worse) == 0
    found = results()
    assert set(found.trials["weights"]) == set(WEIGHTS)
    assert set(found.trials["activations"]) == set(ACTIVATIONS)
    assert {"weights", "activations"} <= set(found.study.trials[-1].params)
    best = found.candidates.iloc[0]
    assert (best["weights"], best["activations"]) == ("real", "real")
    assert from_key(found.greyscale.input) == Greyscale()  # a real network is what all of them are compared with
    text = summary(found)
    assert "xnor" in text
    roles = {role for entry in finalists(found, 1, [1], "none") for role in entry.roles}
    assert {Role("best with arithmetic", arithmetic=Arithmetic(w, a)) for w in WEIGHTS for a in ACTIVATIONS} <= roles
    assert "best with real weights and activations" in map(str, roles)
    (folder,) = Path("results").iterdir()
    assert 'id="by-arithmetic"' in (folder / "report.html").read_text()


def test_fixed_weights_and_activations_apply_to_every_trial_and_to_greyscale(toy, tmp_path):
    flags = ["--data", toy, "--trials", "3", "--epochs", "2", "--width", "4", "--max-cuts", "2", "--output-dir", "out"]
    assert main(["--storage", URL, *flags, "--weights", "xnor", "--activations", "binary"]) == 0
    found = results()
    assert set(zip(found.trials["weights"], found.trials["activations"], strict=True)) == {("xnor", "binary")}
    assert from_key(found.greyscale.input) == Greyscale(Arithmetic("xnor", "binary"))
    binarization, made = read(tmp_path / "out" / "thresholds.json")
    assert binarization.arithmetic == Arithmetic("xnor", "binary")
    assert (made["weights"], made["activations"]) == ("xnor", "binary")
    assert "xnor weights, binary activations" in (tmp_path / "out" / "report.html").read_text()
    assert confirm.main(["--storage", URL, "--seeds", "2", "--budget", "quick", "--output-dir", "out"]) == 0
    again = json.loads((tmp_path / "out" / "thresholds.json").read_text())
    assert again["greyscale"]["confirmed"]["accuracy"]["n"] == 2


@pytest.mark.parametrize("changed", [{"weights": "binary"}, {"activations": "search"}, {"network": "lenet"}])
def test_a_study_with_other_weights_activations_or_network_is_not_joined(toy, changed, capsys):
    settings = {"data": toy, "trials": 2, "pruner": "none", "study_name": "mine"}
    assert run_study(StudyConfig(**settings), URL, make_formula) == 0
    capsys.readouterr()
    flags = [part for key, value in changed.items() for part in (f"--{key}", value)]
    assert main(["--storage", URL, "--data", toy, "--trials", "4", "--study-name", "mine", *flags]) == 4
    assert next(iter(changed)) in capsys.readouterr().err


def test_a_study_without_recorded_arithmetic_has_real_weights_and_activations():
    assert greyscale_of({"max_cuts": 8}, 1) == Greyscale()
    assert greyscale_of({"weights": "search", "activations": "binary"}, 3) == Greyscale(Arithmetic("real", "binary"), 3)
