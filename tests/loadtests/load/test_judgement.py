"""A run is good up to its limits and not past them, and one that saw nothing is not good."""

from dataclasses import replace

import pytest

from loadtests.load.judgement import Limits, Seen, faults, verdict

LIMITS = Limits(error_ratio=0.01, p95_ms=20.0)
GOOD = Seen(requests=1_000, failures=10, p75_ms=2.0, p95_ms=20.0, broken_users=0)


def test_at_its_limits_it_is_good() -> None:
    assert list(faults(GOOD, LIMITS)) == []
    assert verdict(GOOD, LIMITS) == "1000 requests, 1.00% errors, p95 20.0 ms: good (at most 1.00% and 20.0 ms)"


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (replace(GOOD, failures=11), "errors"),
        (replace(GOOD, p95_ms=20.1), "p95"),
        (replace(GOOD, broken_users=1), "users themselves"),
        (Seen.of([], failures=0, broken_users=0), "nothing was asked"),
    ],
)
def test_past_any_it_is_not_and_says_why(seen: Seen, wrong: str) -> None:
    (fault,) = faults(seen, LIMITS)
    assert wrong in fault
    assert verdict(seen, LIMITS).endswith(fault)


def test_five_in_a_hundred_may_take_longer() -> None:
    assert Seen.of([1.0] * 96 + [900.0] * 4, 0, 0).p95_ms == 1
    assert Seen.of([1.0] * 94 + [900.0] * 6, 0, 0).p95_ms == 900


def test_it_comes_back_as_it_was_told() -> None:
    assert Seen.told(GOOD.as_json()) == GOOD
