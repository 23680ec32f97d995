"""Trials as if they had been measured."""

from loadtests.tune.candidates import Setting
from loadtests.tune.judgement import Trial

PRESENT = Setting()


def trial(setting: Setting, p95_ms: float, refusals: int = 0) -> Trial:
    return Trial(setting, 1_000 - refusals, refusals, p95_ms / 2, p95_ms, 2 * p95_ms, 1.5, 0.1)
