"""Sets hold the right digit as often as promised, by writers none of whom was asked, and are never empty."""

import numpy as np
import pytest

from model.metrics import Floats
from model.splitting import Writers
from model.trust.sets import LEVELS, RELEASED_LEVEL, candidates, half_of, measure_sets, quantile_of

N = 4_000
LABELS = (np.arange(N) % 10).astype(np.uint8)
WRITERS = Writers((np.arange(N) // 100).astype(np.uint16), np.where(np.arange(N) < N // 2, 0, 4).astype(np.uint8))


def probabilities(seed: int) -> Floats:
    """Of a reader that is more often right than not, and errs with every confidence."""
    logits = 3 * np.eye(10)[LABELS] + np.random.default_rng(seed).standard_normal((N, 10)) * 1.2
    powers = np.exp(logits)
    made: Floats = powers / powers.sum(axis=1, keepdims=True)
    return made


def test_the_quantile_is_the_one_that_the_theorem_names() -> None:
    known = np.arange(1, 100) / 100  # n = 99: floor(100 * 0.1) = 10
    assert quantile_of(known, 0.9) == pytest.approx(0.10)
    assert quantile_of(known[::-1], 0.99) == pytest.approx(0.01)


def test_too_few_pictures_for_a_level_leave_every_digit_possible() -> None:
    assert quantile_of(np.full(50, 0.9), 0.99) == 0
    assert candidates(probabilities(0)[:3], 0.0).all()


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5])
def test_a_level_lies_between_nothing_and_all(level: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        quantile_of(np.ones(9), level)


@pytest.mark.parametrize("level", LEVELS)
def test_over_many_draws_the_promise_is_kept_and_hardly_more(level: float) -> None:
    """Exchangeable pictures: coverage lies between the level and 1 / (n + 1) above it, but for the predicted digit that is always in."""
    rng = np.random.default_rng(0)
    right = np.take_along_axis(probabilities(3), LABELS[:, None].astype(np.intp), axis=1)[:, 0]
    kept = []
    for _ in range(300):
        order = rng.permutation(N)
        kept.append((right[order[2_000:]] >= quantile_of(right[order[:2_000]], level)).mean())
    assert level - 4e-4 <= np.mean(kept) <= level + 1e-3


def test_a_set_is_never_empty_and_grows_with_the_level() -> None:
    told = probabilities(0)
    assert candidates(told, 0.9999).sum(axis=1).min() == 1
    assert (candidates(told, 0.9999).argmax(axis=1) == told.argmax(axis=1)).all()
    assert (candidates(told, 0.1) <= candidates(told, 0.01)).all()


def test_writers_are_halved_whole_and_in_either_series() -> None:
    chosen = half_of(WRITERS, np.random.default_rng(0))
    for series in (0, 4):
        of = WRITERS.series == series
        inside, outside = np.unique(WRITERS.writer[of & chosen]), np.unique(WRITERS.writer[of & ~chosen])
        assert (len(inside), len(outside)) == (10, 10)
        assert not np.intersect1d(inside, outside).size


def test_everything_is_measured_by_others_than_calibrated_by() -> None:
    told = measure_sets((probabilities(0), LABELS, WRITERS), (probabilities(1), LABELS, WRITERS), seed=0, halvings=20)
    assert told["calibration"] == {"n": 2_000, "writers": 20}
    assert [row["level"] for row in told["levels"]] == list(LEVELS)
    assert RELEASED_LEVEL in LEVELS
    for row in told["levels"]:
        assert (row["held_out"]["n"], row["held_out"]["writers"], row["test"]["n"]) == (2_000, 20, N)
        assert row["test"]["coverage"] == pytest.approx(row["level"], abs=0.01)
        low, high = row["test"]["interval"]
        assert low <= row["test"]["coverage"] <= high
        assert row["test"]["sizes"].sum() == N
        assert row["test"]["mean_size"] == pytest.approx((row["test"]["sizes"] * np.arange(1, 11)).sum() / N)
        assert row["halvings"]["mean"] == pytest.approx(row["level"], abs=0.005)


def test_the_panel_decides_no_quantile() -> None:
    wrong = 1 - probabilities(1)
    one, other = (
        measure_sets((probabilities(0), LABELS, WRITERS), (panel, LABELS, WRITERS), seed=0, halvings=2)
        for panel in (wrong, probabilities(1))
    )
    assert [row["quantile"] for row in one["levels"]] == [row["quantile"] for row in other["levels"]]
