"""TorchServe alone: the handler that a competent user writes for it. Part of an archive, with the network beside it."""

import json
import logging
from pathlib import Path
from typing import Any

from loadtests.bench.rivals.network import Network, decoded


class Handler:
    """A PNG in the body, JSON back."""

    def initialize(self, context: Any) -> None:
        logging.getLogger().setLevel(logging.WARNING)  # else two lines a request, through a pipe
        folder = Path(context.system_properties["model_dir"])
        self.network = Network(folder / context.manifest["model"]["serializedFile"])

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[str]:
        pictures = decoded([bytes(each["body"]) for each in data])
        return [json.dumps(answer) for answer in self.network.read(pictures)]
