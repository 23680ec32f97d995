"""Only what is better by more than runs of one setting differ is better, and a setting that refuses is not better for being fast."""

import pytest

from loadtests.tune.candidates import Setting
from loadtests.tune.judgement import best_together, gain, is_better, noise
from tests.loadtests.tune.trials_made import PRESENT, trial

OTHER = Setting(largest_batch=8)
TWICE = [trial(PRESENT, 10.0), trial(PRESENT, 12.0)]


@pytest.mark.parametrize(
    ("p95s", "better"), [([8.9, 8.9], True), ([9.1, 9.1], False), ([11.0, 11.0], False), ([30.0, 30.0], False), ([5.0, 10.0], True)]
)
def test_it_is_better_by_more_than_the_present_runs_differ(p95s: list[float], better: bool) -> None:
    assert is_better(TWICE, [trial(OTHER, p95) for p95 in p95s]) is better


def test_the_present_setting_is_not_better_than_itself() -> None:
    assert not is_better([trial(PRESENT, 10.0)], [trial(PRESENT, 10.0)])
    assert not is_better(TWICE, TWICE)


def test_gain_and_noise_are_told_in_the_same() -> None:
    assert (gain(TWICE, [trial(OTHER, 4.0)]), noise(TWICE, [trial(OTHER, 4.0)])) == (7.0, 2.0)
    refusing = [trial(PRESENT, 10.0, refusals=40), trial(PRESENT, 50.0, refusals=50)]
    assert (gain(refusing, [trial(OTHER, 99.0)]), noise(refusing, [trial(OTHER, 99.0)])) == (45.0, 10.0)


def test_fast_answers_of_a_setting_that_refuses_are_not_better() -> None:
    assert not is_better(TWICE, [trial(OTHER, 1.0, refusals=1)])


def test_fewer_refusals_are_better_whatever_the_time() -> None:
    refusing = [trial(PRESENT, 10.0, refusals=400), trial(PRESENT, 10.0, refusals=410)]
    assert is_better(refusing, [trial(OTHER, 300.0, refusals=380)])
    assert not is_better(refusing, [trial(OTHER, 5.0, refusals=400)])


def test_the_best_of_each_thing_goes_together_and_what_is_no_better_stays() -> None:
    tried = [
        trial(Setting(largest_batch=8), 7.0),
        trial(Setting(largest_batch=16), 6.0),
        trial(Setting(largest_batch=32), 8.0),
        trial(Setting(batch_delay_ms=2), 9.5),
        trial(Setting(workers=2), 8.0),
        trial(Setting(torchserve_threads=2), 2.0, refusals=3),
    ]
    assert best_together(TWICE, tried) == Setting(largest_batch=16, workers=2)


def test_of_those_that_refuse_less_the_one_that_refuses_least_is_best() -> None:
    refusing = [trial(PRESENT, 10.0, refusals=100)]
    tried = [trial(Setting(largest_batch=8), 5.0, refusals=50), trial(Setting(largest_batch=16), 9.0, refusals=2)]
    assert best_together(refusing, tried) == Setting(largest_batch=16)


def test_where_nothing_is_better_everything_stays() -> None:
    assert best_together(TWICE, [trial(OTHER, 9.5), trial(Setting(workers=2), 40.0)]) == PRESENT
