"""Replicas change when and as far as Kubernetes' documentation says, example by example."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.autoscaling.hpa import DEFAULT, SYNC_SECONDS, Autoscaler, Behavior, Policy, Rules, highest
from loadtests.autoscaling.proposals import Seen, by_utilization

DOCUMENTED = Rules((Policy("Pods", 4, 60), Policy("Percent", 10, 60)), window_seconds=0)
"""The documentation's example of scaling down step by step."""


def replayed(autoscaler: Autoscaler, current: int, wanted: list[int | None], every: float = SYNC_SECONDS) -> list[int]:
    """What it sets, sync by sync, where one metric asks for these."""
    seen = []
    for number, asked in enumerate(wanted):
        current = autoscaler.replicas(number * every, current, [asked])
        seen.append(current)
    return seen


def test_by_default_they_become_twice_as_many_or_four_more_each_15_seconds() -> None:
    assert replayed(Autoscaler(1, 100), 1, [100] * 6) == [5, 10, 20, 40, 80, 100]


def test_by_default_the_most_of_the_last_five_minutes_holds_and_then_all_go_at_once() -> None:
    seen = replayed(Autoscaler(1, 100), 50, [50, *[10] * 21])
    assert seen == [50] * 20 + [10] * 2, "the 50 at second 0 holds until second 300"


def test_of_80_a_tenth_goes_each_minute_and_under_40_four() -> None:
    autoscaler = Autoscaler(10, 100, Behavior(DEFAULT.up, DOCUMENTED))
    assert replayed(autoscaler, 80, [10] * 15, every=60) == [72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10, 10]


def test_a_policy_counts_from_what_there_was_at_the_beginning_of_its_period() -> None:
    autoscaler = Autoscaler(10, 100, Behavior(DEFAULT.up, DOCUMENTED))
    assert replayed(autoscaler, 80, [10] * 6) == [72, 72, 72, 72, 64, 64], "ten percent of 80 a minute, not a sync"


def test_what_went_the_other_way_in_the_period_is_given_back() -> None:
    autoscaler = Autoscaler(1, 100, Behavior(Rules((Policy("Pods", 2, 60),), 0), Rules((Policy("Pods", 3, 60),), 0)))
    seen = replayed(autoscaler, 10, [100, 1, 1, 100])
    assert seen == [12, 7, 7, 12], "all within a minute, and all from the 10 at its beginning"


@pytest.mark.parametrize(("select", "left"), [("Max", 72), ("Min", 76), ("Disabled", 80)])
def test_which_policy_counts_is_selected(select: str, left: int) -> None:
    rules = Rules(DOCUMENTED.policies, 0, select)  # type: ignore[arg-type]
    assert Autoscaler(10, 100, Behavior(DEFAULT.up, rules)).replicas(0, 80, [10]) == left


@pytest.mark.parametrize(("select", "there"), [("Max", 20), ("Min", 14), ("Disabled", 10)])
def test_and_upwards_too(select: str, there: int) -> None:
    rules = Rules(DEFAULT.up.policies, 0, select)  # type: ignore[arg-type]
    assert Autoscaler(1, 100, Behavior(rules, DEFAULT.down)).replicas(0, 10, [100]) == there


def test_upwards_the_fewest_of_the_window_count() -> None:
    autoscaler = Autoscaler(1, 100, Behavior(Rules((Policy("Percent", 100, 15),), window_seconds=60), DEFAULT.down))
    assert replayed(autoscaler, 2, [2, 8, 8, 8, 8, 8]) == [2, 2, 2, 2, 4, 8], "the 2 at second 0 holds until second 60"


def test_a_metric_that_goes_to_and_fro_does_not_move_them_within_the_window() -> None:
    assert replayed(Autoscaler(1, 100), 10, [10, 9] * 40) == [10] * 80


def test_what_it_finds_at_first_counts_as_asked_for() -> None:
    assert replayed(Autoscaler(1, 100), 10, [3] * 21) == [*[10] * 20, 3]


@pytest.mark.parametrize(("current", "decided"), [(1, 2), (9, 7)])
def test_outside_of_the_bounds_they_are_set_to_the_nearer_whatever_is_asked_for(current: int, decided: int) -> None:
    assert Autoscaler(2, 7).replicas(0, current, [5]) == decided


def test_of_several_metrics_the_highest_counts() -> None:
    assert highest([3, 7, 5], 4) == 7


def test_a_metric_that_cannot_be_had_keeps_them_from_going_down_and_not_from_going_up() -> None:
    assert highest([3, None], 4) is None
    assert highest([7, None], 4) == 7
    assert highest([4, None], 4) == 4
    assert highest([None, None], 4) is None
    assert Autoscaler(1, 10).replicas(0, 4, [None, 3]) == 4


POLICIES = st.builds(
    Policy, kind=st.sampled_from(["Pods", "Percent"]), value=st.integers(10, 100), period_seconds=st.sampled_from([15, 60, 300])
)
RULES = st.builds(
    Rules,
    policies=st.lists(POLICIES, min_size=1, max_size=3).map(tuple),
    window_seconds=st.sampled_from([0, 60, 300]),
    select=st.sampled_from(["Max", "Min"]),
)
BEHAVIORS = st.builds(Behavior, up=RULES, down=RULES)


@given(BEHAVIORS, st.integers(1, 20), st.integers(0, 30), st.integers(0, 60), st.lists(st.none() | st.integers(0, 1000), max_size=60))
@settings(deadline=None)
def test_they_never_leave_their_bounds(behavior: Behavior, least: int, more: int, current: int, wanted: list[int | None]) -> None:
    seen = replayed(Autoscaler(least, least + more, behavior), current, wanted)
    within = [least <= replicas <= least + more for replicas in seen]
    assert all(within)


@given(BEHAVIORS, st.integers(1, 40), st.floats(0.1, 20.0), st.integers(30, 95))
@settings(deadline=None)
def test_a_constant_load_settles(behavior: Behavior, current: int, cores: float, target: int) -> None:
    """So much work, spread over however many there are: after some time nothing changes, and they are enough."""
    autoscaler, seen = Autoscaler(1, 200, behavior), []
    for number in range(800):
        current = autoscaler.replicas(number * SYNC_SECONDS, current, [by_utilization(Seen(cores, current), target, current)])
        seen.append(current)
    last = seen[-60:]
    assert len(set(last)) == 1
    assert 100 * cores / last[-1] <= 1.1 * target + 1
