"""What the two articles claim, each figure once. What stands here is theirs; nothing of it was measured by us.

The first is about the whole life of a digit recogniser, the second about a dense network of 512 and its cross-validation.
"""

from model.evaluate import ARTICLE_CLAIMS

FIRST = ARTICLE_CLAIMS
"""The first article's benchmarks, where `model.evaluate` keeps them."""

PARAMETER_LIMIT = 200_000
PARAMETERS = {"two convolutions of 32": 2_496, "two convolutions of 64": 36_256, "dense 128": 131_584, "dense 10": 1_290}
"""Its section 3.1, a row each, and what it says they come to."""
PARAMETERS_TOTAL = 170_000

CONFUSION_ROWS = {0: (592, 3, 1, 0, 2, 0, 1, 0, 0, 3), 1: (4, 585, 9, 2, 5, 0, 0, 0, 1, 3)}
"""Its section 5.1: the two rows that it shows."""
CONFUSED = (1, 7)
"""The example that it gives under them."""

PER_DIGIT = 7_000
RASPBERRY_MS = 6.0
MONITORED = {"accuracy drop": 0.005, "latency, times the baseline": 2.0, "error on one digit": 0.1}

SECOND = {
    "parameters": 407_050,
    "training_accuracy": 0.9891,
    "training_loss": 0.0363,
    "test_accuracy": 0.9783,
    "first_fold": 0.98,
    "other_folds": 0.99,
    "folds": 5,
    "width": 512,
    "input": 512,
}
"""The second article's figures. Its parameters are counted from its code, `width` is of the hidden layer, `input` what it calls the
first layer's input. The first fold is at `first_fold`, all others above `other_folds`."""
