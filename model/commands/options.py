"""Options that several commands have, and the folders that they mean unless told otherwise."""

import argparse
from pathlib import Path

from model.committed import LOG, RELEASED
from model.data import DEFAULT_FOLDER
from model.refused import Refused

RUNS = Path("var/runs")


def add_data(made: argparse.ArgumentParser) -> None:
    """`--data`."""
    made.add_argument("--data", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="where the four MNIST files are or are put")


def add_released(made: argparse.ArgumentParser) -> None:
    """`--released`, to be read from."""
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")


def add_log(made: argparse.ArgumentParser) -> None:
    """`--log`."""
    made.add_argument("--log", type=Path, default=LOG, metavar="FILE", help="where readings of the test set are noted")


def check_device(device: str) -> None:
    """Raises Refused where the device that was asked for is not here."""
    import torch

    if device != "cpu" and not (device == "cuda" and torch.cuda.is_available()):
        raise Refused(f"there is no device {device!r} here; --device cpu works everywhere")
