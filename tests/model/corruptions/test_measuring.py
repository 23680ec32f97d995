"""What is measured adds up: clean and each corruption, straight and as an upload, with intervals that hold their figure."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.corruptions.measuring import NETWORK, UPLOAD, measure
from model.corruptions.table import CORRUPTIONS, corrupted
from model.data import Digits
from model.judge import Panel
from model.splitting import Writers

N = 20


class Remembers:
    """Reads the pictures it was shown, and of others says 0 without being sure."""

    def __init__(self, *shown: Digits) -> None:
        self.answers = {
            picture.tobytes(): int(label) for digits in shown for picture, label in zip(digits.pixels, digits.labels, strict=True)
        }

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = [self.answers.get(picture.tobytes()) for picture in pixels]
        return np.stack([(0.1 if answer is None else 9.0) * np.eye(10)[answer or 0] for answer in found]).astype(np.float32)


@pytest.fixture(scope="module")
def panel(known: Digits) -> Panel:
    chosen = np.arange(0, 100, 5)
    return Panel("known digits", known[chosen], Writers(np.arange(N).astype(np.uint16) // 2, np.zeros(N, np.uint8)))


@pytest.fixture(scope="module")
def told(panel: Panel) -> dict[str, Any]:
    return measure(Remembers(panel.digits), panel, seed=1, threshold=0.6, seen=["rotate"])


def test_every_corruption_has_its_row_and_clean_one_of_its_own(told: dict[str, Any]) -> None:
    assert [row["name"] for row in told["corruptions"]] == list(CORRUPTIONS)
    clean = told["clean"][NETWORK]
    assert (clean["accuracy"], clean["errors"], clean["accepted"], clean["errors_accepted"]) == (1, 0, N, 0)
    assert (told["n"], told["writers"], told["seed"], told["seen"]) == (N, N // 2, 1, ["rotate"])


def test_who_knows_the_clean_pictures_alone_is_right_on_noughts_and_sure_of_nothing(told: dict[str, Any], panel: Panel) -> None:
    noughts = int((panel.digits.labels == 0).sum())
    for row in told["corruptions"]:
        assert row["network"]["errors"] == N - noughts, row["name"]
        assert row["network"]["accepted"] == 0
    assert told["mean"][NETWORK]["accuracy"] == pytest.approx(noughts / N)


def test_clean_pictures_are_the_same_as_uploads(told: dict[str, Any]) -> None:
    """They are canonical, and canonical pixels pass through unchanged."""
    assert told["clean"][UPLOAD]["errors"] == 0


def test_means_are_those_of_the_rows_with_and_without_what_was_seen_and_lie_in_their_interval(panel: Panel) -> None:
    turned = Digits(corrupted("rotate", panel.digits.pixels, 1), panel.digits.labels)
    told = measure(Remembers(panel.digits, turned), panel, seed=1, threshold=0.6, seen=["rotate"])
    assert told["mean_unseen"][NETWORK]["accuracy"] < told["mean"][NETWORK]["accuracy"]
    for way in (NETWORK, UPLOAD):
        each = {row["name"]: row[way]["accuracy"] for row in told["corruptions"]}
        assert told["mean"][way]["accuracy"] == pytest.approx(np.mean(list(each.values())))
        del each["rotate"]
        assert told["mean_unseen"][way]["accuracy"] == pytest.approx(np.mean(list(each.values())))
        low, high = told["mean"][way]["interval"]
        assert low <= told["mean"][way]["accuracy"] <= high
        assert all(row[way]["interval"][0] <= row[way]["accuracy"] <= row[way]["interval"][1] for row in told["corruptions"])


def test_an_upload_with_a_reason_against_it_is_not_accepted(panel: Panel) -> None:
    class Sure:
        def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.repeat((9 * np.eye(10, dtype=np.float32))[:1], len(pixels), axis=0)

    rows = {row["name"]: row for row in measure(Sure(), panel, seed=0, threshold=0.6)["corruptions"]}
    assert rows["impulse noise"][NETWORK]["accepted"] == N
    assert rows["impulse noise"][UPLOAD]["accepted"] < N / 2
    assert rows["impulse noise"][UPLOAD]["errors_accepted"] <= rows["impulse noise"][UPLOAD]["accepted"]
