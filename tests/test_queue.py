"""References first, each once, however many processes begin together."""

import subprocess
import sys

import numpy as np
import optuna
import pytest

from search.references.catalogue import LEARNED, Reference, ToLearn, references
from search.sampling.space import Space, linear_scale
from search.trials.queue import enqueue
from storage.claims import Once
from storage.database import open_database
from storage.workers import this_worker
from tests.conftest import together
from tests.test_rules import PIXELS
from tests.test_trials import ONE

SPACE = Space(4, ("range", "thermometer"), linear_scale(np.ones(256)))
WANTED = references("auto", lambda _: [PIXELS], SPACE, False, 28)


@pytest.fixture
def url(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = f"sqlite:///{tmp_path}/a.db"
    optuna.create_study(storage=open_database(url).storage, study_name="one", direction="maximize")
    return url


def queue(url, total=12, wanted=WANTED, learn=lambda _: None):
    database = open_database(url)
    study = database.load_study("one")
    return enqueue(study, SPACE, wanted, total, learn, Once("identity", database))


def test_of_processes_that_begin_together_each_reference_is_queued_by_one(url):
    queued = together(4, lambda _: queue(url))
    trials = open_database(url).load_study("one").trials
    assert sum(queued) == len(trials) == 6
    assert len({t.user_attrs["reference_binarization"] for t in trials}) == 6
    assert [queue(url), queue(url, 14)] == [0, 1]


def test_one_that_is_learned_in_another_process_is_not_learned_here(url):
    learned = []

    def slow(wanted):
        learned.append(wanted.cuts)
        if len(learned) == 1:
            assert queue(url, wanted=[wanted], learn=slow) == 0
        return Reference(LEARNED, ONE.binarization, 1.0)

    assert queue(url, wanted=[ToLearn(2, "thermometer")], learn=slow) == 1
    assert learned == [2]


def test_a_learning_that_is_interrupted_may_be_begun_again(url):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queue(url, wanted=[ToLearn(2, "thermometer")], learn=interrupted)
    learned = Reference(LEARNED, ONE.binarization, 1.0)
    assert queue(url, wanted=[ToLearn(2, "thermometer")], learn=lambda _: learned) == 1


def test_references_of_other_settings_count_towards_the_half(url):
    assert queue(url, 8) == 4
    assert queue(url, 8, wanted=[ONE]) == 0


def test_what_another_process_queued_meanwhile_and_then_ended_is_not_queued_again(url):
    """It had ended properly before this one, which was learning, came to what it had queued."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    machine, _, began = this_worker().rsplit(":", 2)

    def slow(wanted):
        assert queue(url) == 6
        with open_database(url).engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE cutpoints_claims SET worker = '{machine}:{gone.pid}:{began}'")
        return Reference(LEARNED, ONE.binarization, 1.0)

    assert queue(url, 14, [ToLearn(2, "thermometer"), *WANTED], slow) == 1
    made = [t.user_attrs["reference_binarization"] for t in open_database(url).load_study("one").trials]
    assert len(made) == len(set(made)) == 7
