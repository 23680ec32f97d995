"""Varied pictures stay pictures: same shape, same range, the same for the same seed, untouched without ranges."""

from pathlib import Path

import numpy as np
import pytest
import torch

import model
from model.augment import Augmentation, augment

KNOWN = Path(model.__file__).parent / "known" / "digits.npz"
STRONG = Augmentation(
    rotation_degrees=15, shift_pixels=2.5, zoom=0.12, shear_degrees=10, elastic_pixels=1.0, stroke_probability=0.5, erase_probability=0.5
)


@pytest.fixture
def pixels() -> torch.Tensor:
    with np.load(KNOWN) as known:
        return torch.from_numpy(known["pixels"])


def test_varied_pictures_are_floats_of_the_same_shape_and_range(pixels: torch.Tensor) -> None:
    torch.manual_seed(0)
    varied = augment(pixels, STRONG)
    assert varied.shape == pixels.shape
    assert varied.dtype == torch.float32
    assert 0 <= varied.min() < varied.max() < 255.01
    assert not torch.equal(varied, pixels.float())


def test_an_augmentation_without_ranges_changes_nothing(pixels: torch.Tensor) -> None:
    assert torch.allclose(augment(pixels, Augmentation()), pixels.float(), atol=0.01)


def test_the_seed_alone_decides(pixels: torch.Tensor) -> None:
    torch.manual_seed(1)
    first = augment(pixels, STRONG)
    torch.manual_seed(1)
    again = augment(pixels, STRONG)
    other = augment(pixels, STRONG)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_shift_neither_adds_nor_loses_ink() -> None:
    torch.manual_seed(3)
    squares = torch.zeros(50, 28, 28, dtype=torch.uint8)
    squares[:, 10:18, 10:18] = 255
    varied = augment(squares, Augmentation(shift_pixels=2))
    assert torch.allclose(varied.sum((1, 2)), squares.float().sum((1, 2)), rtol=0.001)


def test_erasing_blanks_at_most_one_patch_of_sixteen_pixels(pixels: torch.Tensor) -> None:
    torch.manual_seed(4)
    white = torch.full_like(pixels, 255)
    blanked = (augment(white, Augmentation(erase_probability=1.0)) < 1).sum((1, 2))
    assert (blanked == 16).all()


def test_strokes_become_thicker_or_thinner(pixels: torch.Tensor) -> None:
    torch.manual_seed(5)
    change = augment(pixels, Augmentation(stroke_probability=1.0)).sum((1, 2)) - pixels.float().sum((1, 2))
    assert (change > 100).any()
    assert (change < -100).any()
