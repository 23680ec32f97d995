"""Scores are higher for what was trained on than for what lies far from it, and each is what its paper says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.trust.features import Seen
from model.trust.scores import ANCHORS, both, confidence, draw_anchors, fit_scores, free_energy, mahalanobis, neighbour, unit

LABELS: NDArray[np.uint8] = np.repeat(np.arange(10, dtype=np.uint8), 30)


def clusters(labels: NDArray[np.uint8], seed: int, away: float = 0.0) -> Seen:
    """Around one corner for each digit; `away` moves them all along a direction that no digit has."""
    rng = np.random.default_rng(seed)
    features = 5 * np.eye(12)[labels] + 0.3 * rng.standard_normal((len(labels), 12))
    features[:, 11] += away
    logits = 8 * np.eye(10)[labels] + rng.standard_normal((len(labels), 10))
    return Seen((logits / (1 + away)).astype(np.float32), features.astype(np.float32))


@pytest.fixture
def training() -> Seen:
    return clusters(LABELS, 0)


def test_every_score_is_higher_for_other_digits_than_for_what_lies_away(training: Seen) -> None:
    scores = fit_scores(training, LABELS)
    assert [score.name for score in scores] == ["confidence", "energy", "mahalanobis", "neighbour", "energy and neighbour"]
    for score in scores:
        alike, strange = score.of(clusters(LABELS, 1)), score.of(clusters(LABELS, 2, away=4.0))
        assert alike.dtype == np.float64
        assert np.median(alike) > np.quantile(strange, 0.95), score.name


def test_energy_is_the_logarithm_of_the_summed_exponentials_however_large() -> None:
    logits = np.array([[0.0] * 10, [1000.0] + [0.0] * 9], np.float32)
    assert free_energy(Seen(logits, np.zeros((2, 1), np.float32))) == pytest.approx([np.log(10), 1000])


def test_confidence_is_the_highest_probability() -> None:
    logits = np.array([[np.log(3.0)] + [0.0] * 9], np.float32)
    assert confidence(Seen(logits, np.zeros((1, 1), np.float32))) == pytest.approx([3 / 12])


def test_mahalanobis_counts_in_standard_deviations_of_each_direction() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 400)
    features = (rng.standard_normal((4_000, 2)) * [1.0, 10.0]).astype(np.float32)
    nothing = np.zeros((2, 10), np.float32)
    score = mahalanobis(Seen(np.zeros((4_000, 10), np.float32), features), labels)
    narrow, wide = score.of(Seen(nothing, np.array([[3.0, 0.0], [0.0, 30.0]], np.float32)))
    assert narrow == pytest.approx(-9, rel=0.2)
    assert wide == pytest.approx(-9, rel=0.2)


def test_a_neighbour_is_the_nearest_in_direction(training: Seen) -> None:
    score = neighbour(training)
    assert score.of(training) == pytest.approx(np.zeros(len(training)), abs=2e-3)
    longer = Seen(training.logits, training.features * np.float32(3))
    assert score.of(longer) == pytest.approx(score.of(training), abs=2e-3)
    opposite = Seen(training.logits[:1], -training.features[:1])
    assert score.of(opposite)[0] < -1
    assert score.numbers == training.features.size


def test_both_weigh_alike_where_they_were_fit(training: Seen) -> None:
    scores = fit_scores(training, LABELS)
    rest = training[np.setdiff1d(np.arange(len(LABELS)), draw_anchors(LABELS, 0))]
    sum_of_both = both(scores[1], scores[3], rest)
    assert sum_of_both.of(rest) == pytest.approx(scores[4].of(rest))
    assert np.var(sum_of_both.of(rest)) <= 4.0001


def test_anchors_are_as_many_of_each_digit_and_leave_half_of_them() -> None:
    few = draw_anchors(LABELS, 0)
    assert np.bincount(LABELS[few]).tolist() == [15] * 10
    assert len(np.unique(few)) == len(few)
    many = np.repeat(np.arange(10, dtype=np.uint8), 3 * ANCHORS)
    assert np.bincount(many[draw_anchors(many, 0)]).tolist() == [ANCHORS] * 10
    assert not np.array_equal(draw_anchors(many, 0), draw_anchors(many, 1))


def test_what_has_no_length_stays_as_it_is() -> None:
    assert np.array_equal(unit(np.array([[0.0, 0.0], [3.0, 4.0]], np.float32)), np.array([[0, 0], [0.6, 0.8]], np.float32))


def test_a_digit_of_which_there_is_one_picture_cannot_be_fit(training: Seen) -> None:
    alone = np.append(np.flatnonzero(LABELS < 9), len(LABELS) - 1)
    with pytest.raises(ValueError, match="two training pictures"):
        fit_scores(training[alone], LABELS[alone])
