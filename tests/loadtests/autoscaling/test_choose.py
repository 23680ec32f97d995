"""What is picked keeps still, is hardly ever slow, and then costs least."""

from dataclasses import replace

import pytest

from loadtests.autoscaling.choose import (
    AS_KUBERNETES,
    BEHAVIORS,
    FULL,
    LEAST,
    NEARLY,
    OTHER_DRAWS,
    ROUNDED_TO,
    SLOW_BUDGET,
    SLOW_DOWN,
    Choice,
    Judged,
    Tried,
    Undecided,
    best,
    choose,
    room,
    steady,
)
from loadtests.autoscaling.curves import CURVES, DAY, PEAK, Curve, rates
from loadtests.autoscaling.figures import FILE, read
from loadtests.autoscaling.outcome import MOST_TURNS
from loadtests.autoscaling.service import Service
from loadtests.autoscaling.setting import Setting

STILL = Judged(turns=1, slow=0.0, hours=100.0)


def tried(percent: int, **judged: Judged) -> Tried:
    return Tried(
        Setting(percent, 16, BEHAVIORS[SLOW_DOWN], 2, 10), SLOW_DOWN, {curve.name: judged.get(curve.name, STILL) for curve in CURVES}
    )


@pytest.fixture(scope="module")
def choice() -> Choice:
    """Out of the figures of this checkout."""
    return choose(Service.of(read(FILE)))


@pytest.mark.parametrize("curve", [curve for curve in CURVES if not curve.sudden], ids=lambda curve: curve.name)
def test_replicas_change_direction_once_in_ten_minutes_unless_the_load_does_so_suddenly(choice: Choice, curve: Curve) -> None:
    assert choice.outcomes[curve.name].turns <= MOST_TURNS == 1


def test_nor_do_they_under_other_draws_of_the_loads(choice: Choice) -> None:
    assert choice.gateway.elsewhere is not None
    assert choice.torchserve.elsewhere is not None
    assert max(choice.gateway.elsewhere, choice.torchserve.elsewhere) <= MOST_TURNS
    assert len(OTHER_DRAWS) >= 5


def test_another_draw_is_another_load_of_the_same_kind() -> None:
    other = replace(DAY, draw=1)
    assert rates(other) != rates(DAY)
    assert sum(rates(other)) == pytest.approx(sum(rates(DAY)), rel=0.02)


def test_what_was_picked_is_among_what_was_tried_and_does_as_it_did_there(choice: Choice) -> None:
    assert choice.gateway in choice.gateways
    assert choice.torchserve in choice.torchserves
    for picked, of in ((choice.gateway, choice.gateways), (choice.torchserve, choice.torchserves)):
        restless = [each for each in of if each.elsewhere is not None and each.elsewhere > MOST_TURNS]
        assert best([each for each in of if each not in restless]) == picked
    for curve in CURVES:
        assert choice.gateway.judged[curve.name].slow == choice.outcomes[curve.name].slow


def test_a_day_and_a_ramp_have_hardly_a_slow_moment(choice: Choice) -> None:
    assert choice.outcomes["day"].slow <= SLOW_BUDGET
    assert choice.outcomes["ramp"].slow <= SLOW_BUDGET


def test_no_load_needs_more_replicas_than_there_may_be(choice: Choice) -> None:
    for seen in choice.outcomes.values():
        assert LEAST <= seen.most_gateways <= choice.gateway.setting.most
        assert LEAST <= seen.most_torchserves <= choice.torchserve.setting.most


def test_room_is_for_the_peak_without_caches() -> None:
    assert room(0.0002) == 30
    assert 0 <= room(0.0003) - PEAK * 0.0003 / FULL < ROUNDED_TO


def test_the_cheapest_of_the_prompt_is_best() -> None:
    dear, cheap = tried(50), tried(60, day=replace(STILL, hours=90.0))
    assert best([dear, cheap]) is cheap


def test_who_goes_to_and_fro_is_out_however_cheap() -> None:
    restless = tried(60, day=Judged(turns=2, slow=0.0, hours=1.0))
    assert best([restless, tried(50)]).setting.cpu_percent == 50
    with pytest.raises(Undecided, match="ten minutes"):
        best([restless])


def test_of_those_that_cost_alike_the_one_with_the_fewest_slow_moments_is_best() -> None:
    cheap, calm = tried(60, spike=replace(STILL, slow=0.21)), tried(50, spike=replace(STILL, slow=0.2), day=replace(STILL, hours=100.9))
    assert best([cheap, calm]) is calm
    assert best([cheap, tried(50, spike=replace(STILL, slow=0.2), day=replace(STILL, hours=101.1))]) is cheap


def test_who_is_restless_elsewhere_gives_way_to_the_next() -> None:
    first, second = tried(60), tried(50, day=replace(STILL, hours=110.0))
    assert steady([first, second], lambda setting: 1) is first
    assert steady([first, second], lambda setting: 2 if setting == first.setting else 1) is second
    with pytest.raises(Undecided):
        steady([first, second], lambda setting: 2)


def test_of_equals_the_gentlest_is_best() -> None:
    harsh, gentle = (replace(tried(60), behavior=behavior) for behavior in (AS_KUBERNETES, SLOW_DOWN))
    assert best([harsh, gentle]) is gentle
    assert best([gentle, harsh]) is gentle


def test_under_what_is_sudden_it_may() -> None:
    assert best([tried(60, spike=replace(STILL, turns=5))]).setting.cpu_percent == 60


def test_who_is_slow_much_more_often_is_out_and_who_is_a_little_is_not() -> None:
    slow = tried(70, spike=replace(STILL, slow=0.5), day=replace(STILL, hours=1.0))
    nearly = tried(60, spike=replace(STILL, slow=0.2 * NEARLY), day=replace(STILL, hours=50.0))
    assert best([slow, nearly, tried(50, spike=replace(STILL, slow=0.2))]) is nearly
