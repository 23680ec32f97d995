"""Figures that follow from logits: consistent with each other, and untouched by what they must not depend on."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.data import Digits
from model.judge import LABEL_ERRORS, Panel, judge
from model.splitting import Writers

N = 400


def panel(labels: NDArray[np.uint8], label_errors: tuple[int, ...] = ()) -> Panel:
    """Writers with ten pictures each, the first half of them of series 0."""
    n = len(labels)
    writers = Writers((np.arange(n) // 10).astype(np.uint16), np.where(np.arange(n) < n // 2, 0, 4).astype(np.uint8))
    return Panel("stand-in", Digits(np.zeros((n, 28, 28), np.uint8), labels), writers, label_errors)


@pytest.fixture
def labels() -> NDArray[np.uint8]:
    return (np.arange(N) % 10).astype(np.uint8)


@pytest.fixture
def logits(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Right but for the pictures 0 to 3, where the next digit is read, with confidences of many sizes."""
    strength = np.random.default_rng(0).uniform(2, 9, N)
    answered = labels.astype(np.intp).copy()
    answered[:4] += 1
    return np.asarray(np.eye(10)[answered] * strength[:, None], np.float32)


def test_some_of_a_panel_keep_their_writers_and_their_wrong_labels(labels: NDArray[np.uint8]) -> None:
    whole = panel(labels, (3, 250, 7))
    some = whole[np.array([250, 1, 3])]
    assert some.name == whole.name
    assert some.digits.labels.tolist() == [0, 1, 3]
    assert (some.writers.writer.tolist(), some.writers.series.tolist()) == ([25, 0, 0], [4, 0, 0])
    assert list(some.label_errors) == [0, 2]
    assert list(whole[:8].label_errors) == [3, 7]
    assert len(whole[:None].digits) == N


@pytest.fixture
def report(labels: NDArray[np.uint8], logits: NDArray[np.float32]) -> dict[str, Any]:
    return judge(logits, panel(labels, (0, 7)), temperature=1.5, threshold=0.6)


def test_accuracy_errors_and_predictions_agree(report: dict[str, Any], labels: NDArray[np.uint8]) -> None:
    assert report["n"] == N
    assert report["accuracy"] == 1 - 4 / N
    assert report["errors"] == 4
    assert report["interval"][0] < report["accuracy"] < report["interval"][1]
    assert len(report["predicted"]) == N
    assert sum(int(read) != label for read, label in zip(report["predicted"], labels, strict=True)) == 4


def test_known_label_errors_are_left_out_of_a_line_of_their_own(report: dict[str, Any]) -> None:
    without = report["without_label_errors"]
    assert (without["excluded"], without["n"], without["errors"]) == (2, N - 2, 3)


def test_confusion_classes_and_worst_confusions_agree(report: dict[str, Any]) -> None:
    assert report["confusion"].sum() == N
    assert report["classes"][0]["recall"] == pytest.approx(39 / 40)
    assert report["classes"][1]["precision"] == pytest.approx(39 / 40)
    assert report["macro"]["f1"] == pytest.approx(np.mean([row["f1"] for row in report["classes"]]))
    assert report["worst_confusions"] == [{"label": d, "predicted": d + 1, "count": 1} for d in range(4)]


def test_before_is_without_the_temperature_and_after_with_it(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> None:
    cold = judge(logits / np.float32(2), panel(labels), temperature=2.0, threshold=0.5)["calibration"]
    plain = judge(logits, panel(labels), temperature=1.0, threshold=0.5)["calibration"]
    assert cold["before"] == pytest.approx(plain["after"])
    assert cold["after"]["nll"] != pytest.approx(plain["after"]["nll"])


def test_the_threshold_parts_all_pictures(report: dict[str, Any]) -> None:
    threshold = report["threshold"]
    assert threshold["accepted"] + threshold["rejected"] == N
    assert threshold["errors_accepted"] + threshold["errors_rejected"] == 4
    assert 0 < threshold["coverage"] < 1


def test_series_are_compared_with_whole_writers_drawn(report: dict[str, Any]) -> None:
    staff, students = report["series"]["groups"]
    assert (staff["who"], staff["errors"], staff["writers"]) == ("census staff", 4, 20)
    assert (students["who"], students["errors"]) == ("students", 0)
    difference = report["series"]["difference"]
    assert difference["estimate"] == pytest.approx(-4 / 200)
    assert difference["low"] < -4 / 200 <= difference["high"] <= 0


def test_one_series_alone_has_no_difference(labels: NDArray[np.uint8], logits: NDArray[np.float32]) -> None:
    students = panel(labels)
    students.writers.series[:] = 4
    series = judge(logits, students, temperature=1.0, threshold=0.5)["series"]
    assert [group["series"] for group in series["groups"]] == [4]
    assert series["difference"] is None


def test_every_writer_is_counted_with_an_interval(report: dict[str, Any]) -> None:
    writers = report["writers"]
    assert (writers["n"], writers["without_error"], writers["most_errors"]) == (40, 39, 4)
    assert writers["errors"][0] == 4
    assert writers["low"][0] < 0.6 < writers["high"][0]
    assert writers["surely_below_average"] == 1


def test_fifteen_test_labels_are_known_to_be_wrong() -> None:
    assert len(set(LABEL_ERRORS)) == 15
    assert 0 <= min(LABEL_ERRORS) <= max(LABEL_ERRORS) < 10_000
