"""The Python API: whole searches on arrays, with a formula in place of training and with real training."""

import dataclasses
import importlib
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

from models.networks import NETWORKS
from search.api import SearchResult, search_thresholds
from search.arguments import OF_THE_COMMAND, network_name
from search.binarization.binarization import Binarization
from search.config import StudyConfig
from search.confirm import main as confirm
from search.deploy.thresholds import read
from search.errors import BadInput, NothingToShow, ProtocolMismatch
from search.export import main as export
from search.study import run_study
from storage.attributes import SOURCE, internal
from storage.database import StorageUnavailable, open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"
PART = toy_pictures().train
IMAGES, LABELS = PART.images, PART.labels
SMALL = {"epochs": 1, "width": 4}
TINY = """
from torch import nn


def tiny(spec):
    return nn.Sequential(nn.Flatten(), nn.Linear(spec.channels * spec.height * spec.width_px, spec.classes))
"""
DOCUMENT = Path(__file__).parent.parent / "docs" / "api.md"


@pytest.fixture
def formula(monkeypatch):
    """Trials are evaluated by a formula."""
    monkeypatch.setattr("search.evaluation.objective.make_objective", make_formula)


def searched(**settings) -> SearchResult:
    return search_thresholds(IMAGES, LABELS, **{"trials": 8, "pruner": "none", "progress": False} | settings)


# ── the result ──


def test_a_search_returns_the_best_binarization_and_the_study(formula):
    found = searched(trials=40)
    assert len(found.study.trials) == 40
    assert isinstance(found.study, optuna.Study)
    best = max(found.study.trials, key=lambda trial: trial.value)
    assert found.value == found.candidates["value"].iloc[0]
    assert found.binarization == Binarization.from_key(found.candidates["key"].iloc[0])
    assert found.value <= best.value
    assert found.interval == pytest.approx((found.value - 0.0196, found.value + 0.0196), abs=1e-3)
    assert found.greyscale == 0.95
    assert found.metric == "accuracy"
    value = r"[\d.]+% \[[\d., ]+\] validation accuracy, [+-][\d.]+ points to greyscale"
    study = rf"study '{found.study.study_name}', \d+ candidates"
    assert re.fullmatch(f"<SearchResult {found.binarization}: {value}; {study}>", repr(found))


def test_a_result_is_written_as_the_commands_write_it(formula, capsys):
    found = searched(trials=20)
    found.to_json("t.json")
    binarization, made = read(Path("t.json"))
    assert binarization == found.binarization
    assert made["value"] == found.value
    assert export(["-o", "e.json"]) == 0
    exported = json.loads(Path("e.json").read_text())
    assert {**made, "created_at": 0} == {**exported, "created_at": 0}
    found.to_json("one.json", cuts=1)
    assert len(read(Path("one.json"))[0].cut_points) == 1
    found.to_json("knee.json", pick="knee")
    with pytest.raises(BadInput, match="pick 'first': expected one of best"):
        found.to_json("x.json", pick="first")
    with pytest.raises(BadInput, match=r"t\.json"):
        found.to_json("t.json/inside.json")
    found.report("r.html")
    assert found.study.study_name in Path("r.html").read_text(encoding="utf-8")


def test_the_same_call_goes_on_with_the_study_and_equals_the_command(formula, tmp_path):
    first = [trial.params for trial in searched(trials=5, study_name="mine").study.trials]
    assert len(searched(trials=5, study_name="mine").study.trials) == 5
    assert len(searched(trials=9, study_name="mine").study.trials) == 9
    np.savez(tmp_path / "toy.npz", images=IMAGES, labels=LABELS)
    config = StudyConfig(data="toy.npz", trials=12, pruner="none", study_name="mine")
    assert run_study(config, URL, make_formula) == 0
    found = load_results(open_database(URL), "mine")
    assert len(found.trials) == 12
    assert internal(found.study, SOURCE)["data"] == str(tmp_path / "toy.npz")
    assert run_study(dataclasses.replace(config, study_name="alone", trials=5), URL, make_formula) == 0
    assert [trial.params for trial in load_results(open_database(URL), "alone").study.trials] == first


def test_a_study_of_arrays_is_confirmed_with_the_pictures_named(tmp_path, capsys):
    searched(trials=2, max_cuts=1, **SMALL)
    assert confirm(["--seeds", "2", "--dry-run"]) == 2
    assert "does not say where its images lie: name them with --data" in capsys.readouterr().err
    np.savez(tmp_path / "toy.npz", images=IMAGES, labels=LABELS)
    assert confirm(["--seeds", "2", "--dry-run", "--data", "toy.npz"]) == 0


def test_real_training_with_text_labels_and_a_test_set_of_its_own(capfd):
    names = np.array(["cat", "dog", "owl"])[LABELS]
    found = search_thresholds(
        IMAGES.tolist(),
        pd.Series(names),
        test_images=IMAGES[:9] // 2,
        test_labels=names[:9].tolist(),
        trials=np.int64(2),
        learning_rate=0.01,
        **SMALL,
    )
    found.to_json("t.json")
    assert read(Path("t.json"))[1]["data"]["class_names"] == ["cat", "dog", "owl"]
    assert found.study.user_attrs["protocol"]["recipe"]["learning_rate"] == 0.01
    out, err = capfd.readouterr()
    assert out == ""
    assert "images: arrays (given as arrays), 8x8, 3 classes" in err
    assert "test 3 (9, not read)" in err


# ── groups ──


def test_groups_are_given_found_or_none(formula):
    by_group = np.repeat([f"person {i}" for i in range(18)], 6)
    for groups, expected in ((None, "automatic"), (by_group, "given"), (by_group.tolist(), "given"), ("none", "none")):
        found = searched(trials=1, groups=groups)
        assert found.study.user_attrs["protocol"]["grouping"]["groups"] == expected
    with pytest.raises(BadInput, match=r"groups 'person': expected an array \(N,\), 'none' or None"):
        searched(groups="person")
    with pytest.raises(BadInput, match="arrays: groups are"):
        searched(groups=[1, 2])


# ── stopping ──


def interrupting(at: int, times: int = 1):
    """A formula during whose n-th evaluation Ctrl-C is pressed, once or twice."""
    calls = []

    def make(split, *rest):
        formula = make_formula(split, *rest)

        def evaluate(specs, report, check):
            calls.append(1)
            if len(calls) == at:
                for _ in range(times):
                    os.kill(os.getpid(), signal.SIGINT)
            return formula(specs, report, check)

        return evaluate

    return make


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_is_a_keyboard_interrupt_and_the_same_call_goes_on(times, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr("search.evaluation.objective.make_objective", interrupting(4, times))
        with pytest.raises(KeyboardInterrupt):
            searched(trials=8)
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.setattr("search.evaluation.objective.make_objective", make_formula)
    found = searched(trials=8)
    assert (found.study.trials_dataframe()["state"] == "COMPLETE").sum() == 8
    assert sum(trial.state is optuna.trial.TrialState.RUNNING for trial in found.study.trials) == 0


def test_a_trial_that_ctrl_c_left_in_this_process_is_not_waited_for(monkeypatch, formula):
    from search.trials import loop

    ask = loop.ask

    def interrupted(*arguments):
        ask(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            searched(trials=2)
    assert (searched(trials=2).study.trials_dataframe()["state"] == "COMPLETE").sum() == 2


def test_a_search_runs_in_another_thread_and_leaves_signals_alone(formula):
    found, handlers = [], []
    monitor = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]

    def body():
        found.append(searched(trials=3))
        handlers.extend([signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)])

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(120)
    assert len(found[0].study.trials) == 3
    assert handlers == monitor


def test_a_timeout_before_the_first_trial_leaves_nothing_to_show(formula):
    with pytest.raises(NothingToShow, match="has no finished trial yet"):
        searched(timeout=0)


# ── quiet ──


def test_without_progress_nothing_is_printed_and_optunas_verbosity_stays(formula, capfd):
    before = optuna.logging.get_verbosity()
    searched(progress=False)
    assert capfd.readouterr() == ("", "")
    searched(progress=True, trials=9)
    out, err = capfd.readouterr()
    assert out == ""
    assert "trial 8 (9/9)" in err
    assert optuna.logging.get_verbosity() == before


# ── settings ──


def test_the_signature_has_the_defaults_of_the_command():
    config = StudyConfig()
    for name, parameter in inspect.signature(search_thresholds).parameters.items():
        if hasattr(config, name) and name not in ("groups", "storage"):
            assert parameter.default == getattr(config, name), name


def test_every_other_setting_of_the_command_is_accepted_by_its_name(formula):
    searched(
        trials=1, folds=2, repeats=2, variants=0, width=8, references="none", positions="linear", similarity=0.9,
        precision="float32", batch_size=16, augmentation="none",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["trails", "data", *OF_THE_COMMAND[1:5]])
def test_an_unknown_argument_is_a_type_error(name):
    with pytest.raises(TypeError, match=f"search_thresholds.* got an unexpected keyword argument '{name}'") as error:
        search_thresholds(IMAGES, LABELS, **{name: 1})
    assert ("did you mean trials?" in str(error.value)) == (name == "trails")


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        ({"trials": 0}, BadInput, "trials 0: expected 1 to"),
        ({"max_cuts": 300}, BadInput, "max_cuts 300: expected 1 to 255"),
        ({"trials": "many"}, TypeError, "trials='many': expected int, not str"),
        ({"trials": True}, TypeError, "trials=True: expected int, not bool"),
        ({"timeout": "1"}, TypeError, "timeout='1': expected float"),
        ({"encoding": "thermometr"}, BadInput, "encoding 'thermometr': expected one of .*; did you mean thermometer"),
        ({"sampler": 3}, TypeError, "sampler=3: expected str"),
        ({"pruner": "wilcoxon"}, BadInput, "pruner wilcoxon .*: folds times repeats must be 5"),
        ({"network": "compat"}, BadInput, "network .*compat"),
        ({"color": "channel:r"}, BadInput, "color channel:r"),
        ({"storage": "nothing"}, StorageUnavailable, "not the URL of a known kind of database"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_trained(settings, kind, said):
    with pytest.raises(kind, match=said):
        search_thresholds(IMAGES, LABELS, **settings)
    assert not Path("studies.db").exists() or open_database(URL).study_names() == []


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (IMAGES / 255, LABELS, "arrays: images: .* is not an integer"),
        (IMAGES, LABELS[:5], r"arrays: labels: shape \(5,\) for 108 images"),
        (IMAGES, LABELS / 2, "arrays: labels: type float64"),
        (IMAGES[0], LABELS, r"arrays: images: shape \(8, 8\)"),
        (IMAGES, np.zeros(len(IMAGES), int), "class"),
    ],
)
def test_arrays_are_checked_as_those_of_an_npz_are(images, labels, said):
    with pytest.raises(ValueError, match=said) as error:
        search_thresholds(images, labels)
    assert isinstance(error.value, BadInput)
    assert "\n" not in str(error.value)


def test_another_protocol_is_refused(formula):
    searched(trials=1, study_name="mine")
    with pytest.raises(ProtocolMismatch, match=r"another protocol: recipe\.epochs"):
        searched(trials=2, study_name="mine", epochs=5)


def test_the_database_is_that_of_the_environment_or_of_the_argument(formula, monkeypatch):
    searched(trials=1, storage="sqlite:///given.db")
    assert open_database("sqlite:///given.db").study_names()
    monkeypatch.setenv("OPTUNA_STORAGE", "sqlite:///other.db")
    searched(trials=1)
    assert open_database("sqlite:///other.db").study_names()
    assert not Path("studies.db").exists()


# ── networks ──


def test_a_network_is_named_by_the_function_that_builds_it():
    assert network_name(NETWORKS["compact"]) == "compact"
    assert network_name(toy_pictures) == "tests.conftest:toy_pictures"


def test_a_network_of_ones_own_is_trained_and_its_source_is_in_the_protocol(tmp_path, monkeypatch):
    (tmp_path / "network_for_the_api.py").write_text(TINY)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = searched(network=importlib.import_module("network_for_the_api").tiny, trials=1, epochs=1)
    protocol = found.study.user_attrs["protocol"]
    assert protocol["recipe"]["network"] == "network_for_the_api:tiny"
    assert protocol["network_source"]


@pytest.mark.parametrize("builder", [lambda spec: None, interrupting(1)])
def test_a_function_that_no_other_process_can_import_is_refused(builder):
    with pytest.raises(BadInput, match=r"not importable by name; define it at the top level of a module"):
        searched(network=builder)


# ── the document, and what an import costs ──


def test_the_examples_of_the_document_run(tmp_path):
    scope: dict[str, object] = {}
    examples = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert len(examples) >= 2
    for example in examples:
        exec(example, scope)
    assert isinstance(scope["result"], SearchResult)
    assert (tmp_path / "thresholds.json").is_file()


def test_importing_the_api_imports_neither_torch_nor_optuna_nor_plotly():
    heavy = "{'torch', 'optuna', 'plotly', 'jinja2', 'sqlalchemy'}"
    code = f"import sys, search.api; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_images_of_different_shapes_are_refused():
    with pytest.raises(BadInput, match="whose rows have equal shapes"):
        search_thresholds([[[1]], [[1, 2]]], [0, 1], storage="sqlite:///ragged.db", progress=False)
