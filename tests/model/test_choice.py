"""What serves is the fastest that agrees with single precision on the known digits, on a GPU too."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.choice import ENERGY_TOLERANCE, KNOWN, TOLERANCE, fastest, handed_gpu, offered
from model.committed import RELEASED
from model.compiled import ARITHMETICS, RANGES, Arithmetic, Compiled, native, read_maxima
from model.inference import Classifier, energy, softmax
from model.limits import read_limits
from model.on_gpu import PRECISIONS, OnGpu, Precision
from model.own_known import OWN_KNOWN

CPU = torch.device("cpu")
"""Plays the GPU: PyTorch does the same there, however slowly."""


@pytest.fixture(scope="module")
def known() -> NDArray[np.uint8]:
    with np.load(KNOWN) as stored:
        pixels: NDArray[np.uint8] = stored["pixels"]
    return pixels


def test_the_first_that_the_processor_has_is_served() -> None:
    assert fastest(RELEASED).arithmetic == native(read_maxima(RELEASED))[0]


def test_an_arithmetic_that_misreads_known_digits_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(RELEASED, tmp_path, dirs_exist_ok=True)
    maxima = read_maxima(RELEASED)
    assert maxima is not None
    (tmp_path / RANGES).write_text(json.dumps({"maxima": [top / 20 for top in maxima]}))
    monkeypatch.setattr("model.choice.native", lambda maxima: ["int8", "float32"])
    assert fastest(tmp_path).arithmetic == "float32"
    assert "int8 is not used: a known digit's probability is off by" in caplog.text


def test_an_arithmetic_that_moves_the_energy_of_known_digits_is_not_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Probabilities alone would not show it: they are those of the same logits, each higher by as much."""
    reference = Classifier(RELEASED)

    class Higher:
        arithmetic = "higher"

        def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            return reference.logits(pixels) + np.float32(ENERGY_TOLERANCE + 0.1)

    monkeypatch.setattr("model.choice.offered", lambda *_: [("higher", Higher)])
    assert isinstance(fastest(RELEASED), Classifier)
    assert "higher is not used: a known digit's probability is off by 0.000, its energy by 0.60 nats" in caplog.text


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_arithmetic_gives_known_digits_the_energy_of_digits(arithmetic: Arithmetic, known: NDArray[np.uint8]) -> None:
    reference, limits = Classifier(RELEASED), read_limits(RELEASED)
    assert limits is not None
    assert limits.least is not None
    found = energy(Compiled(reference.layers, arithmetic, read_maxima(RELEASED)).logits(known))
    assert np.abs(found - energy(reference.logits(known))).max() < ENERGY_TOLERANCE
    assert found.min() > limits.least + ENERGY_TOLERANCE


def test_what_cannot_be_compiled_is_served_at_single_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(RELEASED, tmp_path, dirs_exist_ok=True)
    (tmp_path / RANGES).write_text(json.dumps({"maxima": [1.0]}))
    monkeypatch.setattr("model.choice.native", lambda maxima: ["int8"])
    assert isinstance(fastest(tmp_path), Classifier)
    assert "ranges.json tells of 1 layers and the network has 7" in caplog.text


@pytest.mark.parametrize("precision", PRECISIONS)
def test_on_a_gpu_known_digits_get_nearly_the_probabilities_of_single_precision(precision: Precision, known: NDArray[np.uint8]) -> None:
    reference = Classifier(RELEASED)
    expected = softmax(reference.logits(known))
    found = softmax(OnGpu(reference.layers, CPU, precision).logits(known))
    assert np.abs(found - expected).max() < (1e-5 if precision == "float32" else TOLERANCE)
    np.testing.assert_allclose(softmax(reference.logits(known)), expected, err_msg="the reference was changed")


def test_on_a_gpu_any_number_of_pictures_is_answered() -> None:
    network = OnGpu(Classifier(RELEASED).layers, CPU, "float32")
    assert [network.logits(np.zeros((n, 28, 28), np.uint8)).shape for n in (0, 1, 65)] == [(0, 10), (1, 10), (65, 10)]
    with pytest.raises(ValueError, match="canonical pixels are"):
        network.logits(np.zeros((1, 28, 27), np.uint8))


def test_a_gpu_comes_before_the_processor() -> None:
    reference, maxima = Classifier(RELEASED), read_maxima(RELEASED)
    assert [name for name, _ in offered(reference, maxima, gpu=CPU)] == ["cpu-float16", "cpu-float32", *native(maxima)]
    assert fastest(RELEASED, gpu=CPU).arithmetic == "cpu-float16"


def test_a_gpu_that_refuses_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    assert fastest(RELEASED, gpu=torch.device("meta")).arithmetic == native(read_maxima(RELEASED))[0]
    assert "meta-float16 is not used: " in caplog.text


def test_a_gpu_is_used_where_torchserve_hands_one_and_pytorch_has_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert handed_gpu(None) is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert handed_gpu(0) is None
    assert "GPU 0 is not used: " in caplog.text
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert handed_gpu(1) == torch.device("cuda", 1)


@pytest.mark.parametrize("own", [True, False])
def test_a_network_of_other_pictures_is_held_to_its_own_known_ones_and_without_any_serves_itself(
    larger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    shutil.copytree(larger, tmp_path, dirs_exist_ok=True)
    if not own:
        (tmp_path / OWN_KNOWN).unlink()
    monkeypatch.setattr("model.choice.native", lambda maxima: ["float32"])
    served = fastest(tmp_path)
    assert type(served) is (Compiled if own else Classifier)
    with np.load(larger / OWN_KNOWN) as known:
        np.testing.assert_allclose(served.logits(known["pixels"]), Classifier(larger).logits(known["pixels"]), atol=1e-3)
