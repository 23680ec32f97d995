from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from gateway.contract import DROPS, FEW, HEIGHTS, ModelVersion, Prediction, Seen, candidates, doubts
from gateway.known import read_known_digits
from model.inference import Classifier, energy, softmax
from model.limits import read_limits
from model.trust.sets import candidates as conformal_set

RELEASED = Path(__file__).parents[2] / "model" / "released"

LOGITS = hnp.arrays(np.float32, 10, elements=st.floats(-200, 200, width=32))
MANY_LOGITS = hnp.arrays(np.float32, st.tuples(st.integers(FEW - 1, FEW + 3), st.just(10)), elements=st.floats(-200, 200, width=32))


def of(logits: NDArray[np.float32]) -> Prediction:
    [prediction] = Prediction.from_logits(logits[None])
    return prediction


def model(threshold: float = 0.5, arithmetic: str = "float32", **facts: Any) -> ModelVersion:
    facts = {"accept_threshold": threshold, "arithmetic": arithmetic, **facts}
    return ModelVersion("digits", "ab12cd34ef56", "http://a", "http://b", facts)


def limited(least: float | None = None, quantile: float = 0.0) -> ModelVersion:
    return model(limits={"score": "energy", "least": least, "level": 0.999, "quantile": quantile})


def shipped() -> dict[str, Any]:
    limits = read_limits(RELEASED)
    assert limits is not None
    return asdict(limits)


@given(LOGITS)
def test_ten_probabilities_sum_to_one_and_agree_with_the_digit(logits: NDArray[np.float32]) -> None:
    prediction = of(logits)
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-7)
    assert prediction.confidence == max(prediction.probabilities)
    assert prediction.digit == candidates(prediction, model())[0] == candidates(prediction, limited(quantile=0.9))[0]


@given(LOGITS)
def test_what_is_kept_of_the_logits_is_what_matters(logits: NDArray[np.float32]) -> None:
    prediction = of(logits)
    exact = np.exp(logits.astype(np.float64) - logits.max())
    exact /= exact.sum()
    assert prediction.digit == logits.argmax()
    assert np.abs(np.array(prediction.probabilities) - exact).max() <= 3e-4
    assert prediction.highest == pytest.approx(min(max(logits.max(), 0), HEIGHTS / 64), abs=1 / 64)
    assert [number < HEIGHTS for number in DROPS.unpack(prediction.drops)] == [digit == prediction.digit for digit in range(10)]


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


PROBABILITIES = np.array([0.001, 0.004, 1e-9, 1e-9, 1e-9, 0.395, 0.6, 1e-9, 1e-9, 1e-9])


def test_candidates_are_all_digits_as_probable_as_the_quantile_of_the_version() -> None:
    prediction = of(np.log(PROBABILITIES).astype(np.float32))
    listed = {quantile: candidates(prediction, limited(quantile=quantile)) for quantile in (0.0, 0.0009, 0.002, 0.2, 0.5, 0.9)}
    assert listed.pop(0.0)[:5] == [6, 5, 1, 0, 2]
    assert listed == {0.0009: [6, 5, 1, 0], 0.002: [6, 5, 1], 0.2: [6, 5], 0.5: [6], 0.9: [6]}


def test_candidates_of_a_version_without_a_quantile_are_the_shortest_list_that_holds_99_percent() -> None:
    assert candidates(of(np.log(PROBABILITIES).astype(np.float32)), model()) == [6, 5]
    assert candidates(of(np.eye(10, dtype=np.float32)[7] * 12), model()) == [7]
    assert candidates(of(np.zeros(10, np.float32)), model()) == list(range(10))


@given(MANY_LOGITS, st.sampled_from([0.0, 0.017, 0.3, 0.99]))
def test_candidates_are_the_set_that_trust_is_measured_by(logits: NDArray[np.float32], quantile: float) -> None:
    sets = conformal_set(softmax(logits), quantile)
    for prediction, digits, told in zip(Prediction.from_logits(logits), sets, softmax(logits), strict=True):
        listed = candidates(prediction, limited(quantile=quantile))
        # Nearer to the quantile than probabilities are kept, either may be right; and of equally probable digits either may be the first.
        clear = (np.abs(told - quantile) > 3e-4) & ((told > quantile) | (told < told.max()))
        assert listed == sorted(listed, key=DROPS.unpack(prediction.drops).__getitem__)
        assert [digit in listed for digit in np.flatnonzero(clear)] == digits[clear].tolist()


@given(hnp.arrays(np.float32, 10, elements=st.floats(-200, 31, width=32)))
def test_energy_is_that_of_the_logits(logits: NDArray[np.float32]) -> None:
    if logits.max() >= 0:
        assert of(logits).energy == pytest.approx(energy(logits[None])[0], abs=0.01)


def test_what_has_less_energy_than_the_version_knows_of_digits_is_no_digit() -> None:
    seen, noisy = Seen(28, 28, False, None, ()), Seen(28, 28, False, None, ("noise",))
    weak, strong = of(np.eye(10, dtype=np.float32)[7] * 4), of(np.eye(10, dtype=np.float32)[7] * 6)
    assert weak.confidence > 0.8
    assert doubts(weak, seen, limited(5.0)) == ("not_a_digit",)
    assert doubts(weak, noisy, limited(5.0)) == ("noise", "not_a_digit")
    assert doubts(strong, seen, limited(5.0)) == ()
    assert doubts(of(np.zeros(10, np.float32)), seen, limited(5.0)) == ("low_confidence", "not_a_digit")


def test_a_version_without_limits_is_followed_by_its_confidence_alone(caplog: pytest.LogCaptureFixture) -> None:
    seen, weak = Seen(28, 28, False, None, ()), of(np.eye(10, dtype=np.float32)[7] * 4)
    assert doubts(weak, seen, model()) == ()
    assert doubts(weak, seen, model(limits={**shipped(), "score": "another"})) == ()
    assert "version ab12cd34ef56: the model ships a limit of 'another'" in caplog.text


def test_known_digits_are_accepted_by_the_released_network_and_have_one_candidate() -> None:
    known, served = read_known_digits(), model(0.69, limits=shipped())
    predictions = Prediction.from_logits(Classifier(RELEASED).logits(known.pixels))
    assert [doubts(each, Seen(28, 28, False, None, ()), served) for each in predictions] == [()] * len(predictions)
    assert [candidates(each, served) for each in predictions] == [[label] for label in known.labels]


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
