"""Groups get their own figures, a difference is told from none, and the worst writers are held to chance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.groups.measure import Answers, by_group
from model.splitting import Writers

WRITERS, EACH = 60, 50
N = WRITERS * EACH
RESAMPLES = 1_000


def answers(wrong: NDArray[np.bool_], labels: NDArray[np.uint8] | None = None, accepted: NDArray[np.bool_] | None = None) -> Answers:
    """Of 60 writers with 50 pictures each, the first half staff, the others students."""
    writer = np.repeat(np.arange(WRITERS), EACH).astype(np.uint16)
    series = np.where(writer < WRITERS // 2, 0, 4).astype(np.uint8)
    return Answers(
        np.tile(np.arange(10, dtype=np.uint8), N // 10) if labels is None else labels,
        ~wrong,
        np.ones(N, bool) if accepted is None else accepted,
        Writers(writer, series),
    )


def at(*places: int) -> NDArray[np.bool_]:
    chosen = np.zeros(N, bool)
    chosen[list(places)] = True
    return chosen


def test_each_series_has_its_own_figures() -> None:
    told = by_group(answers(at(0, 1, N - 1), accepted=~at(0, 7)), seed=0, resamples=RESAMPLES)
    staff, students = told["groups"]
    assert (told["n"], told["writers"]) == (N, WRITERS)
    assert (staff["who"], staff["writers"], staff["n"], staff["errors"], staff["accuracy"]) == ("census staff", 30, 1_500, 2, 1 - 2 / 1_500)
    assert (students["who"], students["series"], students["errors"]) == ("students", 4, 1)
    assert (staff["accepted"]["n"], staff["accepted"]["errors"]) == (1_498, 1)
    assert staff["accepted"]["coverage"] == 1_498 / 1_500
    assert staff["digits"].tolist() == [150] * 10
    assert (staff["writer"]["without_error"], staff["writer"]["most_errors"]) == (29, 2)
    assert staff["interval"][0] < staff["accuracy"] < staff["interval"][1]
    assert told["difference"]["accuracy"]["estimate"] == pytest.approx(-1 / 1_500)


def test_series_read_alike_differ_within_their_interval_and_unlike_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    students = np.arange(N) >= N // 2
    alike = by_group(answers(rng.random(N) < 0.02), 0, RESAMPLES)["difference"]["accuracy"]
    unlike = by_group(answers(rng.random(N) < np.where(students, 0.05, 0.01)), 0, RESAMPLES)["difference"]["accuracy"]
    assert alike["low"] < 0 < alike["high"]
    assert unlike["low"] > 0
    assert unlike["estimate"] == pytest.approx(0.04, abs=0.015)


def test_a_difference_that_lies_in_the_digits_goes_when_they_are_weighed_alike() -> None:
    """Every 8 is misread, and students write more of them."""
    rng = np.random.default_rng(0)
    students = np.arange(N) >= N // 2
    labels = np.where(rng.random(N) < np.where(students, 0.2, 0.05), 8, rng.integers(0, 8, N)).astype(np.uint8)
    difference = by_group(answers(labels == 8, labels), 0, RESAMPLES)["difference"]
    assert difference["accuracy"]["low"] > 0.1
    assert difference["same_digits"] == pytest.approx({"estimate": 0, "low": 0, "high": 0}, abs=1e-9)


def test_the_worst_writers_of_a_series_read_alike_are_as_chance_has_them_and_a_bad_few_are_not() -> None:
    rng = np.random.default_rng(0)
    alike = by_group(answers(rng.random(N) < 0.04), 0, RESAMPLES)["groups"][0]["writer"]["lowest_tenth"]
    low, high = alike["by_chance"]["interval"]
    assert alike["writers"] == 3
    assert low <= alike["accuracy"] <= high
    few = np.arange(N) < 2 * EACH  # two of thirty writers, of whom half is misread
    unlike = by_group(answers((rng.random(N) < 0.5) & few), 0, RESAMPLES)["groups"][0]["writer"]["lowest_tenth"]
    assert unlike["accuracy"] < unlike["by_chance"]["interval"][0]
    assert unlike["by_chance"]["as_low"] == 0


def test_the_seed_says_all() -> None:
    wrong = np.random.default_rng(0).random(N) < 0.03
    one, again, other = (by_group(answers(wrong), seed, RESAMPLES)["groups"][0]["interval"] for seed in (1, 1, 2))
    assert one == again != other


def test_one_series_alone_has_no_difference_and_none_no_figures() -> None:
    whole = answers(at(0))
    staff = Answers(whole.labels, whole.correct, whole.accepted, Writers(whole.writers.writer, np.zeros(N, np.uint8)))
    told = by_group(staff, 0, RESAMPLES)
    assert len(told["groups"]) == 1
    assert told["difference"] is None
    strangers = Answers(whole.labels, whole.correct, whole.accepted, Writers(whole.writers.writer, np.ones(N, np.uint8)))
    with pytest.raises(ValueError, match="no picture is of the form series 0, 4"):
        by_group(strangers, 0, RESAMPLES)


def test_nothing_accepted_is_said_so() -> None:
    group = by_group(answers(at(0), accepted=np.zeros(N, bool)), 0, RESAMPLES)["groups"][0]
    assert (group["accepted"]["n"], group["accepted"]["error"]) == (0, None)
