"""Figures of a load."""

from array import array

import pytest

from loadtests.bench.measured import Measured


def test_percentiles_are_of_single_answers_in_milliseconds() -> None:
    measured = Measured(array("d", [0.001 * number for number in range(101)]), seconds=10, generator_seconds=2)
    assert measured.milliseconds(50) == pytest.approx(50)
    assert measured.milliseconds(99) == pytest.approx(99)
    assert (measured.per_second, measured.generator_share) == (10.1, 0.2)


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no answer"):
        Measured().milliseconds(50)
