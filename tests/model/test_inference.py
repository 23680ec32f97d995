"""The served network computes what the trained one does, whatever batch a picture travels in, and refuses what is no release."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from model.inference import Classifier, ReleaseUnusable
from model.network import RELEASABLE, DigitNetwork, build

Release = Callable[..., Path]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    def make(network: DigitNetwork, name: str, temperature: object = 1.0) -> Path:
        torch.save(network.state_dict(), tmp_path / "weights.pt")
        (tmp_path / "release.json").write_text(json.dumps({"network": name, "temperature": temperature}))
        return tmp_path

    return make


def trained(name: str) -> DigitNetwork:
    """Random, but with running statistics and biases as training leaves them: not zero and not one."""
    generator = torch.Generator().manual_seed(7)
    network = build(name)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                for values in (module.running_mean, module.bias):
                    values.normal_(std=0.2, generator=generator)
                for values in (module.running_var, module.weight):
                    values.uniform_(0.5, 1.5, generator=generator)
    return network.eval()


def pictures(n: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, size=(n, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("name", RELEASABLE)
def test_folding_changes_nothing_but_the_last_digits(release: Release, name: str) -> None:
    network = trained(name)
    with torch.inference_mode():
        expected = network(torch.from_numpy(pictures(16))).numpy()
    np.testing.assert_allclose(Classifier(release(network, name)).logits(pictures(16)), expected, atol=1e-4, rtol=1e-5)


def test_logits_come_divided_by_the_temperature(release: Release) -> None:
    network = trained("residual-flat")
    plain = Classifier(release(network, "residual-flat", temperature=1.0)).logits(pictures(4))
    cooled = Classifier(release(network, "residual-flat", temperature=2.5)).logits(pictures(4))
    np.testing.assert_allclose(cooled * 2.5, plain, atol=1e-5)


def test_a_picture_gets_the_same_logits_in_any_batch(release: Release) -> None:
    classifier = Classifier(release(trained("residual-flat"), "residual-flat"))
    together = classifier.logits(pictures(64))
    alone = np.concatenate([classifier.logits(picture[None]) for picture in pictures(64)])
    assert np.abs(together - alone).max() < 1e-4


@pytest.mark.parametrize("n", [0, 1, 65, 200])
def test_any_number_of_pictures_is_answered(release: Release, n: int) -> None:
    classifier = Classifier(release(trained("residual-pooled"), "residual-pooled"))
    logits = classifier.logits(pictures(n))
    assert logits.dtype == np.float32
    assert logits.shape == (n, 10)
    if n:
        np.testing.assert_allclose(logits[-1:], classifier.logits(pictures(n)[-1:]), atol=1e-4)


def test_pixels_that_cannot_be_written_to_are_read(release: Release) -> None:
    pixels = np.frombuffer(bytes(2 * 784), dtype=np.uint8).reshape(2, 28, 28)
    assert Classifier(release(trained("article"), "article")).logits(pixels).shape == (2, 10)


@pytest.mark.parametrize("pixels", [np.zeros((1, 28, 28), np.float32), np.zeros((28, 28), np.uint8), np.zeros((1, 28, 27), np.uint8)])
def test_what_is_not_canonical_pixels_is_refused(release: Release, pixels: NDArray[np.uint8]) -> None:
    classifier = Classifier(release(trained("residual-flat"), "residual-flat"))
    with pytest.raises(ValueError, match="canonical pixels are"):
        classifier.logits(pixels)


def test_it_computes_in_single_precision(release: Release) -> None:
    classifier = Classifier(release(trained("residual-flat"), "residual-flat"))
    assert classifier.arithmetic == "float32"
    assert {parameter.dtype for parameter in classifier.layers.parameters()} == {torch.float32}


def refused(released: Path) -> str:
    with pytest.raises(ReleaseUnusable) as error:
        Classifier(released)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["weights.pt", "release.json"])
def test_a_missing_file_is_one_line_that_names_it(release: Release, name: str) -> None:
    released = release(trained("residual-flat"), "residual-flat")
    (released / name).unlink()
    assert f"{name} is missing" in refused(released)


@pytest.mark.parametrize("damage", [b"", b"no weights", b"PK\x03\x04 cut off"])
def test_damaged_weights_are_one_line_that_names_them(release: Release, damage: bytes) -> None:
    released = release(trained("residual-flat"), "residual-flat")
    (released / "weights.pt").write_bytes(damage)
    assert "weights.pt" in refused(released)


def test_weights_of_another_network_are_refused(release: Release) -> None:
    assert "does not hold the weights of 'article'" in refused(release(trained("residual-flat"), "article"))


class Intruder:
    """Unpickled, it would create a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_weights_that_would_run_code_do_not(release: Release, tmp_path: Path) -> None:
    released = release(trained("residual-flat"), "residual-flat")
    torch.save(Intruder(tmp_path / "was here"), released / "weights.pt")
    assert "weights.pt" in refused(released)
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize("temperature", [0, -1, "warm", None, float("nan"), float("inf")])
def test_a_temperature_that_cannot_be_divided_by_is_refused(release: Release, temperature: object) -> None:
    assert "release.json is no release" in refused(release(trained("residual-flat"), "residual-flat", temperature))


def test_a_network_nobody_knows_is_refused(release: Release) -> None:
    assert "transformer" in refused(release(trained("residual-flat"), "transformer"))


def test_a_release_that_is_not_json_is_refused(release: Release) -> None:
    released = release(trained("residual-flat"), "residual-flat")
    (released / "release.json").write_text("not json")
    assert "release.json is no release" in refused(released)


@pytest.mark.parametrize("side", [0, 2.5, "48", None])
def test_a_side_that_no_picture_has_is_refused(release: Release, side: object) -> None:
    released = release(trained("residual-pooled"), "residual-pooled")
    said = json.loads((released / "release.json").read_text())
    (released / "release.json").write_text(json.dumps({**said, "side": side}))
    assert "release.json is no release" in refused(released)


def test_a_network_of_another_side_takes_pictures_of_that_side_alone(larger: Path) -> None:
    classifier = Classifier(larger)
    with np.load(larger / "known.npz") as known:
        assert (classifier.logits(known["pixels"]).argmax(axis=1) == known["labels"]).all()
    with pytest.raises(ValueError, match=r"canonical pixels are uint8\[n, 32, 32\]"):
        classifier.logits(pictures(1))
