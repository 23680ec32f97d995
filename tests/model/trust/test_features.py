"""Logits are the classifier's own, features are of the maps before them, and other networks can be looked into as well."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from model.data import Digits
from model.inference import Classifier
from model.network import build
from model.trust.features import see


def test_logits_are_what_the_classifier_says(classifier: Classifier, known: Digits) -> None:
    seen = see(classifier, known.pixels, "known")
    assert len(seen) == len(known)
    assert seen.logits == pytest.approx(classifier.logits(known.pixels), abs=1e-4)


def test_features_are_the_means_of_quarters_of_the_last_maps(classifier: Classifier, known: Digits) -> None:
    seen = see(classifier, known.pixels[:3], "known")
    x = torch.from_numpy(known.pixels[:3].astype(np.float32)).unsqueeze(1)
    for layer in list(classifier.layers)[:-2]:
        x = layer(x)
    side = x.shape[-1] // 2
    assert seen.features.shape == (3, x.shape[1] * 4)
    assert seen.features[:, 0] == pytest.approx(x[:, 0, :side, :side].mean((1, 2)).numpy(), rel=1e-4, abs=1e-6)


def test_a_network_with_a_dense_layer_before_its_last_has_that_one_s_output(tmp_path: Path, known: Digits) -> None:
    torch.manual_seed(0)
    torch.save(build("article").state_dict(), tmp_path / "weights.pt")
    (tmp_path / "release.json").write_text(json.dumps({"network": "article", "temperature": 1.0}))
    other = Classifier(tmp_path)
    seen = see(other, known.pixels[:5], "known")
    assert seen.features.shape == (5, 128)
    assert seen.logits == pytest.approx(other.logits(known.pixels[:5]), abs=1e-4)


def test_some_of_what_was_seen_can_be_picked(classifier: Classifier, known: Digits) -> None:
    seen = see(classifier, known.pixels[:8], "known")
    assert np.array_equal(seen[np.array([2, 5])].features, seen.features[[2, 5]])
    assert len(seen[:3]) == 3


def test_other_shapes_are_an_error(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="canonical pixels"):
        see(classifier, np.zeros((2, 27, 28), np.uint8), "nothing")
