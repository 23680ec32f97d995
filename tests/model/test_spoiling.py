"""Spoilt pictures stay pictures, the same for the same seed; of a share none is touched, and each way does what it says."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import model
from model.spoiling import WAYS, Spoiling, spoil

KNOWN = Path(model.__file__).parent / "known" / "digits.npz"
ALL = Spoiling(*(0.5 for _ in fields(Spoiling)))


@pytest.fixture
def images() -> torch.Tensor:
    with np.load(KNOWN) as known:
        return torch.from_numpy(known["pixels"]).float()


def alone(way: str) -> Spoiling:
    return replace(Spoiling(), **{way: 1.0})


def changed(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    return (before != after).flatten(1).any(1)


def test_every_way_has_a_field_and_every_field_a_way() -> None:
    assert [name for name, _ in WAYS] == [field.name for field in fields(Spoiling)]


@pytest.mark.parametrize("way", [name for name, _ in WAYS])
def test_each_way_leaves_pictures_of_the_same_shape_and_range(way: str, images: torch.Tensor) -> None:
    torch.manual_seed(0)
    spoilt = spoil(images, 1.0, alone(way))
    assert (spoilt.shape, spoilt.dtype) == (images.shape, torch.float32)
    assert spoilt.min() >= 0
    assert spoilt.max() <= 255
    assert changed(images, spoilt).float().mean() > 0.8


def test_what_is_given_is_left_as_it_is(images: torch.Tensor) -> None:
    kept = images.clone()
    spoil(images, 1.0, ALL)
    assert torch.equal(images, kept)


def test_about_a_share_is_spoilt_and_the_others_are_untouched(images: torch.Tensor) -> None:
    torch.manual_seed(1)
    many = images.repeat(10, 1, 1)
    assert 0.2 < changed(many, spoil(many, 0.3, alone("grain"))).float().mean() < 0.4
    assert torch.equal(spoil(many, 0.0, ALL), many)
    assert torch.equal(spoil(many, 1.0, Spoiling()), many)


def test_the_seed_alone_decides(images: torch.Tensor) -> None:
    torch.manual_seed(2)
    first = spoil(images, 0.5, ALL)
    torch.manual_seed(2)
    again = spoil(images, 0.5, ALL)
    other = spoil(images, 0.5, ALL)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_clutter_adds_ink_and_takes_none(images: torch.Tensor) -> None:
    torch.manual_seed(3)
    spoilt = spoil(images, 1.0, alone("clutter"))
    assert (spoilt >= images - 0.001).all()
    assert spoilt.sum() > images.sum()


def test_blocks_hide_less_than_half_of_the_picture() -> None:
    torch.manual_seed(4)
    blank = torch.zeros(200, 28, 28)
    hidden = (spoil(blank, 1.0, alone("blocks")) > 0).float().mean((1, 2))
    assert hidden.mean() > 0.05
    assert 0.2 < hidden.max() <= 0.44  # two of at most a fifth and a bit, apart


def test_tones_keep_equal_levels_equal(images: torch.Tensor) -> None:
    torch.manual_seed(5)
    for before, after in zip(images, spoil(images, 1.0, alone("tones")), strict=True):
        assert len(torch.unique(after[before == 0])) == 1


def test_light_makes_pictures_flatter(images: torch.Tensor) -> None:
    torch.manual_seed(6)
    flat = torch.zeros(100, 28, 28)
    assert (spoil(flat, 1.0, alone("lighting")).amax((1, 2)) > 0).all()
    rising = torch.linspace(0, 255, 28).expand(100, 28, 28)
    assert (spoil(images, 1.0, alone("lighting")).amax((1, 2)) < 255).all()
    assert not torch.equal(spoil(rising, 1.0, alone("lighting")), rising)


def test_fewer_pixels_lose_what_is_finer_than_they_are() -> None:
    chequered = (torch.arange(28).view(-1, 1) + torch.arange(28)) % 2 * 255.0
    torch.manual_seed(7)
    assert spoil(chequered.expand(10, 28, 28), 1.0, alone("resolution")).std() < chequered.std() / 2
