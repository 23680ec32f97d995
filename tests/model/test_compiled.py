"""The compiled network says what single precision says, on the known digits to a tolerance that is checked where it serves."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from model.choice import KNOWN, TOLERANCE
from model.committed import RELEASED
from model.compiled import ARITHMETICS, Arithmetic, Compiled, NotCompilable, native, read_maxima
from model.inference import Classifier, softmax
from model.network import RELEASABLE
from model.ranges import layer_maxima
from tests.model.test_inference import Release, pictures, release, trained

__all__ = ["release"]

CHECKOUT = Path(__file__).parents[2]
VNNI, BF16 = "avx512_vnni", "avx512_bf16"


@pytest.fixture(scope="module")
def known() -> NDArray[np.uint8]:
    with np.load(KNOWN) as stored:
        pixels: NDArray[np.uint8] = stored["pixels"]
    return pixels


@pytest.mark.parametrize("arithmetic", native(read_maxima(RELEASED)))
def test_known_digits_get_nearly_the_probabilities_of_single_precision(arithmetic: Arithmetic, known: NDArray[np.uint8]) -> None:
    reference = Classifier(RELEASED)
    expected = softmax(reference.logits(known))
    compiled = Compiled(reference.layers, arithmetic, read_maxima(RELEASED))
    assert np.abs(softmax(compiled.logits(known)) - expected).max() < (1e-5 if arithmetic == "float32" else TOLERANCE)


@pytest.mark.parametrize("name", RELEASABLE)
def test_every_network_compiles_to_the_same_function(release: Release, name: str) -> None:
    reference = Classifier(release(trained(name), name))
    compiled = Compiled(reference.layers, "float32", None)
    np.testing.assert_allclose(compiled.logits(pictures(5)), reference.logits(pictures(5)), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("arithmetic", native(read_maxima(RELEASED)))
def test_a_picture_gets_the_same_logits_in_any_batch(arithmetic: Arithmetic, known: NDArray[np.uint8]) -> None:
    compiled = Compiled(Classifier(RELEASED).layers, arithmetic, read_maxima(RELEASED))
    together = compiled.logits(known)
    alone = np.concatenate([compiled.logits(picture[None]) for picture in known])
    assert np.abs(softmax(together) - softmax(alone)).max() < 1e-5
    assert together.shape == (100, 10)
    assert compiled.logits(known[:0]).shape == (0, 10)


SIGNALLED = """
import os, signal, sys
from pathlib import Path
from model.compiled import Compiled
from model.inference import Classifier

caught = []
signal.signal(signal.SIGINT, lambda *_: caught.append("SIGINT"))
layers = Classifier(Path(sys.argv[1])).layers
first = Compiled(layers, "float32", None)
second = Compiled(layers, "float32", None)
del first
del second
os.kill(os.getpid(), signal.SIGINT)
assert caught == ["SIGINT"]
"""


def test_a_process_is_interrupted_as_ever_once_networks_are_gone_in_the_order_in_which_they_came() -> None:
    assert subprocess.run([sys.executable, "-c", SIGNALLED, RELEASED], cwd=CHECKOUT, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({VNNI, BF16}, ["int8", "bfloat16", "float32"]),
        ({"avx_vnni"}, ["int8", "float32"]),
        ({"amx_bf16"}, ["bfloat16", "float32"]),
        ({"avx2"}, ["float32"]),
    ],
)
def test_a_processor_is_offered_what_it_computes_by_its_own_instructions(flags: set[str], expected: list[str]) -> None:
    assert native([1.0], frozenset(flags)) == expected
    assert native(None, frozenset(flags)) == [arithmetic for arithmetic in expected if arithmetic != "int8"]


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(NotCompilable, match="Sigmoid"):
        Compiled(nn.Sequential(nn.Sigmoid()), "float32", None)


def test_what_is_not_canonical_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical pixels are"):
        Compiled(Classifier(RELEASED).layers, "float32", None).logits(np.zeros((1, 28, 27), np.uint8))


def test_ranges_are_of_the_inputs_of_layers_with_weights(known: NDArray[np.uint8]) -> None:
    layers = Classifier(RELEASED).layers
    maxima = layer_maxima(layers, known)
    assert len(maxima) == 7
    assert maxima[0] == known.max()
    stored = read_maxima(RELEASED)
    assert stored is not None
    assert all(0 < found <= 1.5 * told for found, told in zip(maxima, stored, strict=True))
    assert ARITHMETICS[0] == "int8"
