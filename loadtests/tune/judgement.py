"""What is better, and by how much it must be: by more than the runs of one and the same setting differ from each other."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from loadtests.tune.candidates import Setting

IN_TURN = 2
"""Runs of the present settings before anything else, and of these and the best together in the end, one after the other."""


@dataclass(frozen=True)
class Trial:
    """One run of one setting. Every answer was right; percentiles are of answers alone."""

    setting: Setting
    answers: int
    refusals: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    processor_ms: float
    """Processor time of the whole stack for each request."""
    generator_share: float
    """Of a core, used by the load generator."""


def gain(present: Sequence[Trial], other: Sequence[Trial]) -> float:
    """How many milliseconds of p95 are won; where requests were refused on either side, how many of these are answered."""
    return median(_costs(present, present, other)) - median(_costs(other, present, other))


def noise(present: Sequence[Trial], other: Sequence[Trial]) -> float:
    """How far the runs of the present setting lie apart, in what `gain` counts."""
    costs = _costs(present, present, other)
    return max(costs) - min(costs)


def is_better(present: Sequence[Trial], other: Sequence[Trial]) -> bool:
    return gain(present, other) > noise(present, other)


def best_together(present: Sequence[Trial], tried: Sequence[Trial]) -> Setting:
    """The present setting with the best value of each thing that was tried, where that is better than the present one's."""
    setting = present[0].setting
    for field in fields(Setting):
        better = [
            trial
            for trial in tried
            if getattr(trial.setting, field.name) != getattr(present[0].setting, field.name) and is_better(present, [trial])
        ]
        if better:
            best = min(better, key=lambda trial: (trial.refusals, trial.p95_ms))
            setting = replace(setting, **{field.name: getattr(best.setting, field.name)})
    return setting


def _costs(of: Sequence[Trial], *both: Sequence[Trial]) -> list[float]:
    refused = any(trial.refusals for trials in both for trial in trials)
    return [float(trial.refusals) if refused else trial.p95_ms for trial in of]
