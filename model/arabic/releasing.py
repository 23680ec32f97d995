"""The network that is served, fitted to every picture, in a folder of the form of `model/released`, with known pictures of its own.

Nothing is left to calibrate it by. What the networks of the folds say of writers that they never saw stands in: they learnt from fewer
writers, so temperature and threshold rather ask for too much than for too little.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model.arabic.cross_validation import Fit, HeldOut, read_held_out
from model.arabic.fitting import canonical, fit
from model.arabic.reading import Written
from model.arabic.recipe import SERVED, recipe_for
from model.articles.folds import writer_folds
from model.calibrate import calibrate
from model.data import Digits
from model.inference import softmax
from model.metrics import CLASSES
from model.own_known import OWN_KNOWN
from model.preprocess import is_canonical
from model.ranges import write_ranges
from model.recipes import Recipe
from model.reference import write_reference
from model.refused import Refused

NAME = "arabic"
"""What it is served as."""

KNOWN_OF_EACH = 5
SURE = 0.99
"""The least probability of the right digit, of the network that is served and of the one that never saw the writer."""

DRAW_SEED = 0


def release(recipe: Recipe, written: Written, folds: int, seed: int, scratch: Path, out: Path, fit: Fit = fit) -> dict[str, Any]:
    """Write `weights.pt`, `release.json`, `reference.json`, `ranges.json` and `known.npz` into `out`; returns what `release.json` says.

    Raises ValueError for a number of folds that cannot be made, Refused where there are too few pictures beyond doubt.
    """
    held_out = writer_folds(written.writer, folds, seed)
    read = read_held_out(SERVED, recipe, canonical(written.pictures, SERVED.side), written.labels, held_out, seed, scratch, fit)
    own = recipe_for(SERVED, recipe)
    fitted = fit(own, seed * 1_000, read.digits, scratch / SERVED.network / "all")
    calibration = calibrate(read.logits, written.labels)
    known = known_pictures(read, fitted.logits(read.digits), calibration.temperature)
    record = {
        "model": NAME,
        "side": SERVED.side,
        "network": SERVED.network,
        "recipe": own.name,
        "seed": seed,
        "dropout": own.dropouts[0],
        "temperature": calibration.temperature,
        "accept_threshold": calibration.accept_threshold,
        "validation": {**asdict(calibration), "by": f"the networks of {folds} folds, none of which saw the writer"},
        "pictures": len(written),
        "pictures_sha256": written.digest,
    }
    out.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.contiguous() for name, value in fitted.network.state_dict().items()}, out / "weights.pt")
    (out / "release.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    write_reference(out / "reference.json", read.digits, read.digits, read.logits.argmax(axis=1))
    write_ranges(out, read.digits.pixels)
    np.savez_compressed(out / OWN_KNOWN, pixels=known.pixels, labels=known.labels)
    return record


def known_pictures(read: HeldOut, of_served: NDArray[np.float32], temperature: float) -> Digits:
    """Of each digit the first KNOWN_OF_EACH, drawn by a seed that stays, that preprocessing does not doubt and both networks are sure of.

    Unlike MNIST's known digits the served network has seen them: that the other reads them says that they are beyond doubt.
    """
    labels, places = read.digits.labels, np.arange(len(read.digits))
    both = np.minimum(*(softmax(logits / temperature)[places, labels] for logits in (read.logits, of_served)))
    sure = np.array(
        [
            probability > SURE and not why and is_canonical(picture, SERVED.side)
            for probability, why, picture in zip(both, read.doubts, read.digits.pixels, strict=True)
        ]
    )
    order = np.random.default_rng(DRAW_SEED).permutation(len(labels))
    chosen: list[int] = []
    for digit in range(CLASSES):
        found = order[sure[order] & (labels[order] == digit)][:KNOWN_OF_EACH]
        if len(found) < KNOWN_OF_EACH:
            raise Refused(f"only {len(found)} pictures of the digit {digit} are beyond doubt; {KNOWN_OF_EACH} are needed to serve by")
        chosen.extend(np.sort(found).tolist())
    return read.digits[np.array(chosen, np.intp)]
