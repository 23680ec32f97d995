"""The committed evidence is of the released network and keeps what was promised of it."""

import json

from model.commands.options import EVIDENCE, RELEASED
from model.evaluate import weights_digest
from model.trust.letters import REPORTED_FONTS, VALIDATION_FONTS

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
    """Clothes as their data set has them; what preprocessing makes of them stands beside it in the card, and is held to what it was."""
    told = json.loads(FILE.read_text())
    score = told["chosen"]["score"]
    area = {row["name"]: row["auroc"][score]["value"] for row in told["rejection"]["sets"]}
    assert area["Fashion-MNIST, its pixels as they are"] >= 0.99
    assert area["Fashion-MNIST"] >= 0.985
    assert area["letters but the look-alikes"] >= 0.93
    assert told["rejection"]["digits"]["refused"]["score"] <= 0.005
