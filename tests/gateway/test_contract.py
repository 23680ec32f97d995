import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from gateway.contract import DROPS, FEW, ModelVersion, Prediction, Seen, doubts

LOGITS = hnp.arrays(np.float32, 10, elements=st.floats(-200, 200, width=32))
MANY_LOGITS = hnp.arrays(np.float32, st.tuples(st.integers(FEW - 1, FEW + 3), st.just(10)), elements=st.floats(-200, 200, width=32))


def of(logits: NDArray[np.float32]) -> Prediction:
    [prediction] = Prediction.from_logits(logits[None])
    return prediction


def model(threshold: float = 0.5, arithmetic: str = "float32") -> ModelVersion:
    return ModelVersion("digits", "ab12cd34ef56", "http://a", "http://b", {"accept_threshold": threshold, "arithmetic": arithmetic})


@given(LOGITS)
def test_ten_probabilities_sum_to_one_and_agree_with_the_digit(logits: NDArray[np.float32]) -> None:
    prediction = of(logits)
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-7)
    assert prediction.confidence == max(prediction.probabilities)
    assert prediction.digit == prediction.candidates[0]


@given(LOGITS)
def test_what_is_kept_of_the_logits_is_what_matters(logits: NDArray[np.float32]) -> None:
    prediction = of(logits)
    exact = np.exp(logits.astype(np.float64) - logits.max())
    exact /= exact.sum()
    assert prediction.digit == logits.argmax()
    assert np.abs(np.array(prediction.probabilities) - exact).max() <= 3e-4
    assert [number == 0 for number in DROPS.unpack(prediction.drops)] == [digit == prediction.digit for digit in range(10)]


@given(MANY_LOGITS)
def test_many_are_what_each_would_be_alone(logits: NDArray[np.float32]) -> None:
    for together, row in zip(Prediction.from_logits(logits), logits, strict=True):
        assert together == of(row)


@given(MANY_LOGITS)
def test_what_was_kept_says_the_same(logits: NDArray[np.float32]) -> None:
    predictions = Prediction.from_logits(logits)
    assert Prediction.from_drops(b"".join(prediction.drops for prediction in predictions)) == predictions
    assert [Prediction.from_drops(prediction.drops) for prediction in predictions] == [[prediction] for prediction in predictions]


def test_however_close_the_next_logit_the_digit_stays_the_digit() -> None:
    logits = np.zeros(10, np.float32)
    logits[7] = np.nextafter(np.float32(0), np.float32(1))
    assert of(logits).digit == 7


def test_candidates_are_the_shortest_list_that_holds_99_percent() -> None:
    probabilities = np.array([0.6, 0.395, 0.004, 0.001, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9])
    assert of(np.log(probabilities).astype(np.float32)).candidates == [0, 1]
    assert of(np.eye(10, dtype=np.float32)[7] * 12).candidates == [7]
    assert of(np.zeros(10, np.float32)).candidates == list(range(10))


def test_an_unsure_answer_and_a_doubtful_picture_are_not_accepted() -> None:
    unsure = of(np.zeros(10, np.float32))
    sure = of(np.eye(10, dtype=np.float32)[7] * 12)
    seen, noisy = Seen(28, 28, False, None, ()), Seen(28, 28, False, None, ("noise",))
    assert doubts(sure, seen, model()) == ()
    assert doubts(unsure, seen, model()) == ("low_confidence",)
    assert doubts(unsure, noisy, model()) == ("noise", "low_confidence")


def test_another_arithmetic_is_another_version_to_the_cache() -> None:
    assert model().cache_version == "ab12cd34ef56"
    assert model(arithmetic="bfloat16").cache_version == "ab12cd34ef56-bfloat16"
