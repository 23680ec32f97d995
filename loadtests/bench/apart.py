"""Rivals that are measured where they are asked for, each in an environment of its own: what they need conflicts with what we need."""

from dataclasses import dataclass
from pathlib import Path

from loadtests.bench.formats import LIST, TENSOR, Format
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed

MLSERVER = "MLServer"
BENTOML = "BentoML"

ENVIRONMENTS = CHECKOUT / "var" / "bench" / "rivals"


@dataclass(frozen=True)
class Apart:
    """A program of `rivals` and the environment that it runs in."""

    option: str
    """What it is called on the command line, in the Makefile and where its requirements stand."""
    module: str
    path: str
    format: Format
    restless: bool = False

    def python(self) -> Path:
        """Its interpreter. Raises Failed where it is not installed, or not to its end."""
        environment = ENVIRONMENTS / self.option
        if not any(environment.glob(".ready-*")):
            raise Failed(
                f"{self.option}, one of the rivals, is not installed; `make bench-{self.option}` installs it, for the benchmark alone"
            )
        return environment / "bin" / "python"


APART = {
    MLSERVER: Apart("mlserver", "ml_server", "/v2/models/digits/infer", TENSOR),
    BENTOML: Apart("bentoml", "bento", "/predict", LIST),
}
"""By what a benchmark calls them."""

BY_OPTION = {rival.option: name for name, rival in APART.items()}
