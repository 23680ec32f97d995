"""The committed sturdy network is the released one's kind, reads the known digits, and is what its evidence is of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import model
from model.evaluate import weights_digest
from model.inference import Classifier
from model.recipes import STURDY

ROOM = Path(model.__file__).parent
STURDY_FOLDER = ROOM / "sturdy"
LARGEST_BYTES = 1_000_000
AIM = 0.93
"""Mean over the fifteen corruptions."""


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STURDY_FOLDER / "release.json").read_text())
    return found


def result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOM / "evidence" / f"{name}.json").read_text())
    return found


def test_it_may_stand_in_the_released_network_s_place(release: dict[str, Any]) -> None:
    released = json.loads((ROOM / "released" / "release.json").read_text())
    assert (release["model"], release["recipe"], release["network"]) == ("sturdy", STURDY.name, released["network"])
    assert (STURDY_FOLDER / "weights.pt").stat().st_size < LARGEST_BYTES
    assert {path.name for path in STURDY_FOLDER.iterdir()} == {path.name for path in (ROOM / "released").iterdir()}


def test_it_reads_the_known_digits() -> None:
    with np.load(ROOM / "known" / "digits.npz") as known:
        read = Classifier(STURDY_FOLDER).logits(known["pixels"]).argmax(axis=1)
        assert np.array_equal(read, known["labels"])


def test_it_was_chosen_by_validation_alone(release: dict[str, Any]) -> None:
    losses = {candidate["seed"]: candidate["validation_loss"] for candidate in release["candidates"]}
    assert len(losses) >= 3
    assert release["seed"] == min(losses, key=lambda seed: losses[seed])


@pytest.mark.parametrize("name", ["corruptions", "corruptions-validation"])
def test_it_was_measured_on_what_the_released_network_was(name: str) -> None:
    sturdy, released = result(f"{name}-sturdy"), result(name)
    assert sturdy["weights_sha256"] == weights_digest(STURDY_FOLDER / "weights.pt")
    assert all(sturdy[fact] == released[fact] for fact in ("panel", "n", "writers", "seed"))
    assert sturdy["mean"]["network"]["accuracy"] >= AIM > released["mean"]["network"]["accuracy"]
