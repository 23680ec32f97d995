"""What the article says, what its recipe gave here and the released network stand side by side, and what is missing is said to be."""

from typing import Any

import pytest

from model.beside import beside_the_article
from model.evaluate import ARTICLE_CLAIMS


@pytest.fixture
def released() -> dict[str, Any]:
    """As much as the section needs of what `evaluate` writes."""
    latency = {"cpu": {"batches": [{"median_ms": 0.512}]}, "cuda": None}
    return {"accuracy": 0.995, "macro": {"f1": 0.9949}, "latency": latency, "article_claims": ARTICLE_CLAIMS}


@pytest.fixture
def article() -> dict[str, Any]:
    seed = {"seed": 1, "dropout": 0.4, "validation_loss": 0.0321, "test_accuracy": 0.9951, "epochs": 21, "best_epoch": 16}
    acted = {"rate_halved_after": [12, 19], "stopped_early_after": 21}
    return {
        "network": "article",
        "parameters": 197_674,
        "training_n": 54_973,
        "mean": {
            "training_accuracy": {"mean": 0.9975, "sd": 0.0002, "n": 2},
            "test_accuracy": {"mean": 0.9952, "sd": 0.0003, "n": 2},
            "macro_f1": {"mean": 0.9951, "sd": None, "n": 1},
        },
        "seeds": [{**seed, **acted}, {**seed, "seed": 2, "rate_halved_after": [], "stopped_early_after": None}],
        "latency": {"cpu": {"batches": [{"median_ms": 1.25}]}},
    }


def test_the_article_s_own_result_stands_beside_its_claims(released: dict[str, Any], article: dict[str, Any]) -> None:
    told = beside_the_article(released, article)
    assert "| test accuracy | 99.70 % | 99.52 % +- 0.03 % (n = 2) | 99.50 % |" in told
    assert "| training accuracy, evaluation mode | 99.80 % | 99.75 % +- 0.02 % (n = 2) | not measured |" in told
    assert "| CPU, one picture | 4 ms | 1.25 ms | 0.51 ms |" in told
    assert "the rate was halved after epoch 12, 19; stopped early after epoch 21." in told
    assert "the rate was never halved; early stopping never acted." in told


def test_what_was_not_measured_is_said_to_be_so(released: dict[str, Any]) -> None:
    told = beside_the_article(released, None)
    assert "| GPU, one picture | under 1 ms | not measured | not measured |" in told
    assert "| test accuracy | 99.70 % | not measured | 99.50 % |" in told
    assert "The article's recipe was not evaluated." in told


def test_a_gpu_that_was_timed_stands_beside_the_claim(released: dict[str, Any]) -> None:
    released["latency"]["cuda"] = {"batches": [{"median_ms": 0.2}]}
    assert "| GPU, one picture | under 1 ms | not measured | 0.20 ms |" in beside_the_article(released, None)
