"""A candidate passes where it is shown to be no worse by more than each margin, and fails by the very criterion that it is worse in."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model.data import Digits
from model.gate_report import CRITERIA
from model.renewal.agreement import Pictures, agreed
from model.renewal.criteria import Both, Margins, Row, judge
from model.renewal.panels import Asked, Said
from tests.model.bars import bars
from tests.model.renewal.conftest import panel
from tests.model.renewal.records import record

TEST = bars(2_000, 1)
KNOWN = bars(20, 2)
SPOILT, HARD = np.arange(0, 2_000, 10), np.arange(0, 2_000, 5)
LABELLED: Pictures = agreed([record(picture, int(label)) for picture, label in zip(*vars(bars(200, 3)).values(), strict=True)])[0]
MARGINS = Margins(calibration=0.004, test_set=0.01, digits=0.03, writer_groups=0.01, corrupted=0.02, hard=0.02, labelled=0.03)
SAME_PACE: list[Row] = [{"batch": 1, "pairs": 9, "candidate_ms": 1.0, "current_ms": 1.0, "ratio": 1.0, "low": 0.99, "high": 1.01}]


def logits(digits: Digits, wrong: NDArray[np.intp] | None = None, sure: float = 9.0) -> NDArray[np.float32]:
    """Right about all but the `wrong` ones, whose next digit is taken."""
    taken = digits.labels.astype(np.intp)
    if wrong is not None:
        taken[wrong] = (taken[wrong] + 1) % 10
    return (sure * np.eye(10)[taken]).astype(np.float32)


def said(**changed: object) -> Said:
    right = Said("float32", logits(TEST), logits(KNOWN), logits(LABELLED.digits), {"fog": logits(TEST[SPOILT])})
    return replace(right, **changed)  # type: ignore[arg-type]


def judged(
    candidate: Said, *, current: Said | None = None, labelled: Pictures | None = LABELLED, pace: list[Row] = SAME_PACE
) -> dict[str, Row]:
    asked = Asked(panel(TEST), HARD, SPOILT, KNOWN, labelled, seed=0, corruptions=("fog",))
    return {row["name"]: row for row in judge(Both(asked, candidate, current or said(), MARGINS, 500), pace)}


def failed(rows: dict[str, Row]) -> set[str]:
    return {name for name, row in rows.items() if not row["passed"]}


def test_a_candidate_that_answers_alike_passes_every_criterion_in_their_order() -> None:
    rows = judged(said())
    assert tuple(rows) == CRITERIA
    assert failed(rows) == set()


def test_a_candidate_that_swaps_two_digits_fails_where_that_is_seen() -> None:
    swapped = np.flatnonzero(np.isin(TEST.labels, (4, 9)))
    rows = judged(said(test=logits(TEST, swapped)))
    assert {"test set", "digits", "writer groups"} <= failed(rows)
    assert [each["digit"] for each in rows["digits"]["each"] if each["low"] < -MARGINS.digits] == [4, 9]


def test_one_digit_read_worse_is_no_matter_of_the_mean() -> None:
    few = np.setdiff1d(np.flatnonzero(TEST.labels == 4)[:6], HARD)
    assert failed(judged(said(test=logits(TEST, few)))) == {"digits"}


@pytest.mark.parametrize(
    ("worse", "by"),
    [
        ({"known": logits(KNOWN, np.array([3]))}, "known digits"),
        ({"labelled": logits(LABELLED.digits, np.arange(20))}, "labelled records"),
        ({"spoilt": {"fog": logits(TEST[SPOILT], np.arange(20))}}, "corrupted pictures"),
        ({"test": logits(TEST, HARD[:8])}, "hard pictures"),
        ({"test": logits(TEST, sure=2.0)}, "calibration"),
    ],
)
def test_each_criterion_is_failed_by_what_it_is_for(worse: dict[str, object], by: str) -> None:
    assert by in failed(judged(said(**worse)))


def test_a_slower_candidate_is_refused_and_its_times_told() -> None:
    slow = [{**SAME_PACE[0], "ratio": 1.3, "low": 1.28, "high": 1.32}]
    rows = judged(said(), pace=slow)
    assert failed(rows) == {"latency"}
    assert rows["latency"]["each"] == slow


def test_a_candidate_that_gains_says_how_much() -> None:
    rows = judged(said(), current=said(labelled=logits(LABELLED.digits, np.arange(20))))
    assert rows["labelled records"]["difference"] == 0.1
    assert rows["labelled records"]["callers"] == [{"caller": "-", "n": 200, "candidate": 1.0, "current": 0.9}]


def test_too_few_labelled_pictures_show_nothing() -> None:
    few = LABELLED[np.arange(40)]
    row = judged(said(labelled=logits(few.digits)), labelled=few)["labelled records"]
    assert (row["passed"], row["judged"]) == (False, False)
    assert "40 pictures that the candidate never saw are fewer than 200" in row["why"]


def test_that_nobody_gave_labelled_pictures_is_told() -> None:
    row = judged(said(labelled=None), labelled=None)["labelled records"]
    assert (row["passed"], row["judged"]) == (True, False)
