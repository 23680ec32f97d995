"""The card puts the sturdier network beside the served one, number by number, and never beside a result of other pictures."""

from typing import Any

import pytest

from model.corruptions.sturdier import section


def share(accuracy: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "interval": [accuracy - 0.01, accuracy + 0.01]}


def result(network: float, upload: float, errors: int) -> dict[str, Any]:
    ways = {"network": share(network), "upload": share(upload)}
    return {
        "generated": {
            "command": "python -m model corruptions --released model/sturdy",
            "date": "2026-01-01T00:00Z",
            "seconds": 1234.5,
            "machine": {"processor": "Processor X"},
        },
        "model": "sturdy",
        "weights_sha256": "0123456789abcdef",
        "arithmetic": "float32",
        "panel": "MNIST test set",
        "trained_with": {"zoom": 0.12, "clutter": 0.2},
        "n": 10_000,
        "seed": 7,
        "seen": ["scale"],
        "clean": {"name": "clean", "network": {**share(0.99), "errors": errors}, "upload": share(0.98)},
        "corruptions": [{"name": "fog", **ways}, {"name": "scale", **ways}],
        "mean": ways,
        "mean_unseen": {"network": share(0.7), "upload": share(0.71)},
    }


def test_both_networks_stand_in_each_row() -> None:
    told = section(result(0.95, 0.96, 35), result(0.6, 0.9, 33))
    assert "| fog | 60.00 % | 95.00 % [94.00 %, 96.00 %] | 90.00 % | 96.00 % [95.00 %, 97.00 %] |" in told
    assert "| mean of the 2 | 60.00 % | 95.00 % [" in told


def test_it_says_what_it_costs_and_what_training_had_seen() -> None:
    told = section(result(0.95, 0.96, 35), result(0.6, 0.9, 33))
    for said in (
        "35 errors,\nthe released one 33",
        "zoom 0.12, clutter 0.2",
        "nearest to, scale of",
        "1 others the mean is 70.00 %",
        "0123456789ab",
    ):
        assert said in told


@pytest.mark.parametrize("fact", ["panel", "n", "seed"])
def test_results_of_other_pictures_are_not_compared(fact: str) -> None:
    with pytest.raises(ValueError, match="other pictures"):
        section(result(0.95, 0.96, 35), {**result(0.6, 0.9, 33), fact: "another"})
