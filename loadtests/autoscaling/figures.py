"""What was measured of a stack, in the one file that `measure` writes and all else is computed from."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from loadtests.bench.report import Machine
from loadtests.bench.runs import Spread
from loadtests.rounded import rounded

FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Figures:
    """Of one stack on one machine. Processor time is in microseconds an answer, over as many connections as `connections`."""

    machine: Machine
    connections: int
    seconds: float
    """Of each round."""
    catalogue: int
    """How many pictures `popular` are drawn from."""
    popular: int
    """Requests for popular pictures, to caches that knew none of them."""
    popular_hits: float
    """The share of these that was found in a cache."""
    request_bytes: int
    answer_bytes: int
    redis_entry_bytes: float
    """What Redis has in memory for each answer."""
    redis_hit_bytes: float
    """To Redis and from it, for an answer found there."""
    redis_miss_bytes: float
    """And for one that is not, and then stored."""
    row_bytes: float
    """What a recorded answer takes in SQLite."""
    gateway_hit_us: Spread
    """The gateway's processor time for an answer that it remembers itself."""
    gateway_redis_hit_us: Spread
    """For one that Redis remembers."""
    gateway_miss_us: Spread
    """For a new picture."""
    model_us: Spread
    """TorchServe's, Java and the worker together, for a new picture."""
    redis_hit_us: Spread
    """Redis's."""
    redis_miss_us: Spread
    hit_ms: Spread
    """Median latency where nobody else asks."""
    miss_ms: Spread
    gateway_start_seconds: Spread
    """From its start until /readyz says 200."""
    torchserve_start_seconds: Spread
    """From Java's start until the stack reads a digit."""


def as_json(figures: Figures) -> str:
    return json.dumps(rounded(asdict(figures)), indent=1) + "\n"


def parsed(text: str) -> Figures:
    """Raises ValueError where these are no figures, or not all."""
    try:
        told = json.loads(text)
        told["machine"] = Machine(**told["machine"])
        for field in fields(Figures):
            if field.type is Spread:
                told[field.name] = Spread(**told[field.name])
            elif field.type in (int, float) and not told[field.name] > 0:
                raise ValueError(f"{field.name} is {told[field.name]}")
        return Figures(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no measured figures: {error!r}") from error


def read(file: Path) -> Figures:
    """Raises OSError, ValueError."""
    return parsed(file.read_text(encoding="utf-8"))
