"""A result as the file of the command that measured it tells it; what was not measured is None."""

import json
from pathlib import Path
from typing import Any


def read_result(path: Path) -> dict[str, Any] | None:
    """None where there is no such file. Raises ValueError where it is no JSON."""
    if not path.exists():
        return None
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
