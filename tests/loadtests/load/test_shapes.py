"""Each shape has the users that its name promises, and ends."""

import pytest

from loadtests.load.shapes import SHAPES


def users(shape: str, count: int = 50, seconds: int = 30) -> list[int]:
    """Those of each second."""
    seen = [SHAPES[shape].users_at(second, count, seconds) for second in range(seconds)]
    return [there for there in seen if there is not None]


@pytest.mark.parametrize("shape", SHAPES)
def test_somebody_is_there_until_the_end_and_at_some_time_everyone(shape: str) -> None:
    there = users(shape)
    assert len(there) == 30
    assert min(there) >= 1
    assert max(there) == 50


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_over_when_its_time_is(shape: str) -> None:
    assert SHAPES[shape].users_at(30, 50, 30) is None


def test_a_ramp_goes_up_for_half_of_the_time() -> None:
    there = users("ramp")
    assert there[:16] == sorted(set(there[:16]))
    assert set(there[15:]) == {50}


def test_a_spike_is_a_multiple_of_what_is_there_before_and_after() -> None:
    there = users("spike")
    assert [there[0], there[9], there[10], there[19], there[20], there[29]] == [10, 10, 50, 50, 10, 10]


def test_a_soak_is_long_and_steady_after_a_slow_start() -> None:
    assert SHAPES["soak"].seconds >= 20 * SHAPES["steady"].seconds
    there = users("soak", seconds=200)
    assert there[0] < 10
    assert set(there[10:]) == {50}
