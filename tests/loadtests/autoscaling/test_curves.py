"""The loads are what their names say, and the same each time."""

import numpy as np
import pytest

from loadtests.autoscaling.curves import (
    COLLAPSE,
    CURVES,
    DAY,
    HOUR,
    NOISE,
    PEAK,
    QUIET,
    RAMP,
    SPIKE,
    STEADY_HITS,
    Curve,
    hit_shares,
    known_share,
    rates,
)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_there_is_a_rate_for_each_step_around_what_the_curve_says(curve: Curve) -> None:
    seen = rates(curve)
    assert len(seen) == len(hit_shares(curve)) == curve.seconds / curve.step_seconds
    meant = np.array([PEAK * curve.share(number * curve.step_seconds) for number in range(len(seen))])
    assert 0.5 * NOISE < np.std(np.array(seen) / meant) < 1.5 * NOISE
    assert max(map(curve.share, range(0, curve.seconds, 5))) <= 1


def test_a_draw_is_the_same_each_time() -> None:
    assert rates.__wrapped__(SPIKE) == rates(SPIKE)


def test_a_day_begins_and_ends_in_the_night() -> None:
    assert DAY.share(3 * HOUR) < 1.1 * QUIET < DAY.share(20 * HOUR) == 1.0


def test_a_spike_is_ten_times_as_much_at_once() -> None:
    assert SPIKE.share(600) == pytest.approx(10 * SPIKE.share(599))
    assert SPIKE.sudden
    assert [curve.name for curve in CURVES if curve.sudden] == ["spike"]


def test_a_ramp_is_slow() -> None:
    steps = np.diff([RAMP.share(second) for second in range(0, RAMP.seconds, 60)])
    assert max(abs(steps)) < 0.01
    assert max(map(RAMP.share, range(0, RAMP.seconds, 60))) == 1


def test_after_a_change_of_model_hits_fall_to_none_and_come_back() -> None:
    seen, at = hit_shares(COLLAPSE), 600 // COLLAPSE.step_seconds
    assert set(seen[:at]) == {STEADY_HITS}
    assert seen[at] == 0
    assert list(seen[at:]) == sorted(seen[at:])
    assert 0.7 * STEADY_HITS < seen[-1] < STEADY_HITS


def test_what_is_known_is_what_has_been_drawn_before() -> None:
    """Beside the law: draws themselves."""
    catalogue, count = 10_000, 20_000
    weights = np.arange(1, catalogue + 1) ** -1.1
    drawn = np.random.default_rng(1).choice(catalogue, (20, count + 1), p=weights / weights.sum())
    known = [len(np.unique(row[:count])) for row in drawn]
    share = np.mean([(weights / weights.sum())[np.unique(row[:count])].sum() for row in drawn])
    assert min(known) > 0
    assert known_share(count, catalogue, 1.1) == pytest.approx(share, abs=0.01)


def test_nothing_is_known_at_first_and_all_in_the_end() -> None:
    assert known_share(0) == pytest.approx(0, abs=1e-9)
    assert known_share(1e12) == pytest.approx(1, abs=1e-3)
