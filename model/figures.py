"""Everything drawn: pictures of digits, histograms, curves and matrices, each a PNG file that holds nothing but what it was given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from model.metrics import CLASSES, Floats, Reliability, wilson

DOTS_PER_INCH = 100
INK, PAPER, ACCENT = "#1f4e79", "#d9d9d9", "#b3412c"


def draw_pictures(pixels: NDArray[np.uint8], path: Path, *, columns: int, titles: Sequence[str], heading: str = "") -> None:
    """Pictures `uint8[n, 28, 28]` in rows of `columns`, dark ink on white as written, each under its title of one or two lines."""
    rows = max(1, -(-len(pixels) // columns))
    height, width = 40, 32
    page = np.zeros((rows * height, columns * width), np.uint8)
    figure = Figure(figsize=(1.1 * columns, 1.1 * rows * height / width + 0.4), layout="constrained")
    figure.suptitle(heading, fontsize=10)
    axis = figure.subplots()
    for place, (picture, title) in enumerate(zip(pixels, titles, strict=True)):
        top, left = place // columns * height + height - 28, place % columns * width + (width - 28) // 2
        page[top : top + 28, left : left + 28] = picture
        axis.text(left + 14, top - 1, title, fontsize=7, ha="center", va="bottom")
    axis.imshow(page, cmap="gray_r", vmin=0, vmax=255)
    axis.set_axis_off()
    _save(figure, path)


def draw_maps(pixels: NDArray[np.uint8], maps: NDArray[np.float32], digits: NDArray[np.integer], path: Path) -> None:
    """Under each picture, `uint8[n, 28, 28]`, its maps `float32[rows, n, 28, 28]` in 0..1 over its ink, each named after the digit,
    `[rows, n]`, that it explains."""
    rows, columns = len(maps) + 1, len(pixels)
    figure = Figure(figsize=(1.1 * columns, 1.3 * rows), layout="constrained")
    for place, axis in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        row, column = divmod(place, columns)
        axis.imshow(pixels[column], cmap="gray_r", vmin=0, vmax=255)
        if row:
            axis.imshow(maps[row - 1, column], cmap="inferno", vmin=0, vmax=1, alpha=0.6)
            axis.set_title(f"why {digits[row - 1, column]}", fontsize=8)
        axis.set_axis_off()
    _save(figure, path)


def draw_sheet(rows: NDArray[np.uint8], path: Path, *, heading: str) -> None:
    """A contact sheet: `uint8[rows, columns, 28, 28]` without gaps."""
    count, columns, height, width = rows.shape
    figure = Figure(figsize=(columns * 0.4, count * 0.4 + 0.3), layout="constrained")
    figure.suptitle(heading, fontsize=10)
    axis = figure.subplots()
    axis.imshow(rows.swapaxes(1, 2).reshape(count * height, columns * width), cmap="gray_r", vmin=0, vmax=255)
    axis.set_axis_off()
    _save(figure, path)


def draw_histograms(values: Floats, labels: NDArray[np.uint8], path: Path, *, name: str) -> None:
    """One feature `float64[n]`: all digits together, then each digit's own."""
    figure = Figure(figsize=(11, 6), layout="tight")
    figure.suptitle(f"{name}, {len(values):,} training pictures", fontsize=10)
    whole, *each = figure.subplot_mosaic([["all"] * 5, list("01234"), list("56789")]).values()
    lowest, highest = np.percentile(values, [0.1, 99.9])
    edges = np.linspace(lowest, highest, 61)
    whole.stairs(np.histogram(values, edges)[0], edges, fill=True, color=INK)
    whole.set_title("all digits", fontsize=8)
    for digit, axis in enumerate(each):
        axis.stairs(np.histogram(values[labels == digit], edges)[0], edges, fill=True, color=INK)
        axis.set_title(str(digit), fontsize=8)
        axis.tick_params(labelsize=7)
    _save(figure, path)


def draw_confusion(table: NDArray[np.intp], path: Path, *, heading: str) -> None:
    """A confusion matrix with its counts; colour shows errors alone, which the diagonal would drown."""
    figure = Figure(figsize=(6.5, 6.5), layout="constrained")
    axis = figure.subplots()
    errors = table - np.diag(np.diag(table))
    axis.imshow(errors, cmap="OrRd", vmin=0, vmax=max(int(errors.max()), 1) * 1.5)
    for row, column in np.ndindex(table.shape):
        if table[row, column]:
            axis.text(column, row, str(table[row, column]), ha="center", va="center", fontsize=8)
    axis.set(xlabel="predicted", ylabel="label", title=heading, xticks=range(CLASSES), yticks=range(CLASSES))
    _save(figure, path)


def draw_reliability(bins: Reliability, path: Path, *, heading: str) -> None:
    """Accuracy over confidence with 95 % Wilson intervals and the count of each bin; on the diagonal confidence means what it says."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    axis = figure.subplots()
    low, high = np.array([wilson(round(accuracy * n), n) for accuracy, n in zip(bins.accuracy, bins.count.tolist(), strict=True)]).T
    margin = np.maximum([bins.accuracy - low, high - bins.accuracy], 0)
    axis.plot([0, 1], [0, 1], color=PAPER)
    axis.errorbar(bins.confidence, bins.accuracy, yerr=margin, fmt="o", color=INK, capsize=3)
    for confidence, accuracy, count in zip(bins.confidence, bins.accuracy, bins.count, strict=True):
        axis.annotate(str(count), (confidence, accuracy), xytext=(5, -10), textcoords="offset points", fontsize=7)
    axis.set(xlabel="mean confidence", ylabel="accuracy", title=heading, xlim=(0, 1.1), ylim=(-0.02, 1.02))
    _save(figure, path)


def draw_learning_curves(history: dict[str, Any], path: Path) -> None:
    """Loss and accuracy over the epochs of a `history.json`, marking where the rate was halved and which epoch is kept.

    Training figures are running means over augmented pictures with dropout on, so they lie above and below those of validation.
    """
    epochs = history["epochs"]
    numbers = range(1, len(epochs) + 1)
    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(f"{history['recipe']['name']}, seed {history['seed']}, dropout {history['dropout']:g}", fontsize=10)
    losses, accuracies = figure.subplots(1, 2)
    for axis, quantity in ((losses, "loss"), (accuracies, "accuracy")):
        axis.plot(numbers, [epoch[f"training_{quantity}_running"] for epoch in epochs], color=PAPER, label="training, running")
        axis.plot(numbers, [epoch[f"validation_{quantity}"] for epoch in epochs], color=INK, label="validation")
        _mark_events(axis, history)
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.legend(fontsize=7)
    losses.set_yscale("log")
    _save(figure, path)


def draw_fold_curves(result: dict[str, Any], path: Path) -> None:
    """Loss and accuracy over the epochs of every fold of a cross-validation: training and held-out fold, both in evaluation mode, and
    the running mean over each epoch, which is what Keras prints as training."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    figure.suptitle(f"{result['recipe']['name']}, {len(result['folds'])} folds, protocol: {result['protocol']}", fontsize=10)
    kinds = (("training_{}_running", PAPER, "training, running mean"), ("training_{}", INK, "training"), ("test_{}", ACCENT, "held out"))
    for axis, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for fold in result["folds"]:
            numbers = range(1, len(fold["epochs"]) + 1)
            for key, colour, name in kinds:
                values = [epoch[key.format(quantity)] for epoch in fold["epochs"]]
                axis.plot(numbers, values, color=colour, linewidth=1, marker=".", label=name if fold["fold"] == 1 else None)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set(xlabel="epoch", ylabel=f"{quantity}, nats" if quantity == "loss" else quantity)
        axis.legend(fontsize=7)
    _save(figure, path)


def draw_fold_boxes(results: dict[str, dict[str, Any]], path: Path) -> None:
    """A box for each cross-validation, by name, and a point for each of its folds."""
    figure = Figure(figsize=(1.5 + 1.6 * len(results), 4), layout="constrained")
    axis = figure.subplots()
    values = [[100 * fold["accuracy"] for fold in result["folds"]] for result in results.values()]
    axis.boxplot(values, tick_labels=list(results), medianprops={"color": ACCENT})
    for place, accuracies in enumerate(values, start=1):
        axis.plot([place] * len(accuracies), accuracies, ".", color=INK)
    axis.set(ylabel="accuracy of a fold, %")
    axis.tick_params(axis="x", labelsize=8)
    _save(figure, path)


def _mark_events(axis: Axes, history: dict[str, Any]) -> None:
    for epoch in history["rate_halved_after"]:
        axis.axvline(epoch, color=ACCENT, linewidth=0.8, linestyle=":")
    if history["best_epoch"] is not None:
        axis.axvline(history["best_epoch"], color=ACCENT, linewidth=0.8)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
