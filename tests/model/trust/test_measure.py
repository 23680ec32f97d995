"""From the network to results, figures and the card's section; small, on known digits."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.data import Digits
from model.evaluate import write_json
from model.inference import Classifier
from model.judge import Panel
from model.limits import limits_of
from model.splitting import Writers
from model.trust.card import trust_section
from model.trust.figures import NAMES, draw_trust
from model.trust.measure import Plan, Shown, measure_trust

PLAN = Plan(pictures=12, variations=1, validation_fonts=("cmr10",), reported_fonts=("DejaVuSans",))


class Darker:
    """A network of another arithmetic, so to speak: less is left of every logit."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.classifier.logits(pixels) * np.float32(0.2)


@pytest.fixture(scope="module")
def measured(
    classifier: Classifier, pictures: tuple[Digits, Writers], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Shown, Panel, str]:
    digits, writers = pictures
    panel = Panel("stand-in", digits[:200], Writers(writers.writer[:200], writers.series[:200]))
    log = tmp_path_factory.mktemp("log") / "LOG.md"
    clothes = np.random.default_rng(0).integers(0, 256, (15, 28, 28), np.uint8)
    limits = limits_of(classifier.logits(digits.pixels), digits.labels, writers)
    report, shown = measure_trust(
        classifier,
        0.5,
        limits,
        {"float32": classifier, "darker": Darker(classifier)},
        digits,
        pictures,
        panel,
        clothes,
        PLAN,
        log=log,
        command="python -m model trust",
        digest="ab" * 32,
    )
    return report, shown, panel, log.read_text()


def areas_of_choice(report: dict[str, Any]) -> list[Any]:
    return [row["sets"] for row in report["rejection"]["validation"]["scores"]]


def test_what_is_measured_are_the_limits_that_are_served(measured: tuple[dict[str, Any], Shown, Panel, str]) -> None:
    report, shown, _, _ = measured
    rows = {row["score"]: row for row in report["rejection"]["validation"]["scores"]}
    assert report["served"]["score"] == shown.chosen.score.name == "energy"
    assert report["served"]["threshold"] == rows["energy"]["threshold"]
    quantiles = {row["level"]: row["quantile"] for row in report["prediction_sets"]["levels"]}
    assert report["served"]["quantile"] == quantiles[report["served"]["level"]]


def test_every_set_is_there_and_letters_are_in_two_parts(measured: tuple[dict[str, Any], Shown, Panel, str]) -> None:
    report, _, _, _ = measured
    sizes = {row["name"]: row["n"] for row in report["rejection"]["sets"]}
    assert sizes["letters but the look-alikes"] + sizes["look-alikes"] == sizes["all 52 letters"] == 52
    assert sizes["Fashion-MNIST"] == sizes["Fashion-MNIST, its pixels as they are"] == 15
    assert sizes["two digits"] == sizes["noise"] == sizes["blanks"] == 12
    assert {row["name"] for row in report["rejection"]["validation"]["scores"][0]["sets"]} == {
        "letters",
        "two digits",
        "noise",
        "shapes",
        "blanks",
    }


def test_the_panel_is_logged_as_read_once(measured: tuple[dict[str, Any], Shown, Panel, str]) -> None:
    assert measured[3].count("stand-in · `python -m model trust` · weights abababababab · test accuracy 100.00 % (n = 200)") == 1


def test_each_arithmetic_that_serves_is_held_to_the_same_limits(measured: tuple[dict[str, Any], Shown, Panel, str]) -> None:
    report, _, _, _ = measured
    single, darker = report["arithmetics"]
    assert (single["arithmetic"], darker["arithmetic"]) == ("float32", "darker")
    assert single["test"]["refused"] == report["rejection"]["digits"]["refused"]["score"]
    assert (single["test"]["n"], single["validation"]["n"]) == (200, 1_200)
    assert darker["test"]["refused"] > 0.5
    assert darker["test"]["accepted"] < 0.5


def test_limits_that_refuse_nothing_are_not_measured(
    classifier: Classifier, pictures: tuple[Digits, Writers], measured: tuple[dict[str, Any], Shown, Panel, str], tmp_path: Path
) -> None:
    digits, writers = pictures
    none = limits_of(classifier.logits(digits.pixels[:60]), digits.labels[:60], Writers(writers.writer[:60], writers.series[:60]))
    with pytest.raises(ValueError, match="refuse nothing"):
        measure_trust(
            classifier,
            0.5,
            none,
            {},
            digits,
            pictures,
            measured[2],
            digits.pixels[:1],
            PLAN,
            log=tmp_path / "LOG.md",
            command="",
            digest="",
        )


def test_nothing_is_chosen_by_the_panel_or_the_reported_sets(
    measured: tuple[dict[str, Any], Shown, Panel, str], classifier: Classifier, pictures: tuple[Digits, Writers], tmp_path: Path
) -> None:
    report, _, panel, _ = measured
    wrong = replace(panel, digits=Digits(255 - panel.digits.pixels, panel.digits.labels))
    clothes = np.zeros((4, 28, 28), np.uint8)
    limits = limits_of(classifier.logits(pictures[0].pixels), pictures[0].labels, pictures[1])
    other, _ = measure_trust(
        classifier, 0.9, limits, {}, pictures[0], pictures, wrong, clothes, PLAN, log=tmp_path / "LOG.md", command="", digest=""
    )
    assert areas_of_choice(other) == areas_of_choice(report)


def test_figures_are_drawn(measured: tuple[dict[str, Any], Shown, Panel, str], tmp_path: Path) -> None:
    _, shown, panel, _ = measured
    paths = draw_trust(shown, panel.digits.labels, tmp_path)
    assert [path.name for path in paths] == [f"trust-{name}.png" for name in NAMES]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_the_card_says_what_was_measured(measured: tuple[dict[str, Any], Shown, Panel, str], tmp_path: Path) -> None:
    report, _, _, _ = measured
    made = {"date": "2026-01-01T00:00Z", "command": "python -m model trust", "seconds": 9.0, "machine": {"processor": "Processor X"}}
    write_json({"generated": made, **report}, tmp_path / "trust.json")
    told = json.loads((tmp_path / "trust.json").read_text())
    section = trust_section(told)
    headings = [line for line in section.splitlines() if line.startswith("#")]
    assert headings == ["## Trust", "### What is no digit", "### Prediction sets", "### As it is served"]
    for row in told["rejection"]["sets"]:
        assert f"| {row['name']} | {row['n']}" in section
    told["rejection"]["sets"][-1].update(n=1_000, distinct=3)
    told["rejection"]["digits"]["refused"]["score"] = 0.0777
    told["prediction_sets"]["levels"][-1]["test"]["mean_size"] = 3.21
    told["calibration"]["ece_equal_width"]["value"] = 0.0123
    for said in ("| blanks | 1,000, 3 different |", "7.77 %", "3.210", "1.23 %", "Processor X", "seed 0, in 9 s"):
        assert said in trust_section(told)
