"""Rivals that are measured where they are asked for, each in an environment of its own: what they need conflicts with what we need."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.bench.formats import LIST, RAW, TENSOR, Format
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed

MLSERVER = "MLServer"
BENTOML = "BentoML"
RAY_SERVE = "Ray Serve"

ENVIRONMENTS = CHECKOUT / "var" / "bench" / "rivals"


RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex()}
"""Without a token it would write one into the home folder."""


@dataclass(frozen=True)
class Apart:
    """A program of `rivals` and the environment that it runs in."""

    option: str
    """What it is called on the command line, in the Makefile and where its requirements stand."""
    module: str
    path: str
    format: Format
    restless: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    """What it wants to know before it is imported, as environment variables."""

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
    BENTOML: Apart("bentoml", "bento", "/predict", LIST, settings={"BENTOML_DO_NOT_TRACK": "True"}),
    RAY_SERVE: Apart("rayserve", "ray_serve", "/predict", RAW, restless=True, settings=RAY),
}
"""By what a benchmark calls them."""

BY_OPTION = {rival.option: name for name, rival in APART.items()}
