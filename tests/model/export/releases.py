"""A release in a folder and a copy of the checkout, both to be changed at will."""

import shutil
from pathlib import Path

from model.export import CHECKOUT, HANDLER, SHARED

RELEASE = {"model": "digits", "network": "residual-flat", "temperature": 1.25, "accept_threshold": 0.5, "recipe": "release", "seed": 1}


def copy_of_checkout(target: Path) -> Path:
    for name in (HANDLER, "handler/model-config.yaml", *SHARED):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, target / name)
    shutil.copytree(CHECKOUT / "model/preprocess", target / "model/preprocess", ignore=shutil.ignore_patterns("__pycache__"))
    return target
