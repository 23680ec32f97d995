"""A released network of another name that takes pictures of 32 x 32, made in a second: untrained, and sure of its own known pictures."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from model.export import CHECKOUT
from model.inference import Classifier
from model.network import DigitNetwork, build
from model.preprocess import canonicalise_picture
from model.ranges import write_ranges

NAME, NETWORK, SIDE = "larger", "residual-pooled", 32
KNOWN = 6


def larger_pictures(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Canonical pictures of no digit, uint8[n, 32, 32]: a few strokes each."""
    random = np.random.default_rng(seed)
    pictures = [canonicalise_picture(_strokes(random), SIDE).pixels for _ in range(n)]
    return np.stack(pictures)


def write_larger(folder: Path) -> Path:
    """A whole release in `folder`, which it returns; its known pictures are those whose digit it is least in doubt about."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = larger_pictures(64)
    torch.save(_spread(pictures).state_dict(), folder / "weights.pt")
    facts = {"model": NAME, "network": NETWORK, "side": SIDE, "temperature": 0.25, "accept_threshold": 0.2}
    (folder / "release.json").write_text(json.dumps(facts))
    shutil.copy(CHECKOUT / "model/released/reference.json", folder)
    write_ranges(folder, pictures)
    logits = Classifier(folder).logits(pictures)
    ahead = np.diff(np.sort(logits, axis=1)[:, -2:], axis=1)[:, 0]
    chosen = np.argsort(ahead)[-KNOWN:]
    np.savez_compressed(folder / "known.npz", pixels=pictures[chosen], labels=logits[chosen].argmax(axis=1).astype(np.uint8))
    return folder


def _spread(pictures: NDArray[np.uint8]) -> DigitNetwork:
    """An untrained network whose last layer is moved so that of these pictures each digit is said now and then."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = build(NETWORK).eval()
    last = network.layers[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.inference_mode():
        logits = network(torch.from_numpy(pictures))
    with torch.no_grad():
        last.weight.div_(logits.std(0)[:, None])
        last.bias.sub_(logits.mean(0)).div_(logits.std(0))
    return network


def _strokes(random: np.random.Generator) -> NDArray[np.uint8]:
    picture = np.zeros((96, 96), np.uint8)
    corners = random.integers(12, 84, (4, 1, 2)).astype(np.int32)
    return cv2.polylines(picture, [corners], False, 255, 7).astype(np.uint8)
