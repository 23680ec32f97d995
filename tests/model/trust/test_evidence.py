"""The committed evidence is of the released network and keeps what was promised of it."""

import json

from model.committed import EVIDENCE, RELEASED
from model.evaluate import weights_digest
from model.limits import read_limits
from model.trust.letters import REPORTED_FONTS, VALIDATION_FONTS
from model.trust.scores import OF_LOGITS_ALONE

FILE = EVIDENCE / "trust.json"


def test_it_is_of_the_released_weights_and_of_these_fonts() -> None:
    told = json.loads(FILE.read_text())
    assert told["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert told["rejection"]["fonts"] == {"validation": list(VALIDATION_FONTS), "reported": list(REPORTED_FONTS)}


def test_confidence_is_off_by_a_fifth_of_a_percent_at_most() -> None:
    calibration = json.loads(FILE.read_text())["calibration"]
    assert calibration["ece_equal_width"]["value"] <= 0.002
    assert calibration["ece_equal_mass"]["value"] <= 0.002


def test_clothes_and_letters_are_told_from_digits_and_few_digits_are_refused() -> None:
    """0.99 is asked of clothes as preprocessing leaves them, which is what is served. As their data set has them, which is not served,
    they do not reach it by the score that is served: they are held to 0.985, so that they get no worse."""
    told = json.loads(FILE.read_text())
    score = told["served"]["score"]
    area = {row["name"]: row["auroc"][score]["value"] for row in told["rejection"]["sets"]}
    assert area["Fashion-MNIST"] >= 0.99
    assert area["Fashion-MNIST, its pixels as they are"] >= 0.985
    assert area["letters but the look-alikes"] >= 0.93
    assert told["rejection"]["digits"]["refused"]["score"] <= 0.005
    for row in told["arithmetics"]:
        assert row["validation"]["refused"] <= 0.005
        assert row["test"]["refused"] <= 0.005


def test_the_limits_that_are_served_are_those_that_were_measured() -> None:
    told, limits = json.loads(FILE.read_text())["served"], read_limits(RELEASED)
    assert limits is not None
    assert (limits.score, limits.least, limits.level, limits.quantile) == tuple(
        told[name] for name in ("score", "threshold", "level", "quantile")
    )


def test_the_score_that_is_served_is_the_best_by_validation_of_those_that_need_logits_alone() -> None:
    told = json.loads(FILE.read_text())
    means = {row["score"]: row["mean_auroc"] for row in told["rejection"]["validation"]["scores"] if row["score"] in OF_LOGITS_ALONE}
    assert max(means, key=lambda name: means[name]) == told["served"]["score"]


def test_candidates_hold_the_right_digit_of_writers_whom_nobody_asked_as_often_as_promised() -> None:
    told = json.loads(FILE.read_text())
    released = next(row for row in told["prediction_sets"]["levels"] if row["level"] == told["served"]["level"])
    assert released["held_out"]["interval"][0] <= told["served"]["level"] <= released["held_out"]["coverage"]
    assert all(row["test"]["coverage"] >= told["served"]["level"] for row in told["arithmetics"])
