"""What the stack answers is what the model says offline: on all of MNIST's test pictures, and on photographs of them."""

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import cv2
import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from loadtests.client import Gateway, at_once
from loadtests.programs import wait_until
from model.choice import fastest
from model.data import test_digits as mnist_test
from model.inference import energy, softmax
from model.limits import read_limits
from model.preprocess import canonicalise
from model.trust.letters import letters
from model.trust.sets import candidates
from tests.model.preprocess.degrade import degrade
from tests.stack.conftest import ROOT, Stack

SENDERS = 16
PHOTOGRAPHS = int(os.environ.get("PHOTOGRAPHS", "2000"))
"""So many of the test pictures, evenly spread. `PHOTOGRAPHS=10000` takes them all, in some minutes."""

RELEASED = ROOT / "model" / "released"

T = TypeVar("T")

MOST_LOST_POINTS = 0.3
VOLATILE = ("prediction_id", "cache", "record")


def offline_logits(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As `make evaluate` has them, in the same arithmetic."""
    return fastest(RELEASED).logits(pixels)


def offline_digits(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    digits: NDArray[np.intp] = offline_logits(pixels).argmax(axis=1)
    return digits


def send_all(stack: Stack, form: Callable[[T], bytes], things: Iterable[T]) -> list[dict[str, Any]]:
    """The answers, in order; every one a 200. Each picture is made by who sends it, while others wait for theirs."""
    gateway = Gateway(stack.url)
    try:
        return at_once(lambda thing: gateway.predict(form(thing)), things, SENDERS)
    finally:
        gateway.close()


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


def stable(answer: dict[str, Any]) -> bytes:
    """The answer without what may differ between two answers to one picture."""
    return orjson.dumps({name: value for name, value in answer.items() if name not in VOLATILE})


def assert_trusted_as_measured(answers: list[dict[str, Any]], logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> None:
    """What is refused as no digit, and the candidates, are what `python -m model trust` measures, and keep what is promised there.

    The logits travel on as whole steps: within one of a limit, either answer is right.
    """
    limits = read_limits(RELEASED)
    assert limits is not None
    assert limits.least is not None
    refused = np.array(["not_a_digit" in answer["reasons"] for answer in answers])
    clear = np.abs(energy(logits) - limits.least) > 1 / 64
    assert (refused == (energy(logits) < limits.least))[clear].all()
    assert refused.mean() <= 0.005
    possible = np.zeros(logits.shape, np.bool_)
    for row, answer in zip(possible, answers, strict=True):
        row[answer["candidates"]] = True
    probabilities = softmax(logits)
    clear = np.abs(probabilities - limits.quantile) > 3e-4
    assert (possible == candidates(probabilities, limits.quantile))[clear].all()
    assert all(answer["candidates"][0] == answer["digit"] for answer in answers)
    assert possible[np.arange(len(labels)), labels].mean() >= limits.level


@pytest.mark.timeout(600)
def test_every_test_picture_gets_the_digit_that_evaluation_gives_and_then_a_hit_that_says_the_same(ready_stack: Stack) -> None:
    digits = mnist_test()
    pixels, logits = digits.pixels, offline_logits(digits.pixels)
    first = send_all(ready_stack, encoded, pixels)
    assert [answer["digit"] for answer in first] == logits.argmax(axis=1).tolist()
    assert_trusted_as_measured(first, logits, digits.labels)
    assert max(abs(sum(answer["probabilities"]) - 1) for answer in first) <= 1e-6
    second = send_all(ready_stack, encoded, pixels)
    assert {answer["cache"] for answer in second} == {"hit"}
    assert [stable(answer) for answer in second] == [stable(answer) for answer in first]


def test_letters_are_refused_as_no_digits_far_more_often_than_digits(ready_stack: Stack) -> None:
    drawn, _ = letters(("DejaVuSerif",), np.random.default_rng(0), variations=1)
    answers = send_all(ready_stack, encoded, drawn.pixels)
    assert np.mean(["not_a_digit" in answer["reasons"] and not answer["accepted"] for answer in answers]) >= 0.2


@pytest.mark.timeout(1_800)
def test_photographs_are_read_as_well_as_the_pictures_they_were_made_of(ready_stack: Stack) -> None:
    digits = mnist_test()[slice(0, 10_000, 10_000 // PHOTOGRAPHS)]
    answers = send_all(ready_stack, lambda place: degrade(digits.pixels[place], np.random.default_rng(place)), range(len(digits.pixels)))
    read = np.array([answer["digit"] for answer in answers])
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
