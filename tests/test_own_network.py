"""Networks of the user's own: loading, checks, the protocol, and the commands."""

import hashlib
import json
import re
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.constants import ACTIVATIONS, WEIGHTS
from models.load import UnusableNetwork, load_network, source_digest
from models.networks import NETWORKS
from models.probe import try_out
from models.quantize import Quantization
from models.spec import NetworkSpec
from search import confirm, export, light, study
from search.config import StudyConfig, budget_of
from search.data.split import split_pictures
from search.errors import BadInput, ProtocolMismatch
from search.evaluation.budgets import BUDGETS
from search.evaluation.network import check_same_network
from search.evaluation.protocol import make_protocol
from storage.database import open_database
from storage.results import load_results
from tests.conftest import command, toy_pictures

URL = "sqlite:///studies.db"
PAGE = (Path(__file__).parent.parent / "docs" / "networks.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
CPU = torch.device("cpu")
TINY = """
from torch import nn


def tiny(spec):
    return nn.Sequential(
        *spec.quantization.conv(spec.channels, spec.width, 3, first=True),
        nn.BatchNorm2d(spec.width),
        spec.quantization.activation(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        spec.quantization.last(4 * spec.width, spec.classes),
    )


class Tiny(nn.Sequential):
    def __init__(self, spec):
        super().__init__(*tiny(spec))

    @staticmethod
    def wide(spec):
        return tiny(spec)


number = 5
"""


@pytest.fixture
def module(monkeypatch, tmp_path):
    """Writes a module of a name that no other test has, and returns that name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = "own_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]

    def write(text, suffix=""):
        (tmp_path / f"{name}{suffix}.py").write_text(text)
        return name + suffix

    return write


def spec(channels=2, weights="real", activations="real"):
    return NetworkSpec(channels, 8, 8, 3, 4, 0.25, Quantization(weights, activations))


# ── loading ──


def test_a_built_in_name_loads_its_class_and_has_no_source_digest():
    for name, network in NETWORKS.items():
        assert load_network(name) is network
        assert source_digest(name) is None


def test_functions_classes_and_attributes_of_classes_can_be_named(module):
    name = module(TINY)
    for attribute in ("tiny", "Tiny", "Tiny.wide"):
        try_out(load_network(f"{name}:{attribute}"), spec(), CPU)


def test_the_digest_is_that_of_the_source_file_and_of_a_file_that_imports_the_function_from_it(module, tmp_path):
    name = module(TINY)
    source = (tmp_path / f"{name}.py").read_bytes()
    assert source_digest(f"{name}:tiny") == hashlib.sha256(source).hexdigest()[:16]
    other = module(f"from {name} import tiny\n", "_other")
    both = (tmp_path / f"{other}.py").read_bytes() + source
    assert source_digest(f"{other}:tiny") == hashlib.sha256(both).hexdigest()[:16]


def test_the_source_of_a_callable_object_is_the_module_in_its_name(module, tmp_path):
    name = module(f"from functools import partial\n{TINY}\nobject = partial(tiny)\n")
    assert source_digest(f"{name}:object") == source_digest(f"{name}:tiny")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("compct", "did you mean compact?"),
        ("", "expected compact, lenet, residual or package.module:function"),
        ("./nets:tiny", "expected compact"),
        ("nets:", "expected compact"),
        ("nosuch:tiny", "no module 'nosuch' in the current folder"),
        ("nosuch.py:tiny", "write nosuch:tiny"),
        ("MODULE:nosuch", "has no attribute 'nosuch'"),
        ("MODULE:tiny.nosuch", "has no attribute 'tiny.nosuch'"),
        ("MODULE:number", "expected a function that takes a NetworkSpec, not a int"),
        ("math:sqrt", "has no source file"),
    ],
)
def test_a_name_that_cannot_be_loaded_is_refused_with_the_reason(module, name, said):
    name = name.replace("MODULE", module(TINY))
    with pytest.raises(UnusableNetwork, match=re.escape(said)) as refused:
        source_digest(name)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nosuch", "failed with ModuleNotFoundError: No module named 'nosuch'"),
        ("1 / 0", "failed with ZeroDivisionError"),
        ("def f(:", "failed with SyntaxError"),
        ("raise SystemExit('no')", "failed with SystemExit: no"),
    ],
)
def test_a_module_that_fails_on_import_is_refused_with_its_error(module, text, said):
    with pytest.raises(UnusableNetwork, match=said):
        load_network(f"{module(text)}:tiny")


# ── the trial run ──


class Wrong(nn.Module):
    """A linear layer on the mean of each channel; `output` changes what it returns."""

    def __init__(self, spec, output):
        super().__init__()
        self.layer, self.output = nn.Linear(spec.channels, spec.classes), output

    def forward(self, x):
        return self.output(self.layer(x.mean((2, 3))), x)


def wrong(output):
    return lambda spec: Wrong(spec, output)


def raising(spec):
    raise KeyError("no weights")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (raising, "building it failed for channels (2, 8, 8): KeyError: 'no weights'"),
        (lambda spec: 3, "expected it to return a torch.nn.Module, not a int"),
        (lambda spec: nn.Flatten(), "no parameters that can be trained"),
        (lambda spec: nn.LazyLinear(3), "lazy layers"),
        (wrong(lambda logits, x: logits[:, :2]), "its output is torch.float32 (2, 2)"),
        (wrong(lambda logits, x: logits[..., None]), "(N, classes), here (2, 3)"),
        (wrong(lambda logits, x: logits.argmax(1)), "its output is torch.int64 (2,)"),
        (wrong(lambda logits, x: (logits, x)), "its output is a tuple"),
        (wrong(lambda logits, x: logits.detach()), "a training step failed"),
        (wrong(lambda logits, x: logits + x.view(len(x), -1)[:, :3]), "Use .reshape(...) instead"),
        (wrong(lambda logits, x: logits.squeeze(0)), "its output is torch.float32 (3,); expected"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused_with_the_reason(build, said):
    with pytest.raises(UnusableNetwork, match=re.escape(said)):
        try_out(build, spec(), CPU)


@pytest.mark.parametrize(("weights", "activations"), [("binary", "real"), ("xnor", "real"), ("real", "binary")])
def test_a_network_that_ignores_the_quantization_is_refused_for_binary_weights_and_activations(weights, activations):
    build = wrong(lambda logits, x: logits)
    try_out(build, spec(), CPU)
    part = "spec.quantization.activation()" if weights == "real" else "spec.quantization.conv, .hidden and .last"
    with pytest.raises(UnusableNetwork, match=re.escape(part)):
        try_out(build, spec(2, weights, activations), CPU)


def test_the_trial_run_leaves_the_random_generator_as_it_was():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    try_out(NETWORKS["compact"], spec(), CPU)
    assert torch.equal(before, torch.get_rng_state())


# ── the protocol ──


def test_the_source_is_part_of_the_protocol_of_a_network_of_the_users_own(module, tmp_path):
    name = f"{module(TINY)}:tiny"
    split = split_pictures(toy_pictures(), 0)
    config = StudyConfig(network=name)
    own, ours = (make_protocol(split, budget, 0) for budget in (budget_of(config), BUDGETS["quick"]))
    assert own.network_source == source_digest(name)
    assert own.as_dict()["network_source"] == own.network_source
    assert "network_source" not in ours.as_dict()
    (tmp_path / f"{name.split(':')[0]}.py").write_text(TINY + "# changed\n")
    changed = make_protocol(split, budget_of(config), 0)
    assert changed.fingerprint != own.fingerprint


def test_a_stored_network_is_used_only_when_its_name_is_given_and_its_source_is_the_same(module, tmp_path):
    name = f"{module(TINY)}:tiny"
    stored = (name, source_digest(name))
    check_same_network(*stored, name, "study 's'")
    with pytest.raises(BadInput, match=f"study 's' was made with the network {name}.*give --network {name}"):
        check_same_network(*stored, None, "study 's'")
    with pytest.raises(BadInput, match=f"--network compact: the network of study 's' is {name}"):
        check_same_network(*stored, "compact", "study 's'")
    check_same_network("lenet", None, None, "study 's'")
    check_same_network("lenet", None, "lenet", "study 's'")
    (tmp_path / f"{name.split(':')[0]}.py").write_text(TINY + "# changed\n")
    with pytest.raises(ProtocolMismatch, match=f"the source of network {name} changed since study 's' was made"):
        check_same_network(*stored, name, "study 's'")


# ── the documented example, through the commands ──


@pytest.mark.parametrize(("weights", "activations"), list(product(WEIGHTS, ACTIVATIONS)))
def test_the_documented_network_takes_every_kind_of_weights_and_activations(module, weights, activations):
    try_out(load_network(f"{module(EXAMPLE)}:resnet"), spec(3, weights, activations), CPU)


MAINS = {"study": study.main, "confirm": confirm.main, "export": export.main, "light": light.main}
STUDY = ("--storage", URL, "--data", "toy.npz", "--epochs", "1", "--width", "4", "--max-cuts", "2")
OWN = ("--network", "nets:resnet")


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Runs a command in a folder with the documented nets.py and toy images; returns the last line on stderr."""
    (tmp_path / "nets.py").write_text(EXAMPLE)
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "nets", raising=False)

    def run_one(name, *flags, code=0):
        ended = MAINS[name](list(flags))
        err = capsys.readouterr().err
        assert ended == code, err
        return err.splitlines()[-1] if err else ""

    yield run_one
    sys.modules.pop("nets", None)


def test_the_documented_network_is_searched_resumed_confirmed_exported_and_measured(run):
    run("study", *STUDY, *OWN, "--trials", "1", "--study-name", "mine")
    run("study", *STUDY, *OWN, "--trials", "2", "--study-name", "mine")
    results = load_results(open_database(URL), "mine")
    assert len(results.trials) == 2
    assert results.protocol["recipe"]["network"] == "nets:resnet"
    assert results.protocol["network_source"] == hashlib.sha256(EXAMPLE.encode()).hexdigest()[:16]

    run("export", "--storage", URL, "-o", "thresholds.json")
    lit = ("thresholds.json", "--data", "toy.npz")
    confirmed = ("--storage", URL, "--seeds", "2", "--budget", "quick", "--confirm-references", "none")
    assert "give --network nets:resnet to run it" in run("light", *lit, code=2)
    assert "give --network nets:resnet to run it" in run("confirm", *confirmed, code=2)
    assert "the network of study 'mine' is nets:resnet" in run("confirm", *confirmed, "--network", "compact", code=2)
    run("light", *lit, *OWN)
    run("confirm", *confirmed, *OWN)
    findings = load_results(open_database(URL), "mine").confirmation
    assert findings["circumstances"]["protocol"]["network_source"] == results.protocol["network_source"]

    Path("nets.py").write_text(EXAMPLE + "\n# another version\n")
    again = run("study", *STUDY, *OWN, "--trials", "3", "--study-name", "mine", code=4)
    assert "the source file of the network changed" in again
    assert "the source of network nets:resnet changed since study 'mine'" in run("confirm", *confirmed, *OWN, code=4)
    assert "changed since thresholds.json was made" in run("light", *lit, *OWN, code=4)


def test_confirm_on_the_study_passes_the_network_on(tmp_path):
    """As a user runs it: python -m puts the current folder on the path."""
    (tmp_path / "nets.py").write_text(EXAMPLE)
    flags = (*STUDY, *OWN, "--trials", "1", "--references", "none", "--confirm", "2", "--study-name", "mine")
    part = toy_pictures().train
    np.savez("toy.npz", images=part.images, labels=part.labels)
    done = command("search.study", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert load_results(open_database(URL), "mine").confirmation is not None


def test_a_name_in_a_thresholds_file_is_not_imported(run):
    run("study", *STUDY, "--trials", "1", "--output-dir", "out")
    made = json.loads(Path("out/thresholds.json").read_text())
    made["protocol"]["recipe"]["network"] = "harmful:network"
    Path("sent.json").write_text(json.dumps(made))
    Path("harmful.py").write_text("open('imported', 'w').close()\n")
    assert "give --network harmful:network to run it" in run("light", "sent.json", "--data", "toy.npz", code=2)
    assert not Path("imported").exists()


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("compct", "did you mean compact?"),
        ("nosuch:net", "--network nosuch:net: there is no module 'nosuch'"),
        ("nets:nosuch", "--network nets:nosuch: module 'nets' has no attribute 'nosuch'"),
        ("nets:Tensor", "--network nets:Tensor: building it failed"),
    ],
)
def test_a_study_refuses_a_wrong_network_before_it_is_made(run, network, said):
    assert said in run("study", *STUDY, "--network", network, code=2)
    assert not Path("results").exists()


def test_a_network_that_ends_the_process_when_it_is_built_is_refused():
    def leaves(_):
        raise SystemExit(0)

    with pytest.raises(UnusableNetwork, match="SystemExit"):
        try_out(leaves, spec(), CPU)
