"""Whole writers are drawn: writers who err together make an interval wide, and one draw is the next."""

import numpy as np

from model.trust.by_writer import resampled, share_interval

WRITERS = np.repeat(np.arange(40), 50)


def test_pictures_of_one_writer_come_or_stay_away_together() -> None:
    own = (WRITERS[:, None] == np.arange(40)).astype(np.float64)
    sums = resampled(own, WRITERS, resamples=50)
    assert (sums % 50 == 0).all()
    assert (sums.sum(axis=1) == len(WRITERS)).all()


def test_errors_of_few_writers_make_the_interval_wider_than_as_many_spread_evenly() -> None:
    few, spread = np.ones(2_000, bool), np.ones(2_000, bool)
    few[:100] = False
    spread[::20] = False
    (few_low, few_high), (low, high) = share_interval(few, WRITERS), share_interval(spread, WRITERS)
    assert few_low < 0.95 < few_high
    assert few_high - few_low > 3 * (high - low)


def test_the_same_seed_gives_the_same_interval() -> None:
    happened = np.random.default_rng(0).random(2_000) < 0.9
    assert share_interval(happened, WRITERS, 3) == share_interval(happened, WRITERS, 3)
    assert share_interval(happened, WRITERS, 3) != share_interval(happened, WRITERS, 4)
