"""The committed student keeps its limit, reads the known digits, and is the network that its evidence is of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import model
from model.evaluate import weights_digest
from model.inference import Classifier
from model.network import STUDENT_LIMIT, build, parameter_count
from model.recipes import STUDENT, STUDENT_ALONE

ROOM = Path(model.__file__).parent
STUDENT_FOLDER = ROOM / "student"
LARGEST_BYTES = 100_000


@pytest.fixture(scope="module")
def evidence() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOM / "evidence" / "seeds-student.json").read_text())
    return found


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STUDENT_FOLDER / "release.json").read_text())
    return found


def test_its_weights_are_few_and_small(release: dict[str, Any]) -> None:
    assert (release["model"], release["network"], release["recipe"]) == ("student", STUDENT.network, STUDENT.name)
    assert parameter_count(build(release["network"])) <= STUDENT_LIMIT
    assert (STUDENT_FOLDER / "weights.pt").stat().st_size < LARGEST_BYTES


def test_it_reads_the_known_digits() -> None:
    with np.load(ROOM / "known" / "digits.npz") as known:
        read = Classifier(STUDENT_FOLDER).logits(known["pixels"]).argmax(axis=1)
        assert np.array_equal(read, known["labels"])


def test_the_evidence_is_of_these_weights(evidence: dict[str, Any], release: dict[str, Any]) -> None:
    chosen = evidence["chosen"]
    assert chosen["weights_sha256"] == weights_digest(STUDENT_FOLDER / "weights.pt")
    assert chosen["parameters"] == evidence["parameters"] == parameter_count(build(STUDENT.network))
    assert (chosen["seed"], chosen["temperature"]) == (release["seed"], release["temperature"])


def test_it_was_chosen_by_validation_alone(evidence: dict[str, Any], release: dict[str, Any]) -> None:
    losses = {row["seed"]: row["as_is"]["validation_loss"] for row in evidence["seeds"]}
    assert release["seed"] == min(losses, key=lambda seed: losses[seed])
    assert {candidate["seed"] for candidate in release["candidates"]} == set(losses)


def test_it_reads_as_well_as_was_asked_for(evidence: dict[str, Any]) -> None:
    chosen = next(row for row in evidence["seeds"] if row["seed"] == evidence["chosen"]["seed"])
    assert chosen["as_is"]["test_accuracy"] >= 0.995


def test_the_same_student_without_a_teacher_stands_beside_it_on_equal_seeds(evidence: dict[str, Any]) -> None:
    assert (evidence["recipe"], evidence["against"]["recipe"]) == (STUDENT.name, STUDENT_ALONE.name)
    assert evidence["against"]["parameters"] == evidence["parameters"]
    assert evidence["gained"]["seeds"]
    assert evidence["gained"]["test_accuracy"]["n"] == len(evidence["gained"]["seeds"])
