"""Every committed result that the report is made of, and how its figures are written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.articles.drawing import cross_validations
from model.recipes import DENSE512
from model.results import read_result

UNMEASURED = "not measured"
NEEDED = {"evaluation": "evaluate", "article": "evaluate --recipe article", "explore": "explore"}


class ResultsMissing(RuntimeError):
    """What no report can do without is missing; the message is one line that says what makes it."""


@dataclass(frozen=True)
class Results:
    """By the names of their files. `all_dense512` has `reproduce`'s by optimizer, `cross` every cross-validation by the file's name."""

    folder: Path
    evaluation: dict[str, Any]
    article: dict[str, Any]
    explore: dict[str, Any]
    all_dense512: dict[str, dict[str, Any]]
    cross: dict[str, dict[str, Any]]
    handcrafted: list[dict[str, Any]]

    def cross_validation(
        self, protocol: str, network: str = DENSE512.network, optimizer: str = DENSE512.optimizer
    ) -> dict[str, Any] | None:
        """That of five folds and seed 1, of either article's network by an optimizer; `None` where it was not measured."""
        for result in self.cross.values():
            recipe = result["recipe"]
            same = (result["protocol"], recipe["network"], recipe["optimizer"], len(result["folds"])) == (protocol, network, optimizer, 5)
            if same and result["seed"] == 1:
                return result
        return None


def load(folder: Path) -> Results:
    """The results in a folder. Raises ResultsMissing."""
    found = {}
    for name, command in NEEDED.items():
        path = folder / f"{name}.json"
        if (result := read_result(path)) is None:
            raise ResultsMissing(f"{path} is missing; `python -m model {command}` makes it")
        found[name] = result
    reproduced = [json.loads(path.read_text()) for path in folder.glob("all-dense512*.json")]
    crafted = read_result(folder / "handcrafted.json")
    return Results(
        folder=folder,
        **found,
        all_dense512={result["recipe"]["optimizer"]: result for result in reproduced},
        cross=cross_validations(folder),
        handcrafted=[] if crafted is None else crafted["readers"],
    )


def percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def spread(value: dict[str, Any], places: int = 2) -> str:
    """Mean and sample standard deviation of shares, with how many."""
    mean = percent(value["mean"], places)
    return mean if value["sd"] is None else f"{mean} +- {percent(value['sd'], places)} (ddof 1, n = {value['n']})"


def source(result: dict[str, Any]) -> str:
    """Where a result comes from, in a few words."""
    made = result["generated"]
    told = [f"`{made['command']}`", made["date"], f"commit {made['commit']}" if made.get("commit") else "", made["machine"]["processor"]]
    if made.get("seconds"):
        told.append(f"{made['seconds']:,.0f} s")
    return ", ".join(part for part in told if part)
