"""What a version ships as usual is believed only where it can be, and every picture falls into exactly one bucket of each feature."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import model
from gateway.known import read_known_digits
from gateway.reference import FEATURES, Reference, ReferenceUnusable
from model.preprocess import Features, measure

SHIPPED = json.loads((Path(model.__file__).parent / "released" / "reference.json").read_text())


def changed(**changes: Any) -> dict[str, Any]:
    return {"reference": {**SHIPPED, **changes}}


def test_the_shipped_reference_is_usable() -> None:
    reference = Reference.of(changed())
    assert tuple(reference.ratios) == FEATURES
    assert 0.99 < reference.accuracy < 1


def test_a_value_at_an_edge_is_in_the_bucket_above_it_as_where_the_shares_were_counted() -> None:
    reference = Reference.of(changed())
    low, high = reference.edges["ink"][0], reference.edges["ink"][-1]
    buckets = [reference.buckets(Features(ink, 0.0, -9.0, 99.0), False) for ink in (0.0, low, high, 1.0)]
    assert [each[0] for each in buckets] == [0, 1, 9, 9]
    assert {each[1:] for each in buckets} == {(0, 0, 9, 0)}
    assert int(np.searchsorted(reference.edges["ink"], low, side="right")) == 1


def test_polarity_is_of_the_upload() -> None:
    reference, features = Reference.of(changed()), measure(read_known_digits().pixels[0])
    assert [reference.buckets(features, inverted)[-1] for inverted in (False, True)] == [0, 1]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "KeyError"),
        (changed(features={}), "KeyError"),
        (changed(digits=[0.1] * 9), "digit is no distribution over 10 buckets"),
        (changed(digits=[0.2] * 10), "digit is no distribution"),
        (changed(features={**SHIPPED["features"], "ink": {"edges": [0.2, 0.1], "ratios": [0.2, 0.3, 0.5]}}), "ink has edges that do not"),
        (changed(features={**SHIPPED["features"], "ink": {"edges": [0.2], "ratios": [1.0]}}), "ink is no distribution over 2 buckets"),
        (changed(validation={"pictures": [10] * 10, "errors": [11] * 10}), "how many validation pictures"),
        (changed(validation={"pictures": [0] * 10, "errors": [0] * 10}), "how many validation pictures"),
        (changed(validation={"pictures": [10] * 9, "errors": [1] * 10}), "how many validation pictures"),
        ({"reference": None}, "TypeError"),
    ],
)
def test_nonsense_is_refused_in_words(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ReferenceUnusable, match=said):
        Reference.of(facts)
