"""Whole writers are drawn: intervals are as wide as writers differ, not as pictures are many."""

import numpy as np
import pytest

from model.bootstrap import Draws, interval, resampled, resampled_mean

WRITERS = np.repeat(np.arange(40), 50)


def draws(writers: int, resamples: int = 2_000) -> Draws:
    return Draws.of(writers, resamples, np.random.default_rng(0))


def test_a_resample_has_as_many_writers_as_there_are() -> None:
    times = draws(7).times
    assert times.shape == (2_000, 7)
    assert set(times.sum(axis=1)) == {7}
    assert times.mean(axis=0) == pytest.approx(1, abs=0.1)


def test_a_ratio_is_that_of_the_drawn_writers_counts() -> None:
    drawn = Draws(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
    hits, of = np.array([1, 9]), np.array([10, 10])
    assert drawn.ratio(hits, of).tolist() == [0.5, 0.1, 0.9]
    by_digit = drawn.ratio(np.stack([hits, hits], axis=1), np.stack([of, of * 2], axis=1))
    assert by_digit.tolist() == [[0.5, 0.25], [0.1, 0.05], [0.9, 0.45]]
    assert drawn.ratio(np.array([0, 1]), np.array([0, 1])).tolist() == [1, 0, 1], "of nothing it is 0"
    assert drawn.mean(np.array([0.2, 0.4])) == pytest.approx([0.3, 0.2, 0.4])


def test_the_interval_of_writers_alike_is_the_binomial_one_and_of_unlike_ones_far_wider() -> None:
    rng = np.random.default_rng(1)
    of = np.full(400, 25)
    alike = rng.binomial(25, 0.9, 400)
    unlike = np.where(rng.random(400) < 0.9, 25, 0)
    low, high = interval(draws(400).ratio(alike, of))
    binomial = 1.96 * (0.9 * 0.1 / 10_000) ** 0.5
    assert (high - low) / 2 == pytest.approx(binomial, rel=0.15)
    wide_low, wide_high = interval(draws(400).ratio(unlike, of))
    assert (wide_high - wide_low) / 2 == pytest.approx(binomial * 5, rel=0.15), "as 400 pictures would have"


def test_pictures_of_one_writer_come_or_stay_away_together() -> None:
    own = (WRITERS[:, None] == np.arange(40)).astype(np.float64)
    sums = resampled(own, WRITERS, resamples=50)
    assert (sums % 50 == 0).all()
    assert (sums.sum(axis=1) == len(WRITERS)).all()


def test_the_same_seed_draws_the_same_writers() -> None:
    values = np.random.default_rng(0).random((2_000, 1))
    assert np.array_equal(resampled(values, WRITERS, 3, 50), resampled(values, WRITERS, 3, 50))
    assert not np.array_equal(resampled(values, WRITERS, 3, 50), resampled(values, WRITERS, 4, 50))


def test_a_mean_over_writers_is_drawn_as_it_is_by_sums_of_them() -> None:
    values = np.random.default_rng(2).random(2_000) + WRITERS / 40
    by_sums = resampled(np.column_stack([values, np.ones(2_000)]), WRITERS)
    one_by_one = interval(resampled_mean(values, WRITERS, np.random.default_rng(0)))
    assert one_by_one == pytest.approx(interval(by_sums[:, 0] / by_sums[:, 1]), rel=0.01)


def test_resamples_are_the_same_however_many_are_held_in_memory_together() -> None:
    correct, writer = np.random.default_rng(1).random(300) < 0.9, np.arange(300) // 3
    at_once, in_parts = (
        resampled_mean(correct, writer, np.random.default_rng(0), resamples=500, together=together) for together in (4_000_000, 700)
    )
    assert np.array_equal(at_once, in_parts)
