"""What MNIST looks like, counted and drawn. Test pictures are only counted; every picture and histogram shows training pictures."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.data import Digits
from model.figures import draw_histograms, draw_pictures, draw_sheet
from model.metrics import CLASSES, Floats
from model.reference import measure_all
from model.splitting import Writers

SHEET_COLUMNS = 20
ENDS = 5
"""Labels shown from either end of an array."""


def describe(train: Digits, test: Digits) -> str:
    """Shape, type, range and ends of the four arrays, then how often each digit occurs in either set and in both."""
    lines = [line for name, digits in (("training", train), ("test", test)) for line in _describe_arrays(name, digits)]
    counts = np.stack([np.bincount(digits.labels, minlength=CLASSES) for digits in (train, test)])
    both = counts.sum(axis=0)
    lines += ["", f"{'digit':>5} {'training':>9} {'test':>7} {'both':>7}"]
    lines += [f"{digit:>5} {counts[0, digit]:>9,} {counts[1, digit]:>7,} {both[digit]:>7,}" for digit in range(CLASSES)]
    lines += [f"{'all':>5} {counts[0].sum():>9,} {counts[1].sum():>7,} {both.sum():>7,}", ""]
    least, most = int(both.argmin()), int(both.argmax())
    lines.append(
        f"rarest: {least} ({both[least]:,}); most frequent: {most} ({both[most]:,}); evenly spread they would be {both.mean():,.0f} each"
    )
    return "\n".join(lines)


def facts(train: Digits, test: Digits, train_writers: Writers, test_writers: Writers) -> dict[str, Any]:
    """What `describe` counts, as JSON values, and who wrote it."""
    return {
        name: {
            "n": len(digits),
            "size": list(digits.pixels.shape[1:]),
            "values": [int(digits.pixels.min()), int(digits.pixels.max())],
            "digits": np.bincount(digits.labels, minlength=CLASSES).tolist(),
            "writers": len(np.unique(writers.writer)),
        }
        for name, digits, writers in (("training", train, train_writers), ("test", test, test_writers))
    }


def draw(train: Digits, folder: Path) -> list[Path]:
    """Write the figures of the training pictures into `folder` and return their paths. Every digit must occur."""
    measured = measure_all(train.pixels)
    slant, stroke = measured["slant"], measured["stroke"]
    paths = [folder / f"{name}.png" for name in ("first-nine", "contact-sheet", "extremes", "slant", "stroke")]
    first_nine, sheet, extreme, slants, strokes = paths
    draw_pictures(
        train.pixels[:9],
        first_nine,
        columns=9,
        titles=[str(label) for label in train.labels[:9]],
        heading="the first nine training pictures",
    )
    draw_sheet(contact_sheet(train), sheet, heading=f"the first {SHEET_COLUMNS} training pictures of each digit")
    chosen = extremes(train.labels, slant, stroke)
    draw_pictures(
        train.pixels[chosen.ravel()],
        extreme,
        columns=CLASSES,
        titles=[*(f"{stroke[i]:.2f}" for i in chosen[:2].ravel()), *(f"{slant[i]:+.2f}" for i in chosen[2])],
        heading="of each digit the thinnest and the thickest (stroke), and the most slanted (slant)",
    )
    draw_histograms(slant, train.labels, slants, name="slant (positive: the top leans to the right)")
    draw_histograms(stroke, train.labels, strokes, name="width of strokes in pixels")
    return paths


def contact_sheet(digits: Digits) -> NDArray[np.uint8]:
    """The first `SHEET_COLUMNS` pictures of each digit, `uint8[10, 20, 28, 28]`, blank where there are fewer."""
    sheet = np.zeros((CLASSES, SHEET_COLUMNS, *digits.pixels.shape[1:]), np.uint8)
    for digit in range(CLASSES):
        first = digits.pixels[digits.labels == digit][:SHEET_COLUMNS]
        sheet[digit, : len(first)] = first
    return sheet


def extremes(labels: NDArray[np.uint8], slant: Floats, stroke: Floats) -> NDArray[np.intp]:
    """Positions `intp[3, 10]` of the thinnest, the thickest and the most slanted (to either side) picture of each digit."""
    chosen = np.empty((3, CLASSES), np.intp)
    for digit in range(CLASSES):
        places = np.flatnonzero(labels == digit)
        picks = stroke[places].argmin(), stroke[places].argmax(), np.abs(slant[places]).argmax()
        chosen[:, digit] = places[list(picks)]
    return chosen


def _describe_arrays(name: str, digits: Digits) -> list[str]:
    first, last = (" ".join(str(label) for label in end) for end in (digits.labels[:ENDS], digits.labels[-ENDS:]))
    shown = f"first labels {first}, last labels {last}"
    return [
        f"{name:<8} {kind:<8} {'x'.join(str(side) for side in values.shape):<12} {values.dtype}, {values.min()} to {values.max()}; {shown}"
        for kind, values in (("pictures", digits.pixels), ("labels", digits.labels))
    ]
