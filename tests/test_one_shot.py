"""One-shot search: the pool, the correction by trials, the sampler, and what is kept in the database."""

import time

import numpy as np
import optuna
import pytest
import torch
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)
from optuna.trial import TrialState

from models.constants import BINARY, REAL
from models.recipe import Recipe
from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import CutPoints
from search.data.split import split_pictures
from search.evaluation import one_shot
from search.evaluation.budgets import Budget
from search.evaluation.one_shot import LEADERS, LEAST, OneShot, leaders, scored_pool, space_record, spread_rows
from search.evaluation.protocol import make_protocol
from search.sampling.level_choices import LevelChoices
from search.sampling.local import LocalSampler
from search.sampling.one_shot import FEWEST, Correction, OneShotSampler
from search.sampling.pool import Sizes, find_pool
from search.sampling.samplers import SeededByRank
from search.sampling.space import Space, linear_scale
from search.study import main
from storage.database import open_database
from storage.supernets import SupernetRecord, load_supernet, save_supernet, save_supernet_scores
from tests.conftest import together, toy_pictures

EVEN = linear_scale(np.ones(256))
SPACE = Space(3, ("range", "thermometer"), EVEN)
SMALL = Sizes(first=20, rounds=2, children=10)
CPU = torch.device("cpu")
BEST = (60, 120, 200)


def value(binarization):
    """1 at BEST, less by the distance to it."""
    cuts = np.array(binarization.cut_points.values)
    return 1 - np.mean([np.abs(cuts - best).min() for best in BEST]) / 255 - 0.01 * len(cuts)


def score(binarizations):
    """What a supernet makes of it: without the encoding, and 0.1 too low."""
    return np.array([value(each) - 0.1 for each in binarizations])


def pool_of(space=SPACE, score=score, maximize=True):
    return find_pool(space, score, maximize, 0, Sizes(first=60, rounds=5, children=30))


def run(study, n, objective=value, space=SPACE):
    tried = []
    for _ in range(n):
        trial = study.ask(fixed_distributions=space.distributions)
        tried.append(space.binarization(trial.params))
        study.tell(trial, objective(tried[-1]))
    return tried


def study_of(pool, space=SPACE, seed=0, direction="maximize"):
    return optuna.create_study(direction=direction, sampler=SeededByRank("one-shot", seed, space, pool))


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


class TestByOptuna(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        pool = pool_of()
        return lambda: OneShotSampler(SPACE, 0, pool)


# ── the pool ──


@pytest.mark.parametrize("maximize", [True, False])
def test_the_search_for_candidates_climbs_for_every_number_of_cut_points(maximize):
    sign = 1 if maximize else -1
    pool = pool_of(score=lambda each: sign * score(each), maximize=maximize)
    assert len(set(pool.candidates)) == len(pool.candidates) == 210
    assert np.array_equal(pool.scores, sign * score(pool.candidates))
    at_random = find_pool(SPACE, score, True, 0, Sizes(first=210, rounds=0))
    for k in (1, 2, 3):
        found, drawn = (
            [abs(s) for b, s in zip(p.candidates, p.scores, strict=True) if len(b.cut_points) == k]
            for p in (pool, at_random)
        )
        assert len(found) > 40
        assert max(found) >= max(drawn)
    assert max(np.abs(pool.scores)) > max(np.abs(at_random.scores)) + 0.01


def test_equal_seeds_and_scores_give_equal_pools():
    assert pool_of().candidates == pool_of().candidates
    assert pool_of().candidates != find_pool(SPACE, score, True, 1, Sizes(first=60, rounds=5, children=30)).candidates


def test_a_space_that_is_smaller_than_the_pool_is_searched_whole():
    one_cut = Space(1, ("thermometer",), EVEN)
    pool = find_pool(one_cut, score, True, 0, Sizes(first=400, rounds=4, children=100))
    assert len(pool.candidates) == 255


def test_leaders_are_the_best_of_each_number_of_bits():
    pool = pool_of()
    best = leaders(pool, True)
    share = LEADERS // 4
    assert share > LEAST
    for bits in {each.bits for each in pool.candidates}:
        chosen = [each for each in best if each.bits == bits]
        others = [each for each in pool.candidates if each.bits == bits and each not in chosen]
        assert len(chosen) == min(share, len(chosen) + len(others))
        assert min(map(value, chosen)) >= max(map(value, others), default=0)


# ── the correction ──


def test_few_trials_do_not_change_scores():
    pool = pool_of()
    correct = Correction(dict.fromkeys(pool.candidates[: FEWEST - 1], 0.5), pool)
    means, deviations = correct(pool.candidates, pool.scores)
    assert np.array_equal(means, pool.scores)
    assert not deviations.any()


def test_trials_correct_the_scores_of_what_is_similar():
    """Scores do not know that range is 0.05 worse here; ten trials of each encoding say so."""

    def true(binarization):
        return value(binarization) - 0.05 * (binarization.encoding == "range")

    pool = pool_of()
    known = [[b for b in pool.candidates if b.encoding == e][:10] for e in ("range", "thermometer")]
    trained = [each for some in known for each in some]
    correct = Correction({each: true(each) for each in trained}, pool)
    others = [each for each in pool.candidates if each not in trained]
    means, deviations = correct(others, score(others))
    truth = np.array([true(each) for each in others])
    assert np.abs(means - truth).mean() < 0.5 * np.abs(score(others) + 0.075 - truth).mean()
    assert np.median(deviations) > correct(trained, score(trained))[1].max() * 0.5
    assert np.corrcoef(means, truth)[0, 1] > np.corrcoef(score(others), truth)[0, 1]


def test_values_equal_to_scores_leave_them():
    pool = pool_of(score=lambda each: np.zeros(len(each)))
    means, deviations = Correction(dict.fromkeys(pool.candidates[:20], 0.7), pool)(pool.candidates, pool.scores)
    assert np.allclose(means, 0.7)
    assert not deviations.any()


# ── the sampler ──


def test_the_first_trial_is_a_candidate_with_a_high_score():
    pool = pool_of()
    first = [run(study_of(pool, seed=seed), 1)[0] for seed in range(10)]
    ranks = [sum(pool.scores > score([each])[0]) for each in first]
    assert sum(rank == 0 for rank in ranks) >= 3  # the best of all; the others are the best of a number of bits
    assert {each.bits for each in first} > {first[0].bits}


def test_nothing_is_tried_twice_even_beyond_the_pool():
    pool = find_pool(SPACE, score, True, 0, SMALL)
    tried = run(study_of(pool), len(pool.candidates) + 10)
    assert len(set(tried)) == len(tried)


def test_a_running_trial_is_not_proposed_to_another_worker():
    study = study_of(pool_of())
    trials = [study.ask(fixed_distributions=SPACE.distributions) for _ in range(20)]
    assert len({SPACE.binarization(each.params) for each in trials}) == 20


def test_a_misleading_score_is_overruled_by_trials():
    """Scores prefer range by 0.02, trials prefer the thermometer by 0.1."""

    def misled(binarizations):
        return score(binarizations) + 0.02 * np.array([each.encoding == "range" for each in binarizations])

    def true(binarization):
        return value(binarization) - 0.1 * (binarization.encoding == "range")

    tried = run(study_of(pool_of(score=misled)), 40, true)
    assert sum(each.encoding == "range" for each in tried[:8]) > 4
    assert sum(each.encoding == "range" for each in tried[20:]) < 8


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_it_needs_fewer_trials_than_the_local_search(direction):
    sign = 1 if direction == "maximize" else -1
    pool = pool_of(score=lambda each: sign * score(each), maximize=sign > 0)

    def miss(name, pool):
        found = []
        for seed in range(4):
            study = optuna.create_study(direction=direction, sampler=SeededByRank(name, seed, SPACE, pool))
            found.append(max(map(value, run(study, 12, lambda each: sign * value(each)))))
        return 0.97 - np.mean(found)

    assert miss("one-shot", pool) < 0.5 * miss("local", None)


def test_pruned_trials_count_as_no_better_than_the_median():
    """Scores prefer the thermometer by 0.02. It is pruned whenever it is tried, apart from the first three trials."""

    def misled(binarizations):
        return score(binarizations) + 0.02 * np.array([each.encoding == "thermometer" for each in binarizations])

    study, tried = study_of(pool_of(score=misled)), []
    for number in range(40):
        trial = study.ask(fixed_distributions=SPACE.distributions)
        tried.append(SPACE.binarization(trial.params))
        if tried[-1].encoding == "thermometer" and number >= 3:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, value(tried[-1]))
    assert sum(each.encoding == "thermometer" for each in tried[:8]) > 4
    assert sum(each.encoding == "thermometer" for each in tried[20:]) < 10


def test_with_two_objectives_every_number_of_bits_is_proposed():
    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=SeededByRank("one-shot", 0, SPACE, pool_of())
    )
    tried = run(study, 40, lambda each: (value(each), each.bits))
    counts = np.bincount([each.bits for each in tried], minlength=5)[1:]
    assert (counts >= 3).all()
    front = {t.values[1]: t.values[0] for t in study.best_trials}
    assert front[1] > 1 - (60 + 80) / 3 / 255 - 0.01 - 0.02  # one cut point at 120 is 60 and 80 from the other two


def test_a_resumed_study_goes_on_as_if_it_had_not_stopped():
    pool = pool_of()
    whole, stopped = study_of(pool), study_of(pool)
    wanted = run(whole, 14)
    tried = run(stopped, 7)
    stopped.sampler = SeededByRank("one-shot", 0, SPACE, pool)
    assert tried + run(stopped, 7) == wanted


# ── the supernet of a study ──


def plan(folds=1, space=SPACE, metric="accuracy"):
    split = split_pictures(toy_pictures(), 0, folds)
    budget = Budget(0, Recipe(epochs=2, width=4, batch_size=16))
    return split, make_protocol(split, budget, 0, folds=folds, metric=metric), space


def test_rows_are_spread_over_photo_groups():
    groups = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for most in (10, 15, 29):
        rows = spread_rows(groups, most, 0)
        counts = np.bincount(groups[rows], minlength=10)
        assert len(set(rows.tolist())) == len(rows) == most
        assert all(
            count in (min(len_, counts.max()), min(len_, counts.max() - 1))
            for count, len_ in zip(counts, range(1, 11), strict=True)
        )
    assert len(spread_rows(groups, 1000, 0)) == len(groups)


def test_a_fold_is_scored_by_a_network_that_did_not_see_its_photos(monkeypatch):
    split, protocol, space = plan(folds=3)
    trained = []
    whole = one_shot.train_supernet
    monkeypatch.setattr(one_shot, "train_supernet", lambda *args: trained.append(args[2]) or whole(*args))
    network = OneShot(split, protocol, space, CPU, lambda: None)
    network.train()
    assert len(trained) == 3 * len(space.encodings)
    for resident, fold in zip(trained, split.folds * 2, strict=True):
        seen = {image.tobytes() for image in resident.images_u8.numpy()}
        assert not seen & {image.tobytes() for image in fold.validation.images}
        assert not seen & {image.tobytes() for image in split.test.images}


def test_a_score_is_the_metric_over_the_validation_photos_of_all_folds(monkeypatch):
    split, protocol, space = plan(folds=2, metric="log-loss")
    network = OneShot(split, protocol, space, CPU, lambda: None)
    network.train()
    logits = []
    whole = one_shot.predict
    monkeypatch.setattr(one_shot, "predict", lambda *args: logits.append(whole(*args)) or logits[-1])
    found = network.score([Binarization(CutPoints((120,)), "range")])[0]
    labels = torch.from_numpy(np.concatenate([fold.validation.labels for fold in split.folds]))
    assert len(torch.cat(logits)) == len(labels)  # so few that all of them are used
    assert found == pytest.approx(torch.nn.functional.cross_entropy(torch.cat(logits), labels).item(), rel=1e-5)


def test_the_supernet_is_trained_once_and_found_again(tmp_path, capsys):
    split, protocol, space = plan()
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    first = scored_pool(database, split, protocol, space, CPU, lambda: None, sizes=SMALL)
    assert "supernet: training" in capsys.readouterr().err
    again = scored_pool(database, split, protocol, space, CPU, lambda: None, sizes=SMALL)
    shown = capsys.readouterr().err
    assert "training" not in shown
    assert "40 candidates scored" in shown
    assert first.candidates == again.candidates
    assert np.array_equal(first.scores, again.scores)
    new = [each for each in (LocalSampler(space, 7).anything() for _ in range(50)) if each not in first.candidates]
    assert np.array_equal(first.score(new), again.score(new))
    record = load_supernet(database, protocol.fingerprint, space_record(space))
    assert record.seconds > 0
    assert record.scoring_seconds > 0


def test_several_workers_train_one_supernet(tmp_path, capsys):
    split, protocol, space = plan()
    url = f"sqlite:///{tmp_path}/a.db"
    open_database(url)
    pools = together(
        3, lambda _: scored_pool(open_database(url), split, protocol, space, CPU, lambda: None, sizes=SMALL)
    )
    assert capsys.readouterr().err.count("supernet: training\n") == 1
    assert len({pool.candidates for pool in pools}) == 1


def test_a_stopped_scoring_goes_on_with_the_trained_supernet(tmp_path, monkeypatch, capsys):
    split, protocol, space = plan()
    database = open_database(f"sqlite:///{tmp_path}/a.db")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(one_shot, "find_pool", stop)
        with pytest.raises(KeyboardInterrupt):
            scored_pool(database, split, protocol, space, CPU, lambda: None)
    assert "supernet: training" in capsys.readouterr().err
    assert len(scored_pool(database, split, protocol, space, CPU, lambda: None, sizes=SMALL).candidates) == 40
    assert "supernet: training" not in capsys.readouterr().err


def test_a_training_that_diverged_is_not_repeated(tmp_path, capsys):
    split, protocol, space = plan()
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    save_supernet(database, SupernetRecord(protocol.fingerprint, space_record(space), b"", 1.0, "torch"))
    assert scored_pool(database, split, protocol, space, CPU, lambda: None) is None
    assert "supernet: its training diverged" in capsys.readouterr().err


def test_waiting_for_another_process_ends_with_the_time(tmp_path, monkeypatch):
    split, protocol, space = plan()
    monkeypatch.setattr(one_shot.Once, "mine", lambda *_: False)
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    assert scored_pool(database, split, protocol, space, CPU, lambda: None, until=time.monotonic()) is None


def test_other_spaces_have_other_supernets():
    spaces = [
        SPACE,
        Space(4, SPACE.encodings, EVEN),
        Space(3, ("range",), EVEN),
        Space(3, SPACE.encodings, linear_scale(np.ones(256)) ** 2),
        Space(3, SPACE.encodings, EVEN, weights=(BINARY,)),
        Space(3, SPACE.encodings, EVEN, levels=LevelChoices(("contrast",), (3, 7))),
        Space(3, SPACE.encodings, EVEN, levels=LevelChoices(("contrast",), (3, 9))),
        Space(3, SPACE.encodings, EVEN, levels=LevelChoices(("contrast",), (3, 9)), most_parts=2),
    ]
    assert len({space_record(space) for space in spaces}) == len(spaces)
    assert space_record(SPACE) == space_record(Space(3, SPACE.encodings, EVEN))


def test_a_record_is_stored_once_and_its_scores_too(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/a.db")
    record = SupernetRecord("protocol", "{}", b"weights", 1.5, "torch")
    save_supernet(database, record)
    save_supernet(database, SupernetRecord("protocol", "{}", b"others", 9.0, "torch"))
    assert load_supernet(database, "protocol", "{}").weights == b"weights"
    assert load_supernet(database, "protocol", "{}").scores is None
    for scores in ({"a": 0.5}, {"b": 0.25}):
        save_supernet_scores(database, "protocol", "{}", scores, 2.5)
    assert load_supernet(database, "protocol", "{}").scores == {"a": 0.5}
    assert load_supernet(database, "protocol", '{"max_cuts":1}') is None


@pytest.mark.parametrize(
    "flags",
    [
        ("--objectives", "accuracy,bits"),
        ("--weights", "search", "--encoding", "thermometer"),
        ("--levels", "grey,contrast", "--windows", "3-5", "--parts", "2"),
    ],
    ids=lambda flags: flags[0],
)
def test_a_study_is_searched_with_it(flags, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(one_shot, "find_pool", lambda *args: find_pool(*args[:4], SMALL))
    arguments = ["--data", "digits", "--trials", "4", "--sampler", "one-shot", "--max-cuts", "2", "--epochs", "1"]
    arguments += ["--width", "4", "--references", "none", *flags, "--storage", f"sqlite:///{tmp_path}/a.db"]
    assert main(arguments) == 0
    shown = capsys.readouterr().err
    assert shown.index("supernet: trained in") < shown.index("trial 0")
    assert main(arguments) == 0
    assert "supernet" not in capsys.readouterr().err  # the study has its trials
    assert main([*arguments, "--trials", "5"]) == 0
    assert "supernet: training" not in capsys.readouterr().err


def test_kinds_of_arithmetic_have_networks_of_their_own():
    split, protocol, _ = plan()
    space = Space(2, ("thermometer",), EVEN, weights=(REAL, BINARY))
    network = OneShot(split, protocol, space, CPU, lambda: None)
    saved, seconds = network.train()
    again = OneShot(split, protocol, space, CPU, lambda: None)
    again.load(saved, {})
    some = [
        Binarization(CutPoints((cut,)), "thermometer", Arithmetic(weights))
        for cut in range(40, 220, 20)
        for weights in (REAL, BINARY)
    ]
    assert np.array_equal(network.score(some), again.score(some))
    assert not np.array_equal(network.score(some[::2]), network.score(some[1::2]))
    assert seconds > 0
