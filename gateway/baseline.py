"""The latency baseline that this installation measured of itself, in its state folder, and told as a series as soon as it changes."""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.metrics import Metrics

FILE = "latency-baseline.json"
LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)


class BaselineUnusable(Exception):
    """The baseline could not be measured or read; the message is one line that says why."""


@dataclass(frozen=True)
class LatencyBaseline:
    """Seconds by cache state and quantile, for the version that answered."""

    model_version: str
    rate_per_second: float
    measured_at: str
    answers: dict[str, int]
    seconds: dict[str, dict[str, float]]
    """`{"miss": {"0.5": ..., "0.95": ..., "0.99": ...}, "hit": ...}`"""

    def write(self, folder: Path) -> Path:
        """Replace the one in this folder."""
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{FILE}.partial"
        partial.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return partial.replace(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> "LatencyBaseline | None":
        """What was measured last; None where nothing was. Raises BaselineUnusable."""
        file = folder / FILE
        try:
            found = cls(**json.loads(file.read_text()))
            for quantiles in found.seconds.values():
                for value in quantiles.values():
                    float(value)
            return found
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise BaselineUnusable(f"{file} cannot be used ({error}); measure again with `python -m gateway baseline`") from error


class BaselineWatch:
    """Tells the baseline of this folder; a new one takes the old one's place, none leaves the series absent."""

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        self._folder, self._metrics = folder, metrics
        self._told: LatencyBaseline | None = None
        self._complaint: str | None = None

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Read the file once."""
        try:
            found, complaint = LatencyBaseline.read(self._folder), None
        except BaselineUnusable as error:
            found, complaint = None, str(error)
        if complaint is not None and complaint != self._complaint:
            log.warning("%s", complaint)
        self._complaint = complaint
        if found != self._told:
            self._metrics.tell_baseline_latency(found.model_version if found else "", found.seconds if found else {})
            self._told = found
