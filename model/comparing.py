"""Two runs side by side: what differs in how they were made, and what came of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SAME_FOLDS = ("protocol", "seed", "n")
"""Cross-validations that agree in these, and in the number of folds, held out the very same pictures."""


class NotARun(ValueError):
    """What was named is neither a run's folder nor a results file; the message is one line."""


@dataclass(frozen=True)
class Row:
    """One figure of both; `None` where a run does not have it."""

    name: str
    first: Any
    second: Any


def read_run(named: Path, evidence: Path) -> dict[str, Any]:
    """A run's folder (with a `history.json`), a results file, or the name of one in `evidence`. Raises NotARun."""
    for path in (named / "history.json", named, evidence / f"{named}.json"):
        if path.is_file():
            try:
                found = json.loads(path.read_text())
            except ValueError as error:
                raise NotARun(f"{path} is not JSON: {error}") from error
            if not isinstance(found, dict):
                raise NotARun(f"{path} holds no results")
            return found
    known = ", ".join(sorted(path.stem for path in evidence.glob("*.json")))
    raise NotARun(f"{named} is neither a run's folder nor a results file; in {evidence} are {known or 'none'}")


def compare(first: dict[str, Any], second: dict[str, Any]) -> list[Row]:
    """What differs, in the first's order: every value by its dotted name, of a list of epochs the last, other lists of rows left out."""
    ones, others = dict(dotted(first)), dict(dotted(second))
    names = [*ones, *(name for name in others if name not in ones)]
    return [Row(name, ones.get(name), others.get(name)) for name in names if ones.get(name) != others.get(name)]


def fold_by_fold(first: dict[str, Any], second: dict[str, Any]) -> tuple[float, float, int] | None:
    """Second minus first on the same held-out pictures, in percentage points: mean, sample standard deviation and number of folds.

    `None` where they are no cross-validations of the same folds.
    """
    ones, others = first.get("folds"), second.get("folds")
    if not ones or not others or len(ones) != len(others) or any(first[name] != second[name] for name in SAME_FOLDS):
        return None
    gained = 100 * np.array([other["accuracy"] - one["accuracy"] for one, other in zip(ones, others, strict=True)])
    return float(gained.mean()), float(gained.std(ddof=1)), len(gained)


def table(rows: list[Row]) -> str:
    """Markdown: name, first, second, and of numbers the difference."""
    lines = ["| | first | second | second minus first |", "|---|---|---|---|"]
    lines += [f"| {row.name} | {_text(row.first)} | {_text(row.second)} | {_difference(row)} |" for row in rows]
    return "\n".join(lines)


def dotted(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below `value` by its dotted name: of a list of epochs their number and the last, other lists of rows left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from dotted(inner, f"{name}.{key}" if name else key)
    elif name.split(".")[-1] == "epochs" and isinstance(value, list) and value:
        yield f"{name}", len(value)
        yield from dotted(value[-1], f"{name}, the last")
    elif not (isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value)):
        yield name, value


def is_number(value: Any) -> bool:
    """Whether it is one; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if is_number(value) else str(value)


def _difference(row: Row) -> str:
    return f"{row.second - row.first:+.6g}" if is_number(row.first) and is_number(row.second) else ""
