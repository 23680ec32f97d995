"""What `make tune` found best for this installation, in its state folder; it is told where slowness alerts, and nothing is done by it."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE = "tuning.json"
NONE_YET = "none yet: run make tune"


@dataclass(frozen=True)
class Tuning:
    """Settings to change, as lines `GATEWAY_...=...`; none where those that were measured are best."""

    lines: list[str]
    rate_per_second: float
    """Requests for new pictures, at which it was measured."""
    measured_at: str

    @classmethod
    def read(cls, folder: Path) -> "Tuning | None":
        """What was found last; None where nothing was, or it cannot be read."""
        try:
            found = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return cls([str(line) for line in found["lines"]], float(found["rate_per_second"]), str(found["measured_at"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None
