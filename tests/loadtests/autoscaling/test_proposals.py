"""One metric asks for what Kubernetes' documentation and its own tests say."""

import pytest

from loadtests.autoscaling.proposals import Seen, by_average, by_share_of, by_utilization


def test_twice_the_target_asks_for_twice_as_many_and_half_for_half() -> None:
    assert by_average(Seen(4 * 200, 4), 100, 4) == 8
    assert by_average(Seen(4 * 50, 4), 100, 4) == 2


def test_the_walkthrough_s_305_percent_of_50_ask_for_seven() -> None:
    assert by_utilization(Seen(3.05, 1), 50, 1) == 7


@pytest.mark.parametrize(("each", "asked"), [(109, 10), (110, 10), (112, 12), (91, 10), (90, 10), (88, 9)])
def test_within_a_tenth_nothing_is_asked_for(each: float, asked: int) -> None:
    assert by_average(Seen(10 * each, 10), 100, 10) == asked


def test_whole_percents_of_what_pods_request_count() -> None:
    assert by_utilization(Seen(0.3 + 0.5 + 0.7, 3), 30, 3) == 5
    assert by_utilization(Seen(3.0, 3), 50, 3, request=2.0) == 3
    assert by_utilization(Seen(3 * 0.559, 3), 50, 3) == 3, "55.9 % are 55 %, a tenth above 50 %"


def test_pods_that_are_not_ready_are_taken_for_idle_on_the_way_up() -> None:
    assert by_utilization(Seen(0.5 + 0.7, 2, not_ready=1), 30, 3) == 4
    assert by_utilization(Seen(0.5 + 0.7, 2), 30, 2) == 4


def test_where_they_would_turn_the_direction_nothing_is_done() -> None:
    assert by_utilization(Seen(0.4, 1, not_ready=2), 30, 3) == 3


def test_on_the_way_down_pods_that_are_not_ready_are_left_out() -> None:
    assert by_utilization(Seen(0.2, 2, not_ready=1), 50, 3) == 1


def test_pods_that_told_nothing_are_taken_for_busy_on_the_way_down() -> None:
    assert by_utilization(Seen(0.4 + 0.095, 2, missing=2), 100, 4) == 3
    assert by_average(Seen(2 * 10, 2, missing=2), 100, 4) == 3, "(20 + 2 * 100) / 4 is 55, and 0.55 * 4 is 2.2"


def test_and_for_idle_on_the_way_up() -> None:
    assert by_average(Seen(2 * 300, 2, missing=2), 100, 4) == 6
    assert by_average(Seen(2 * 150, 2, missing=2), 100, 4) == 4, "0.75 would turn the direction"


def test_a_target_above_what_is_requested_is_what_a_silent_pod_is_taken_to_use() -> None:
    assert by_utilization(Seen(1.0, 1, missing=1), 200, 2) == 2, "(1 + 2) / 2 of 2 is 0.75, of 2 pods two"


def test_nobody_who_told_anything_is_no_proposal() -> None:
    assert by_average(Seen(0, 0, missing=3), 100, 3) is None
    assert by_utilization(Seen(0, 0, not_ready=3), 50, 3) is None


def test_one_value_for_all_is_shared_out() -> None:
    assert by_share_of(100, 10, 4) == 10
    assert by_share_of(43, 10, 4) == 4, "within a tenth of 40"
    assert by_share_of(45, 10, 4) == 5
    assert by_share_of(0, 10, 4) == 0
