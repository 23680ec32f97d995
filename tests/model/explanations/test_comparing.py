"""Kinds of maps are held to one measure, and what is said and served follows from what was measured."""

import json
from pathlib import Path

import numpy as np

import model
from model.choice import KNOWN
from model.explanations.comparing import compare_kinds, table
from model.explanations.kinds import SERVED, every_kind
from model.inference import Classifier

MODEL = Path(model.__file__).parent
TRIED = json.loads((MODEL / "evidence" / "explanations-tried.json").read_text())


def test_every_kind_is_measured_on_the_same_pictures() -> None:
    with np.load(KNOWN) as stored:
        pixels = stored["pixels"][:12]
    classifier = Classifier(MODEL / "released")
    compared = compare_kinds(classifier, pixels, checked=5)
    digits = classifier.logits(pixels).argmax(axis=1)
    assert [row["kind"] for row in compared["kinds"]] == list(every_kind(classifier.layers, pixels, digits))
    assert (compared["n"], compared["checked"]) == (12, 5)
    assert len({row["fall_random"] for row in compared["kinds"]}) == 1
    assert f"| **{SERVED}** | " in table(compared)


def test_what_is_served_is_the_most_faithful_kind_of_grad_cam_that_was_tried() -> None:
    cams = {row["kind"]: row["difference"]["mean"] for row in TRIED["kinds"] if "CAM" in row["kind"]}
    assert max(cams, key=lambda kind: cams[kind]) == TRIED["served"] == SERVED


def test_maps_of_what_is_served_depend_on_the_digit_and_on_the_weights() -> None:
    [served] = [row for row in TRIED["kinds"] if row["kind"] == SERVED]
    assert max(served["alike"].values()) < 0.5


def test_the_log_says_what_was_measured() -> None:
    assert table(TRIED) in (MODEL / "LOG.md").read_text()
