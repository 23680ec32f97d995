"""What pages have in common: where figures come from, and how text is set."""

import textwrap

from loadtests.autoscaling.figures import Figures
from loadtests.bench.runs import Spread

WIDTH = 140
Lines = list[str]


def paragraph(text: str) -> Lines:
    return [*textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False), ""]


def points(*texts: str) -> Lines:
    lines = [textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False, break_long_words=False) for text in texts]
    return [*(("- " if number == 0 else "  ") + line for wrapped in lines for number, line in enumerate(wrapped)), ""]


def origin(figures: Figures) -> str:
    """A sentence."""
    machine = figures.machine
    python = f" {machine.python}," if machine.python else ""
    return (
        f"Measured on {machine.processor}, {machine.cores} cores shared by the stack and its load,{python} {machine.date[:10]}, "
        f"commit {machine.commit or 'unknown'}, by `python -m loadtests.autoscaling measure`, which writes "
        "[measured.json](../loadtests/autoscaling/measured.json)."
    )


def percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def measured_rows(figures: Figures) -> list[tuple[str, str, str, str, str]]:
    """What, median, least, most, n."""
    us, ms, seconds = "µs of a processor", "ms", "s"
    rows: tuple[tuple[str, Spread, str], ...] = (
        ("gateway, an answer that it remembers", figures.gateway_hit_us, us),
        ("gateway, an answer that Redis remembers", figures.gateway_redis_hit_us, us),
        ("gateway, a new picture", figures.gateway_miss_us, us),
        ("TorchServe, Java and worker, a new picture", figures.model_us, us),
        ("Redis, an answer that it remembers", figures.redis_hit_us, us),
        ("Redis, a new picture", figures.redis_miss_us, us),
        ("latency of a hit where nobody else asks, median", figures.hit_ms, ms),
        ("latency of a new picture where nobody else asks, median", figures.miss_ms, ms),
        ("gateway, from its start until ready", figures.gateway_start_seconds, seconds),
        ("TorchServe, from Java's start until a digit is read", figures.torchserve_start_seconds, seconds),
    )
    return [(f"{what}, {unit}", _told(of.median), _told(of.least), _told(of.most), str(of.rounds)) for what, of, unit in rows]


MEASURED_COLUMNS = ("measured", "median", "least", "most", "n")


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
