"""Two networks on the same pictures: the difference, an interval that few pictures keep wide, and McNemar's exact test."""

import numpy as np
import pytest

from model.renewal.paired import agresti_min, mcnemar, paired


def rights(gained: int, lost: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    candidate, current = np.ones(n, bool), np.ones(n, bool)
    current[:gained] = False
    candidate[gained : gained + lost] = False
    return candidate, current


def test_the_difference_is_what_was_gained_less_what_was_lost() -> None:
    found = paired(*rights(6, 2, 100), np.arange(100), seed=0, resamples=500)
    assert (found.gained, found.lost, found.difference) == (6, 2, 0.04)
    assert (found.candidate, found.current) == (0.98, 0.94)
    assert found.low < 0.04 < found.high


def test_equal_answers_to_few_pictures_still_leave_a_wide_interval() -> None:
    few, many = (paired(*rights(0, 0, n), np.arange(n), seed=0, resamples=100) for n in (50, 5_000))
    assert few.low < -0.03
    assert -0.001 < many.low < 0 < many.high < 0.001
    assert few.p == 1.0


def test_writers_who_err_together_widen_the_interval() -> None:
    together = np.repeat(np.arange(20), 50)
    candidate, current = rights(0, 100, 1_000)
    apart = paired(candidate, current, np.arange(1_000), seed=0, resamples=1_000)
    by_writer = paired(candidate, current, together, seed=0, resamples=1_000)
    assert by_writer.low < apart.low


def test_mcnemars_test_is_the_binomial_one() -> None:
    assert mcnemar(1, 9) == mcnemar(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 0) == 1.0


def test_agresti_and_mins_interval_is_that_of_their_formula() -> None:
    low, high = agresti_min(10, 20, 100)
    middle = -10 / 102
    half = 1.959964 * np.sqrt((31 / 102 - middle**2) / 102)
    assert (low, high) == pytest.approx((middle - half, middle + half))


def test_of_no_pictures_nothing_is_said() -> None:
    nothing = np.empty(0, bool)
    with pytest.raises(ValueError, match="no pictures"):
        paired(nothing, nothing, np.empty(0, np.intp), seed=0, resamples=10)
