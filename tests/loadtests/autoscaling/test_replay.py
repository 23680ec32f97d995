"""A replay is the same each time, decides by what was and not by what is, and scales what has the work."""

import itertools
from dataclasses import replace

import pytest

from loadtests.autoscaling.choose import BEHAVIORS, SLOW_DOWN
from loadtests.autoscaling.curves import COLLAPSE, CURVES, RAMP, SPIKE, Curve
from loadtests.autoscaling.fleet import Fleet
from loadtests.autoscaling.hpa import SYNC_SECONDS
from loadtests.autoscaling.replay import replay
from loadtests.autoscaling.service import Service
from loadtests.autoscaling.setting import Setting
from tests.loadtests.autoscaling.figures_made import FIGURES

SERVICE = Service.of(FIGURES)
SETTING = Setting(60, 16, BEHAVIORS[SLOW_DOWN], 2, 40)
FIXED = replace(SETTING, least=8, most=8)


@pytest.mark.parametrize("curve", [SPIKE, COLLAPSE], ids=lambda curve: curve.name)
def test_it_is_the_same_each_time(curve: Curve) -> None:
    wavering = replace(SETTING, cpu_percent=95, waiting=4)  # about as many as there are, so that each glimpse of a gauge matters
    assert replay(curve, SERVICE, wavering, wavering) == replay(curve, SERVICE, wavering, wavering)


def test_a_spike_is_met_after_it_was_seen_and_a_pod_has_started() -> None:
    moments = replay(SPIKE, SERVICE, SETTING, SETTING)
    before = {moment.gateways for moment in moments if 300 < moment.second <= 600}
    grown = next(moment.second for moment in moments if moment.gateways > max(before))
    assert 600 < grown <= 600 + 3 * SYNC_SECONDS
    assert any(moment.refused for moment in moments if 600 <= moment.second < grown + SERVICE.gateway_start)
    assert not any(moment.refused for moment in moments if moment.second < 600)


def test_after_a_change_of_model_it_is_torchserve_that_grows() -> None:
    enough = replace(FIXED, least=24, most=24)
    moments = replay(COLLAPSE, SERVICE, enough, replace(SETTING, most=100))
    before = next(moment for moment in moments if moment.second == 595)
    most = max(moment.torchserves for moment in moments)
    assert most > 1.5 * before.torchserves
    assert {moment.gateways for moment in moments} == {24}


def test_refused_and_late_is_what_fixed_replicas_cannot_do() -> None:
    few, many = (replay(RAMP, SERVICE, replace(FIXED, least=count, most=count), FIXED) for count in (4, 24))
    assert sum(moment.refused for moment in few) > 0
    assert sum(moment.refused for moment in many) == 0
    assert max(moment.hit_p99 for moment in few) > 1 > max(moment.hit_p99 for moment in many)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_replicas_stay_within_their_bounds(curve: Curve) -> None:
    moments = replay(curve, SERVICE, SETTING, SETTING)
    assert all(2 <= moment.gateways <= 40 and 2 <= moment.torchserves <= 40 for moment in moments)


def test_pods_that_start_carry_nothing_and_count_as_idle() -> None:
    fleet = Fleet(replace(SETTING, least=1), start_seconds=12.0, step_seconds=5, cores_needed=1.0)
    assert (fleet.replicas, fleet.ready(0)) == (2, 2)
    for _ in range(6):
        fleet.note(1.0)
    assert fleet.cpu(30) == 4, "100 % of a target of 60 %: 2 * 100 / 60, rounded up"
    fleet.set(30, [4])
    assert (fleet.replicas, fleet.ready(30), fleet.ready(41), fleet.ready(42)) == (4, 2, 2, 4)
    assert fleet.cpu(45) == 4, "the two new ones count as idle: 200 % / 4 is under the target, which would turn the direction"
    fleet.set(400, [1])
    assert fleet.replicas == 3, "one a minute"


def test_nothing_is_decided_between_syncs() -> None:
    moments = replay(SPIKE, SERVICE, SETTING, SETTING)
    changed = [later.second for first, later in itertools.pairwise(moments) if first[3:5] != later[3:5]]
    assert changed
    assert all(second % SYNC_SECONDS == 0 for second in changed)
