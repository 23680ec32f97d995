"""The TorchScript file says what the served network says, for any number of pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from model.committed import RELEASED
from model.inference import Classifier
from model.torchscript import write_torchscript

ROOT = Path(__file__).parents[2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("count", [1, 5])
def test_it_answers_as_the_classifier_does(tmp_path: Path, count: int) -> None:
    write_torchscript(RELEASED, tmp_path / "network.pt")
    pixels = np.load(ROOT / "model" / "known" / "digits.npz")["pixels"][:count]
    with torch.inference_mode():
        network = torch.jit.optimize_for_inference(torch.jit.load(str(tmp_path / "network.pt")))  # type: ignore[no-untyped-call]
        logits = network(torch.from_numpy(pixels))
    np.testing.assert_allclose(logits.numpy(), Classifier(RELEASED).logits(pixels), atol=1e-3)
