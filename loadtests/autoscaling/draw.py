"""One picture a load: requests, replicas, the slowest in a hundred, and what it has cost so far."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.autoscaling.curves import Curve
from loadtests.autoscaling.outcome import SLOW_SECONDS
from loadtests.autoscaling.replay import Moment
from loadtests.drawing import ACCENT, PAPER, save_small

MODEL = "#1d4ed8"
DOTS_PER_INCH = 80
SHADES = 24


def draw(curve: Curve, moments: Sequence[Moment], file: Path) -> None:
    """A small PNG."""
    figure = Figure(figsize=(12, 5.5), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    unit, name = (3_600, "hours") if curve.seconds > 3_600 else (60, "minutes")
    at = [moment.second / unit for moment in moments]
    for axis, panel in zip(axes.flat, (_asked, _replicas, _slowest, _cost), strict=True):
        panel(axis, at, moments, curve.step_seconds)
        axis.set(xlim=(0, curve.seconds / unit))
        axis.legend(fontsize=7)
    for axis in axes[-1]:
        axis.set(xlabel=name)
    figure.suptitle(f"{curve.name}: {curve.told}", fontsize=9)
    save_small(figure, file, dots_per_inch=DOTS_PER_INCH, shades=SHADES)


def _asked(axis: Axes, at: Sequence[float], moments: Sequence[Moment], step: int) -> None:
    axis.plot(at, [moment.requests for moment in moments], color=PAPER, linewidth=1, label="requests a second")
    axis.plot(at, [moment.requests * (1 - moment.hits) for moment in moments], color=MODEL, linewidth=1, label="of new pictures")
    axis.plot(at, [moment.refused for moment in moments], color=ACCENT, linewidth=1, label="refused")
    axis.set(ylim=(0, None))


def _replicas(axis: Axes, at: Sequence[float], moments: Sequence[Moment], step: int) -> None:
    axis.step(at, [moment.gateways for moment in moments], where="post", color=ACCENT, label="gateways")
    axis.step(at, [moment.torchserves for moment in moments], where="post", color=MODEL, label="TorchServes")
    axis.set(ylim=(0, None), ylabel="replicas")


def _slowest(axis: Axes, at: Sequence[float], moments: Sequence[Moment], step: int) -> None:
    axis.plot(at, [1e3 * moment.hit_p99 for moment in moments], color=ACCENT, linewidth=1, label="hits")
    axis.plot(at, [1e3 * moment.miss_p99 for moment in moments], color=MODEL, linewidth=1, label="new pictures")
    axis.axhline(1e3 * SLOW_SECONDS, color=PAPER, linewidth=1, label="slow")
    axis.set(yscale="log", ylabel="p99 in ms")
    axis.yaxis.set_major_formatter("{x:g}")


def _cost(axis: Axes, at: Sequence[float], moments: Sequence[Moment], step: int) -> None:
    hours = accumulate((moment.gateways + moment.torchserves) * step / 3_600 for moment in moments)
    axis.plot(at, list(hours), color=PAPER, label="core-hours requested, in all")
    axis.set(ylim=(0, None), ylabel="core-hours")
