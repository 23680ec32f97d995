"""The commands that make pictures for drills, and find hard ones for the gate. Building them imports neither torch nor any data."""

import argparse
import hashlib
from pathlib import Path

from model.articles.commands import Command
from model.commands.options import add_data, add_released
from model.committed import HERE, LOG
from model.data import train_digits, training_split
from model.refused import Refused

TRAINING, VALIDATION = "training", "validation"


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("new-style", _new_style, "write pictures of a way of writing that the released network is bad at, for drills")
    add_data(made)
    made.add_argument("--split", choices=[TRAINING, VALIDATION], default=TRAINING, help="whose pictures are written anew")
    made.add_argument("--count", type=int, default=2_000, metavar="N", help="how many")
    made.add_argument("--seed", type=int, default=1, metavar="N", help="draws them")
    made.add_argument("--out", type=Path, required=True, metavar="FILE", help="an .npz with pixels uint8[n, 28, 28] and labels uint8[n]")
    add_released(made)

    made = command("hard-pictures", _hard_pictures, "find the hard test pictures of the gate again; the result is committed")
    add_data(made)
    made.add_argument("--out", type=Path, default=HERE / "renewal" / "hard.txt", metavar="FILE", help="what to write")
    made.add_argument("--log", type=Path, default=LOG, metavar="FILE", help="where the reading of the test set is noted")


def _new_style(options: argparse.Namespace) -> None:
    import numpy as np

    from model.evaluate import compute_logits
    from model.inference import Classifier
    from model.metrics import wilson
    from model.renewal.new_style import new_style
    from model.wording import within

    of = training_split(options.data)[options.split == VALIDATION]
    try:
        digits = new_style(of, options.count, options.seed)
        right = int((compute_logits(Classifier(options.released), digits.pixels, "them").argmax(axis=1) == digits.labels).sum())
    except ValueError as error:
        raise Refused(str(error)) from error
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("wb") as out:
        np.savez_compressed(out, pixels=digits.pixels, labels=digits.labels)
    share = within(right / len(digits), list(wilson(right, len(digits))))
    print(f"{len(digits)} {options.split} pictures in {options.out}; {options.released.name} reads {share} of them")


def _hard_pictures(options: argparse.Namespace) -> None:
    import numpy as np

    from model.evaluate import note_reading
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.renewal.hard import find_hard

    training, panel = train_digits(options.data), mnist_test_set(options.data)
    with one_thread():
        found = find_hard(training, panel.digits)
    kept = hashlib.sha256(training.pixels.tobytes() + training.labels.tobytes())
    note_reading(options.log, panel, command=options.command_line, digest=kept.hexdigest(), accuracy=1 - len(found) / len(panel.digits))
    np.savetxt(options.out, found, fmt="%d")
    print(f"{len(found)} hard test pictures are in {options.out}")
