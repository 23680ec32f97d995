"""What the stack answers is what the model says offline: on all of MNIST's test pictures, and on photographs of them."""

import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from loadtests.client import Gateway, at_once
from model.choice import fastest
from model.data import test_digits as mnist_test
from model.preprocess import canonicalise
from tests.model.preprocess.degrade import degrade
from tests.stack.conftest import ROOT, Stack, wait_until

SENDERS = 16
PHOTOGRAPHS = int(os.environ.get("PHOTOGRAPHS", "2000"))
"""So many of the test pictures, evenly spread. `PHOTOGRAPHS=10000` takes them all, in some minutes."""

MOST_LOST_POINTS = 0.3
VOLATILE = ("prediction_id", "cache", "record")


def offline_digits(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """What `make evaluate` would say, in the same arithmetic."""
    digits: NDArray[np.intp] = fastest(ROOT / "model" / "released").logits(pixels).argmax(axis=1)
    return digits


def send_all(stack: Stack, pictures: Sequence[bytes]) -> list[dict[str, Any]]:
    """The answers, in order; every one a 200."""
    gateway = Gateway(stack.url)
    try:
        return at_once(gateway.predict, pictures, SENDERS)
    finally:
        gateway.close()


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


def stable(answer: dict[str, Any]) -> bytes:
    """The answer without what may differ between two answers to one picture."""
    return orjson.dumps({name: value for name, value in answer.items() if name not in VOLATILE})


@pytest.mark.timeout(600)
def test_every_test_picture_gets_the_digit_that_evaluation_gives_and_then_a_hit_that_says_the_same(ready_stack: Stack) -> None:
    pixels = mnist_test().pixels
    pictures = [encoded(picture) for picture in pixels]
    first = send_all(ready_stack, pictures)
    assert [answer["digit"] for answer in first] == offline_digits(pixels).tolist()
    assert max(abs(sum(answer["probabilities"]) - 1) for answer in first) <= 1e-6
    second = send_all(ready_stack, pictures)
    assert {answer["cache"] for answer in second} == {"hit"}
    assert [stable(answer) for answer in second] == [stable(answer) for answer in first]


@pytest.mark.timeout(1_800)
def test_photographs_are_read_as_well_as_the_pictures_they_were_made_of(ready_stack: Stack) -> None:
    digits = mnist_test()[slice(0, 10_000, 10_000 // PHOTOGRAPHS)]
    photographs = [degrade(picture, np.random.default_rng(place)) for place, picture in enumerate(digits.pixels)]
    read = np.array([answer["digit"] for answer in send_all(ready_stack, photographs)])
    clean = offline_digits(digits.pixels)
    change = 100.0 * ((clean == digits.labels).astype(float) - (read == digits.labels))
    lost, error = change.mean(), change.std(ddof=1) / len(change) ** 0.5
    print(f"photographs: {lost:.3f} points lost (95 % interval {lost - 1.96 * error:.3f} to {lost + 1.96 * error:.3f}, n = {len(change)})")
    assert lost <= MOST_LOST_POINTS


def test_a_copy_in_another_format_is_a_hit_in_redis(ready_stack: Stack) -> None:
    """It has the same canonical pixels, though its bytes were never seen. Trailing bytes make each try a new upload."""
    pixels = np.load(ROOT / "model" / "known" / "digits.npz")["pixels"][42].copy()
    pixels[14, 14] ^= 1
    stored, copied = encoded(pixels), bytes(cv2.imencode(".bmp", pixels)[1])
    assert (canonicalise(copied + b"\0").pixels == pixels).all()
    assert ready_stack.predict(stored).status_code == 200
    tries = iter(range(1, 1_000))
    wait_until(lambda: ready_stack.predict(copied + bytes(next(tries))).json()["cache"] == "hit", 10, "a hit in redis")
    assert ready_stack.metric('gateway_cache_lookups_total{outcome="hit",tier="redis"}') >= 1
