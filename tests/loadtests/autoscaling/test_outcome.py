"""Changes of direction are counted within any ten minutes, slow requests by their kind."""

import pytest

from loadtests.autoscaling.outcome import SLOW_SECONDS, outcome, turns
from loadtests.autoscaling.replay import Moment


@pytest.mark.parametrize(
    ("replicas", "counted"),
    [
        ([2, 3, 4, 4, 5], 0),
        ([2, 4, 3], 1),
        ([2, 4, 4, 3, 4], 2),
        ([2, 3, 2, 3, 2], 3),
        ([5, 5, 5], 0),
    ],
)
def test_a_change_of_direction_is_a_change_after_one_the_other_way(replicas: list[int], counted: int) -> None:
    assert turns(replicas, 15) == counted


def test_ten_minutes_apart_they_are_not_counted_together() -> None:
    def to_and_fro(steps: int) -> list[int]:
        return [2, 3, 2, *[2] * (steps - 1), 3]

    assert turns(to_and_fro(39), 15) == 2, "585 seconds"
    assert turns(to_and_fro(40), 15) == 1, "600 seconds"


def moment(second: int, **told: float) -> Moment:
    usual = {"requests": 100.0, "hits": 0.9, "gateways": 2, "torchserves": 1, "hit_p99": 0.001, "miss_p99": 0.01, "refused": 0.0}
    return Moment(second, **usual | told)  # type: ignore[arg-type]


def test_requests_are_slow_with_their_kind() -> None:
    late = 2 * SLOW_SECONDS
    fast, misses, all_late = moment(0), moment(15, miss_p99=late), moment(30, miss_p99=late, hit_p99=late)
    assert outcome([fast, misses]).slow == pytest.approx(0.05)
    assert outcome([fast, all_late]).slow == pytest.approx(0.5)
    assert outcome([fast, moment(15, refused=30.0)]).slow == pytest.approx(0.15)
    assert outcome([fast, moment(15, refused=30.0)]).refused == pytest.approx(0.15)


def test_a_replica_for_an_hour_is_an_hour() -> None:
    seen = outcome([moment(15 * number) for number in range(240)])
    assert seen.gateway_hours == pytest.approx(2)
    assert seen.torchserve_hours == pytest.approx(1)
    assert (seen.most_gateways, seen.most_torchserves) == (2, 1)
