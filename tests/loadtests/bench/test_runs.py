"""Ratios are taken within a round."""

from array import array
from dataclasses import astuple

import pytest

from loadtests.bench.measured import Measured
from loadtests.bench.runs import Cell, Memory, Run, ratio, run_of
from loadtests.bench.usage import Usage

ONE, OTHER = Cell("distinct", 32, "one"), Cell("distinct", 32, "other")


def run(cell: Cell, number: int, per_second: float) -> Run:
    measured = Measured(array("d", [0.001]), seconds=1 / per_second)
    return run_of(cell, number, measured, Usage({}, 0), Usage({}, 0))


def test_a_ratio_is_the_median_of_rounds_and_not_the_ratio_of_medians() -> None:
    runs = [run(ONE, 0, 100), run(OTHER, 0, 100), run(ONE, 1, 30), run(OTHER, 1, 10), run(ONE, 2, 8), run(OTHER, 2, 4)]
    seen = ratio(runs, "per_second", ONE, OTHER)
    assert seen is not None
    assert astuple(seen) == pytest.approx((2, 1, 3, 3))


def test_a_round_that_lacks_one_of_them_does_not_count() -> None:
    runs = [run(ONE, 0, 10), run(OTHER, 0, 10), run(ONE, 1, 10)]
    seen = ratio(runs, "per_second", ONE, OTHER)
    assert seen is not None
    assert seen.rounds == 1
    assert ratio(runs[2:], "per_second", ONE, OTHER) is None


def test_processor_time_is_for_each_answer_and_a_process_that_ended_takes_none_away() -> None:
    before, after = Usage({1: 5.0, 2: 9.0}, 2**20), Usage({1: 5.5, 3: 0.5}, 3 * 2**20)
    seen = run_of(ONE, 0, Measured(array("d", [0.001] * 10), seconds=1), before, after)
    assert seen.processor_us == pytest.approx(1e5)
    assert seen.resident_mb == 3


def test_several_pictures_in_a_request_are_as_many_answers() -> None:
    measured = Measured(array("d", [0.001] * 10), seconds=2)
    seen = run_of(ONE, 0, measured, Usage({1: 0.0}, 0), Usage({1: 1.6}, 0), pictures=16)
    assert (seen.answers, seen.per_second) == (160, 80)
    assert seen.processor_us == pytest.approx(1e4)
    assert seen.p50_ms == pytest.approx(1)


def test_growth_is_of_the_last_half_alone_and_no_single_sample_makes_it() -> None:
    start, third, last = [10.0] * 4 + [99.0] * 4, [100.0, 100.0, 100.0, 300.0], [101.0, 102.0, 102.0, 90.0]
    seen = Memory.of([*start, *third, *last])
    assert seen.growth == pytest.approx(1.015)
    assert (seen.largest_mb, seen.end_mb, len(seen.samples_mb)) == (300, 90, 16)


def test_what_was_hardly_watched_has_no_growth() -> None:
    with pytest.raises(ValueError, match="3 samples"):
        Memory.of([1, 2, 3])
