"""Metrics, compared with scikit-learn."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

from search.evaluation.metrics import METRICS
from search.evaluation.objective import standard_error


def predicted(n=400, classes=5, seed=0):
    """Logits and labels of unbalanced classes: two thirds are correct, fewer in the small classes."""
    rng = np.random.default_rng(seed)
    labels = np.minimum(rng.geometric(0.5, n) - 1, classes - 1)
    logits = rng.normal(0, 1, (n, classes)).astype(np.float32)
    logits[np.arange(n), labels] += 1.5
    logits[:, 0] += 0.7
    return logits, labels.astype(np.int64)


def value(name, logits, labels):
    metric = METRICS[name]
    return np.average(metric.score(logits, labels), weights=metric.weight(labels))


@pytest.mark.parametrize("seed", range(3))
def test_values_equal_those_of_scikit_learn(seed):
    logits, labels = predicted(seed=seed)
    answers = logits.argmax(axis=1)
    assert value("accuracy", logits, labels) == pytest.approx(accuracy_score(labels, answers))
    assert value("balanced-accuracy", logits, labels) == pytest.approx(balanced_accuracy_score(labels, answers))
    probabilities = softmax(logits.astype(np.float64), axis=1)
    assert value("log-loss", logits, labels) == pytest.approx(log_loss(labels, probabilities))
    assert abs(value("accuracy", logits, labels) - value("balanced-accuracy", logits, labels)) > 0.01


def test_the_log_loss_of_a_probability_near_zero_is_large_and_finite():
    logits = np.array([[3e4, -3e4], [3e4, -3e4]], dtype=np.float32)
    assert value("log-loss", logits, np.array([1, 0])) == pytest.approx(3e4)


def test_balanced_accuracy_ignores_classes_without_images():
    logits, labels = predicted(classes=5)
    some = labels != 2
    balanced = value("balanced-accuracy", logits[some], labels[some])
    answers = logits[some].argmax(axis=1)
    recalls = [np.mean(answers[labels[some] == label] == label) for label in (0, 1, 3, 4)]
    assert balanced == pytest.approx(np.mean(recalls))


@pytest.mark.parametrize("name", METRICS)
def test_the_standard_error_is_the_standard_deviation_over_drawn_photos(name):
    """Compares the estimate with the spread over many draws of photos of different sizes and classes."""
    metric, rng = METRICS[name], np.random.default_rng(1)
    values, estimates = [], []
    for _ in range(500):
        photos = np.repeat([0, 0, 0, 0, 0, 1, 1, 2], 20)  # fixed shares of the classes, as in a stratified split
        groups = np.repeat(np.arange(len(photos)), rng.integers(1, 9, len(photos)))
        labels = photos[groups]
        of_photo = rng.normal(0, 1.5, (len(photos), 3))  # correlates the errors of variants of a photo
        logits = (of_photo[groups] + rng.normal(0, 0.3, (len(labels), 3))).astype(np.float32)
        logits[np.arange(len(labels)), labels] += 1.5
        scores, weights = metric.score(logits, labels), metric.weight(labels)
        values.append(np.average(scores, weights=weights))
        estimates.append(standard_error(scores, groups, weights))
    assert np.mean(estimates) == pytest.approx(np.std(values), rel=0.12)


def test_a_value_is_shown_as_a_percentage_or_a_number():
    accuracy, loss = METRICS["accuracy"], METRICS["log-loss"]
    assert accuracy.shown(0.9412, (0.9216, 0.9608)) == "94.1% [92.2, 96.1]"
    assert accuracy.gap(0.94, 0.95) == "-1.0 points"
    assert loss.shown(1.2345, (1.2149, 1.2541)) == "1.234 [1.215, 1.254]"
    assert loss.shown(1.2345) == "1.234"
    assert loss.gap(0.25, 0.125) == "+0.125"
    assert (accuracy.maximize, loss.maximize) == (True, False)
