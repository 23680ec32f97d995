"""One picture of a benchmark: throughput and p99 of distinct pictures over connections, and what caches make of repeats."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from loadtests.bench.runs import Run, Spread
from loadtests.bench.servers import ALL_OURS, OURS
from loadtests.bench.workloads import DISTINCT, REDIS, REPEATED, ZIPF
from loadtests.drawing import ACCENT, PAPER, save_small

RIVALS = ("#1d4ed8", "#60a5fa", "#15803d", "#475569", "#a855f7", "#eab308", "#f472b6", "#0e7490", "#84cc16", "#78350f")
MARKS = "osD^vPX*<>h"
REPEATS = (REPEATED, REDIS, ZIPF)
DOTS_PER_INCH = 120
SHADES = 32


def draw(runs: Sequence[Run], file: Path) -> None:
    """A PNG of panels; what was not measured has none, and where nothing of it was, there is no PNG."""
    distinct = [run for run in runs if run.cell.workload == DISTINCT]
    repeats = [run for run in runs if run.cell.workload in REPEATS]
    drawn = [(panel, of) for panel, of in ((_throughput, distinct), (_slowest, distinct), (_bars, repeats)) if of]
    if not drawn:
        return
    figure = Figure(figsize=(5 * len(drawn), 4.5), layout="constrained")
    for axis, (panel, of) in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn, strict=True):
        panel(axis, of)
    save_small(figure, file, dots_per_inch=DOTS_PER_INCH, shades=SHADES)


def _throughput(axis: Axes, distinct: Sequence[Run]) -> None:
    _over_connections(axis, distinct, lambda run: run.per_second)
    axis.set(title="distinct pictures", ylabel="answers a second", ylim=(0, None))


def _slowest(axis: Axes, distinct: Sequence[Run]) -> None:
    _over_connections(axis, distinct, lambda run: run.p99_ms)
    axis.set(title="distinct pictures", ylabel="p99 in ms", yscale="log")
    _plain(axis.yaxis)


def _plain(axis: Axis) -> None:
    """Numbers as they are; powers of ten would need fonts that are not everywhere."""
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _over_connections(axis: Axes, distinct: Sequence[Run], value: Callable[[Run], float]) -> None:
    """A line a server: medians over rounds, with the extremes."""
    servers = sorted(dict.fromkeys(run.cell.server for run in distinct), key=lambda server: server != OURS)
    for server, colour, mark in zip(servers, (ACCENT, *RIVALS), MARKS, strict=False):
        its = [run for run in distinct if run.cell.server == server]
        points = {
            connections: Spread.of(value(run) for run in its if run.cell.connections == connections)
            for connections in sorted({run.cell.connections or 0 for run in its})
        }
        medians = [spread.median for spread in points.values()]
        below = [spread.median - spread.least for spread in points.values()]
        above = [spread.most - spread.median for spread in points.values()]
        axis.errorbar(list(points), medians, (below, above), marker=mark, markersize=4, capsize=2, color=colour, label=server)
    axis.set(xlabel="connections", xscale="log")
    _plain(axis.xaxis)
    ticks = sorted({run.cell.connections or 0 for run in distinct})
    axis.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axis.minorticks_off()
    axis.legend(fontsize=7)


def _bars(axis: Axes, repeats: Sequence[Run]) -> None:
    cells = list(dict.fromkeys(run.cell for run in repeats))[::-1]
    rates = [Spread.of(run.per_second for run in repeats if run.cell == cell).median for cell in cells]
    colours = [ACCENT if cell.server in ALL_OURS else PAPER for cell in cells]
    axis.barh([f"{cell.workload}: {cell.server}" for cell in cells], rates, color=colours)
    axis.set(title="pictures that come again", xlabel="answers a second")
    axis.tick_params(axis="y", labelsize=7)
