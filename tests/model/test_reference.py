"""The reference says how the training pictures are distributed over its own buckets, and what a network misread."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import model
from model.committed import RELEASED
from model.data import Digits
from model.preprocess import measure
from model.reference import FEATURES, measure_all, write_reference


@pytest.fixture(scope="module")
def known() -> Digits:
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


@pytest.fixture(scope="module")
def reference(known: Digits, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    predicted = known.labels.copy()
    predicted[known.labels == 4] = np.where(np.arange(10) < 3, 9, 4)
    file = tmp_path_factory.mktemp("reference") / "reference.json"
    write_reference(file, known, known, predicted)
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded


def test_every_feature_of_every_picture_is_measured(known: Digits) -> None:
    measured = measure_all(known.pixels)
    assert set(measured) == set(FEATURES)
    first = measure(known.pixels[0])
    assert {name: values[0] for name, values in measured.items()} == {name: getattr(first, name) for name in FEATURES}


def test_buckets_hold_the_shares_of_the_pictures_between_their_edges(reference: dict[str, Any], known: Digits) -> None:
    for name, values in measure_all(known.pixels).items():
        edges, ratios = reference["features"][name]["edges"], reference["features"][name]["ratios"]
        assert edges == sorted(set(edges))
        bounds = [-np.inf, *edges, np.inf]
        counted = [np.mean((low <= values) & (values < high)) for low, high in itertools.pairwise(bounds)]
        assert ratios == pytest.approx(counted)


def test_the_pictures_lie_evenly_over_the_buckets_of_what_varies_smoothly(reference: dict[str, Any]) -> None:
    for name in ("ink", "slant", "stroke"):
        assert reference["features"][name]["ratios"] == pytest.approx([0.1] * 10, abs=0.03)


def test_digits_and_errors_are_counted_by_label(reference: dict[str, Any]) -> None:
    assert reference["digits"] == [0.1] * 10
    assert reference["validation"] == {"pictures": [10] * 10, "errors": [0, 0, 0, 0, 3, 0, 0, 0, 0, 0]}


def test_light_on_dark_is_usual(reference: dict[str, Any]) -> None:
    assert reference["features"]["polarity"] == {"edges": [0.5], "ratios": [1.0, 0.0]}


def test_the_released_reference_is_of_the_release() -> None:
    reference = json.loads((RELEASED / "reference.json").read_text())
    release = json.loads((RELEASED / "release.json").read_text())
    chosen = next(candidate for candidate in release["candidates"] if candidate["seed"] == release["seed"])
    validation = reference["validation"]
    assert sum(validation["pictures"]) == release["validation"]["pictures"]
    assert 1 - sum(validation["errors"]) / sum(validation["pictures"]) == pytest.approx(chosen["validation_accuracy"], abs=1e-6)
    assert set(reference["features"]) == {*FEATURES, "polarity"}
