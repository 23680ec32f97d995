"""The figures of trust, each drawn of what was measured: equal results give equal files."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.figures import ACCENT, DOTS_PER_INCH, INK, PAPER, draw_pictures
from model.inference import softmax
from model.judge import BINS
from model.metrics import Floats, Reliability, wilson
from model.trust.calibration import bins_of, least_area, risk_coverage
from model.trust.measure import Shown

SAMPLES = 10
NAMES = ("reliability", "risk-coverage", "scores", "outliers")


def draw_trust(shown: Shown, labels: NDArray[np.uint8], folder: Path) -> list[Path]:
    """Write `trust-<name>.png` for each of NAMES into `folder` and return their paths. `labels` are the panel's."""
    paths = [folder / f"trust-{name}.png" for name in NAMES]
    probabilities = softmax(shown.digits.logits)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    draw_both_reliabilities(*bins_of(confidence, correct), paths[0])
    draw_risk_coverage(confidence, correct, paths[1])
    draw_scores(shown, paths[2])
    draw_outliers(shown, paths[3])
    return paths


def draw_both_reliabilities(width: Reliability, mass: Reliability, path: Path) -> None:
    """Accuracy over confidence in bins of equal width; and of equal mass as errors over what was left to err, on logarithmic axes, since
    nearly all confidences lie within a hundredth of 1. Bars are 95 % Wilson intervals; on the line confidence means what it says."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=PAPER)
    left.errorbar(width.confidence, width.accuracy, yerr=_margins(width, width.accuracy), fmt="o", color=INK, capsize=3)
    for confidence, accuracy, count in zip(width.confidence, width.accuracy, width.count, strict=True):
        left.annotate(str(count), (confidence, accuracy), xytext=(5, -10), textcoords="offset points", fontsize=7)
    left.set(xlabel="mean confidence", ylabel="accuracy", title=f"{BINS} bins of equal width", xlim=(0, 1.1), ylim=(-0.02, 1.02))
    unsure, errors = 1 - mass.confidence, 1 - mass.accuracy
    ends = [max(float(unsure.min()) / 2, 1e-12), 1.0]
    right.plot(ends, ends, color=PAPER)
    right.errorbar(unsure, errors, yerr=_margins(mass, mass.accuracy)[::-1], fmt="o", color=INK, capsize=3)
    right.set_xscale("log")
    right.set_yscale("symlog", linthresh=1e-4)
    right.set(xlabel="1 - mean confidence", ylabel="share of errors", title=f"{BINS} bins of equal mass", ylim=(-2e-5, 1))
    _save(figure, path)


def draw_risk_coverage(confidence: Floats, correct: NDArray[np.bool_], path: Path) -> None:
    """Errors among the surest pictures over how many these are, beside a reader that is least sure where it errs."""
    coverage, risk = risk_coverage(confidence, correct)
    best = np.maximum(np.arange(1, len(correct) + 1) - correct.sum(), 0) / np.arange(1, len(correct) + 1)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axis = figure.subplots()
    axis.plot(100 * coverage, 100 * risk, color=INK, label=f"by confidence, area {risk.mean():.2e}")
    least = least_area(int((~correct).sum()), len(correct))
    axis.plot(100 * coverage, 100 * best, color=ACCENT, linewidth=1, label=f"best possible, area {least:.2e}")
    axis.set(xlabel="pictures answered, the surest first, %", ylabel="errors among them, %", xlim=(80, 100.2))
    axis.legend(fontsize=8)
    _save(figure, path)


def draw_scores(shown: Shown, path: Path) -> None:
    """The chosen score of the digits and of every set, with the threshold under which a picture is refused."""
    of_digits = shown.chosen.score.of(shown.digits)
    scores = [(each.name, shown.chosen.score.of(seen)) for each, seen in shown.sets]
    every = np.concatenate([of_digits, *(values for _, values in scores)])
    edges = np.linspace(float(every.min()), float(every.max()), 61)
    columns = 2
    rows = -(-len(scores) // columns)
    figure = Figure(figsize=(11, 2.2 * rows), layout="constrained")
    figure.suptitle(f"{shown.chosen.score.name}: grey digits, blue what is none; left of the line is refused", fontsize=10)
    for axis, (name, values) in zip(figure.subplots(rows, columns, squeeze=False).flat, scores, strict=False):
        for drawn, colour in ((of_digits, PAPER), (values, INK)):
            axis.stairs(np.histogram(drawn, edges)[0] / len(drawn), edges, fill=True, color=colour, alpha=0.8)
        axis.axvline(shown.chosen.threshold, color=ACCENT, linewidth=1)
        axis.set_title(f"{name}, n = {len(values):,}", fontsize=8)
        axis.tick_params(labelsize=7)
    _save(figure, path)


def draw_outliers(shown: Shown, path: Path) -> None:
    """Of each set some pictures, spread over it, as the network sees them, with their score."""
    pixels, titles = [], []
    for each, seen in shown.sets:
        chosen = np.linspace(0, len(each) - 1, SAMPLES).astype(np.intp)
        scores = shown.chosen.score.of(seen[chosen])
        pixels.append(each.pixels[chosen])
        titles += [f"{each.name[:13]}\n{score:.2f}{'' if score < shown.chosen.threshold else ' taken'}" for score in scores]
    draw_pictures(
        np.concatenate(pixels),
        path,
        columns=SAMPLES,
        titles=titles,
        heading=f"what is no digit, and its score ({shown.chosen.score.name}); threshold {shown.chosen.threshold:.2f}",
    )


def _margins(bins: Reliability, shares: Floats) -> Floats:
    """What lies below and above each accuracy in its 95 % interval, `float64[2, bins]`."""
    low, high = np.array([wilson(round(share * n), n) for share, n in zip(shares, bins.count.tolist(), strict=True)]).T
    margins: Floats = np.maximum(np.stack([shares - low, high - shares]), 0)
    return margins


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
